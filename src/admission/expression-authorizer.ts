/** The `authorizer` of expressions: what the one who makes the request may, or a service account (spec kubernetes-api 9.5). */
import type {WorkspaceId} from '../api/cluster.ts';
import type {Decide} from '../auth/authorize.ts';
import {accountUser} from '../auth/service-account.ts';
import type {User} from '../auth/user.ts';
import type {AccessQuestion} from '../cel/library/authorizer.ts';
import {AccessCheck, resourceCheckType} from '../cel/library/authorizer.ts';
import type {Bindings} from '../cel/program.ts';

/** The variables by which an expression asks `decide`, within this workspace. `about` is the resource of the request. */
export function authorizerVariables(decide: Decide, user: User, workspace: WorkspaceId, about: AccessQuestion): Bindings {
  const answer = (question: AccessQuestion) => {
    const who = question.serviceAccount ? accountUser({...question.serviceAccount, workspace, uid: ''}, undefined) : user;
    const {verb = '*', path, group = '', resource = '*', subresource, namespace, name, fieldSelector, labelSelector} = question;
    if (path !== undefined) return decide(who, {verb, workspace, path});
    const asked = {group, version: '*', plural: resource, subresource, namespace, name, fieldSelector, labelSelector};
    return decide(who, {verb, workspace, resource: asked});
  };
  return {authorizer: new AccessCheck(answer), 'authorizer.requestResource': new AccessCheck(answer, about, resourceCheckType.name)};
}
