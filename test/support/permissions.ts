/** Roles and bindings for tests, in few words. */
const group = 'rbac.authorization.k8s.io';
const base = `/apis/${group}/v1`;

export const rbac = {
  clusterRoles: `${base}/clusterroles`,
  clusterRoleBindings: `${base}/clusterrolebindings`,
  roles: (namespace: string): string => `${base}/namespaces/${namespace}/roles`,
  roleBindings: (namespace: string): string => `${base}/namespaces/${namespace}/rolebindings`,
} as const;

/** `get,list apps/deployments/scale:web`, or `get /metrics/*` for a path. */
export function ruleOf(text: string): object {
  const [verbs = '', what = ''] = text.split(' ');
  if (what.startsWith('/')) return {verbs: verbs.split(','), nonResourceURLs: [what]};
  const [, apiGroup = '', resource = '', name] = /^([^/]*)\/([^:]+)(?::(.+))?$/.exec(what) ?? [];
  return {
    verbs: verbs.split(','),
    apiGroups: [apiGroup === 'core' ? '' : apiGroup],
    resources: [resource],
    ...(name && {resourceNames: [name]}),
  };
}

export const roleObject = (name: string, rules: readonly string[], more: object = {}, labels: object = {}): object => ({
  metadata: {name, labels},
  rules: rules.map(ruleOf),
  ...more,
});

/** `to`: `User user-1`, `Group g`, `ServiceAccount name namespace`. `role`: `ClusterRole view`. */
export function bindingObject(name: string, role: string, to: string): object {
  const [kind, subject, namespace] = to.split(' ');
  const [refKind, refName] = role.split(' ');
  return {
    metadata: {name},
    subjects: [{kind, name: subject, ...(namespace && {namespace})}],
    roleRef: {apiGroup: group, kind: refKind, name: refName},
  };
}
