import type {WorkspaceId} from '../api/cluster.ts';
import {systemAdmin} from '../api/cluster.ts';
import type {Authorizer} from './authorize.ts';
import {bootstrapPolicy} from './bootstrap-policy.ts';
import type {Grant} from './rbac/grant.ts';
import type {Near} from './rbac/misses.ts';
import type {User} from './user.ts';

/** What somebody may read of the roles and bindings that a decision is made of: as much of its reasons they are told. */
export type Sight = {
  readonly clusterRoles: boolean;
  readonly clusterBindings: boolean;
  /** Roles and their bindings, in the one namespace that is concerned. */
  readonly namespace: boolean;
  readonly allNamespaces: boolean;
  /** What holds in all workspaces, whomever it is about. */
  readonly everywhere: boolean;
};

const group = 'rbac.authorization.k8s.io';

/** To see nothing of it. */
export const blind: Sight = {clusterRoles: false, clusterBindings: false, namespace: false, allNamespaces: false, everywhere: false};

export async function sightOf(
  {decide}: Pick<Authorizer, 'decide'>,
  user: User,
  workspace: WorkspaceId,
  namespace: string | undefined,
): Promise<Sight> {
  const mayList = async (plural: string, at: WorkspaceId = workspace, within?: string): Promise<boolean> => {
    const resource = {group, version: 'v1', plural, subresource: undefined, namespace: within, name: undefined};
    return (await decide(user, {verb: 'list', workspace: at, resource})).allowed;
  };
  const both = async (within: string | undefined): Promise<boolean> =>
    (await Promise.all([mayList('roles', workspace, within), mayList('rolebindings', workspace, within)])).every(allowed => allowed);
  // At once: each may have to be asked outside.
  const [clusterRoles, clusterBindings, allNamespaces, here, everywhere] = await Promise.all([
    mayList('clusterroles'),
    mayList('clusterrolebindings'),
    both(undefined),
    namespace !== undefined && both(namespace),
    mayList('clusterrolebindings', systemAdmin),
  ]);
  return {clusterRoles, clusterBindings, allNamespaces, namespace: allNamespaces || here, everywhere};
}

/** Whether there is nothing in the workspace that would have to be kept back. */
export const seesAll = ({clusterRoles, clusterBindings, namespace}: Sight, of: string | undefined): boolean =>
  clusterRoles && clusterBindings && (of === undefined || namespace);

/** Whether somebody may be told of a grant. `policy`: 0 for what holds in all workspaces. */
export function maySee(sight: Sight, {binding, rules}: Grant, policy: number, namespace: string | undefined): boolean {
  if (policy === 0) return sight.everywhere || (sight.clusterRoles && sight.clusterBindings);
  const {roleRef} = binding;
  // What the roles are that are there from the start, everybody knows.
  const role = roleRef.kind !== 'ClusterRole' || sight.clusterRoles || bootstrapPolicy.role(roleRef, undefined) === rules;
  if (binding.namespace === undefined) return role && sight.clusterBindings;
  return role && (sight.allNamespaces || (sight.namespace && binding.namespace === namespace));
}

/** The same of what came near: whom others trust in all workspaces is nobody's business in one. */
export const maySeeMiss = (sight: Sight, {grant, lacks}: Near, policy: number, namespace: string | undefined): boolean =>
  maySee(sight, grant, policy, namespace) && (policy !== 0 || sight.everywhere || lacks !== 'subject');
