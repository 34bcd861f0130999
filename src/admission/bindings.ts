/** What expressions that look at a request may use (spec kubernetes-api 9.5). */
import type {WorkspaceId} from '../api/cluster.ts';
import {asJson} from '../api/object.ts';
import type {Decide} from '../auth/authorize.ts';
import {accountUser} from '../auth/service-account.ts';
import type {User} from '../auth/user.ts';
import type {AccessQuestion} from '../cel/library/authorizer.ts';
import {AccessCheck, resourceCheckType} from '../cel/library/authorizer.ts';
import type {Bindings} from '../cel/program.ts';
import type {Request, Subject} from './admission-review.ts';
import {requestOf} from './admission-review.ts';

export type RequestBindings = Bindings;

/** What conditions may use. `decide`: how decisions in the workspace are made. */
export const requestBindings = (request: Request, subject: Subject, workspace: WorkspaceId, decide: Decide): RequestBindings => ({
  ...authorizerVariables(decide, request.user, workspace, aboutOf(request)),
  object: subject.object ? asJson(subject.object) : null,
  oldObject: subject.old ? asJson(subject.old) : null,
  request: requestOf(request, subject, ''),
  namespaceObject: null,
  params: null,
});

/** The same for those who may not ask what anybody may. */
export const withoutAuthorizer = (bindings: RequestBindings): RequestBindings =>
  Object.fromEntries(Object.entries(bindings).filter(([name]) => !name.startsWith('authorizer')));

const aboutOf = ({resource, subresource, namespace, name}: Request): AccessQuestion => ({
  ...resource.gr,
  ...(subresource && {subresource}),
  ...(namespace && {namespace}),
  ...(name && {name}),
});

/** `authorizer`, and `authorizer.requestResource`, which is about the resource of the request: what its user may, or a service account. */
function authorizerVariables(decide: Decide, user: User, workspace: WorkspaceId, about: AccessQuestion): Bindings {
  const answer = (question: AccessQuestion) => {
    const who = question.serviceAccount ? accountUser({...question.serviceAccount, workspace, uid: ''}, undefined) : user;
    const {verb = '*', path, group = '', resource = '*', subresource, namespace, name, fieldSelector, labelSelector} = question;
    if (path !== undefined) return decide(who, {verb, workspace, path});
    const asked = {group, version: '*', plural: resource, subresource, namespace, name, fieldSelector, labelSelector};
    return decide(who, {verb, workspace, resource: asked});
  };
  return {authorizer: new AccessCheck(answer), 'authorizer.requestResource': new AccessCheck(answer, about, resourceCheckType.name)};
}
