import {bootstrapRoles} from './bootstrap-roles.ts';
import type {Binding} from './rbac/objects.ts';
import type {Policy} from './rbac/policy.ts';
import {compilePolicy} from './rbac/policy.ts';
import {groups} from './user.ts';

const binding = (role: string, to: readonly string[], name = role): Binding => ({
  name,
  subjects: to.map(group => ({kind: 'Group', name: group})),
  roleRef: {kind: 'ClusterRole', name: role},
});

/** Which groups hold which of the roles everywhere (spec kubernetes-api 8.9, kcp 7.7). */
const bootstrapBindings: readonly Binding[] = [
  binding('cluster-admin', [groups.masters]),
  binding('system:discovery', [groups.authenticated]),
  binding('system:public-info-viewer', [groups.authenticated, groups.unauthenticated]),
  binding('system:basic-user', [groups.authenticated]),
  binding('system:monitoring', ['system:monitoring']),
  binding('system:service-account-issuer-discovery', [groups.serviceAccounts]),
  binding('cluster-admin', [groups.kcpAdmin], 'system:kcp:admin:cluster-admin'),
  binding(groups.bootstrapper, [groups.bootstrapper, `apis.kcp.io:binding:${groups.bootstrapper}`]),
  binding(groups.logicalClusterAdmin, [groups.logicalClusterAdmin]),
  binding(groups.externalLogicalClusterAdmin, [groups.externalLogicalClusterAdmin]),
];

/** What holds in every workspace without lying in any: compiled once, and shared. Its roles can be given out by the bindings of every workspace. */
export const bootstrapPolicy: Policy = compilePolicy(bootstrapRoles, bootstrapBindings);
