/**
 * RBAC as its specification tells it (spec kubernetes-api 10.5), read line by line and slowly: nothing is prepared, everything is looked at each time.
 * What the real authorizer decides is held to this.
 */
export type OracleRule = {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
};
export type OracleRole = {readonly namespace?: string; readonly name: string; readonly rules: readonly OracleRule[]};
export type OracleBinding = {
  readonly namespace?: string;
  readonly name: string;
  readonly subjects: readonly {readonly kind: string; readonly name: string; readonly namespace?: string}[];
  readonly roleRef: {readonly kind: string; readonly name: string};
};
export type OracleWorld = {readonly roles: readonly OracleRole[]; readonly bindings: readonly OracleBinding[]};
export type OracleQuestion = {
  readonly user: string;
  readonly groups: readonly string[];
  readonly verb: string;
  /** Of a request for a resource. */
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Of any other. */
  readonly path?: string;
};
export type OracleAnswer = {readonly allowed: boolean; readonly reason: string};

export function ask(world: OracleWorld, question: OracleQuestion): OracleAnswer {
  const errors: string[] = [];
  const clusterWide = world.bindings.filter(binding => binding.namespace === undefined);
  const inNamespace = question.namespace ? world.bindings.filter(binding => binding.namespace === question.namespace) : [];
  for (const binding of [...clusterWide, ...inNamespace]) {
    const subject = binding.subjects.find(one => isMeant(one, binding, question));
    if (!subject) continue;
    const role = findRole(world, binding);
    if (!role) {
      errors.push(`${binding.roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io "${binding.roleRef.name}" not found`);
      continue;
    }
    for (const rule of role.rules) {
      const yes = question.path === undefined ? allowsResource(rule, question) : allowsPath(rule, question);
      if (yes) return {allowed: true, reason: `RBAC: allowed by ${nameOf(binding)} to ${nameOfSubject(subject, binding)}`};
    }
  }
  if (errors.length === 0) return {allowed: false, reason: ''};
  const distinct = errors.filter((error, i) => errors.indexOf(error) === i);
  return {allowed: false, reason: `RBAC: ${distinct.length === 1 ? distinct[0] : `[${distinct.join(', ')}]`}`};
}

function isMeant(subject: OracleBinding['subjects'][number], binding: OracleBinding, {user, groups}: OracleQuestion): boolean {
  if (subject.kind === 'User') return user === subject.name;
  if (subject.kind === 'Group') return groups.includes(subject.name);
  if (subject.kind !== 'ServiceAccount') return false;
  const namespace = subject.namespace || binding.namespace;
  if (!namespace) return false;
  return user === `system:serviceaccount:${namespace}:${subject.name}`;
}

function findRole(world: OracleWorld, binding: OracleBinding): OracleRole | undefined {
  const {kind, name} = binding.roleRef;
  if (kind === 'ClusterRole') return world.roles.find(role => role.namespace === undefined && role.name === name);
  if (binding.namespace === undefined) return undefined;
  return world.roles.find(role => role.namespace === binding.namespace && role.name === name);
}

function allowsResource(rule: OracleRule, question: OracleQuestion): boolean {
  const verb = rule.verbs.some(one => one === '*' || one === question.verb);
  const group = (rule.apiGroups ?? []).some(one => one === '*' || one === question.group);
  const wanted = question.subresource ? `${question.resource}/${question.subresource}` : question.resource;
  const resource = (rule.resources ?? []).some(one => {
    if (one === '*') return true;
    if (one === wanted) return true;
    return question.subresource ? one === `*/${question.subresource}` : false;
  });
  const names = rule.resourceNames ?? [];
  const name = names.length === 0 || names.some(one => one === (question.name ?? ''));
  return verb && group && resource && name;
}

function allowsPath(rule: OracleRule, question: OracleQuestion): boolean {
  const verb = rule.verbs.some(one => one === '*' || one === question.verb);
  const path = (rule.nonResourceURLs ?? []).some(one => {
    if (one === '*' || one === question.path) return true;
    if (!one.endsWith('*')) return false;
    let start = one;
    while (start.endsWith('*')) start = start.slice(0, -1);
    return (question.path as string).startsWith(start);
  });
  return verb && path;
}

function nameOf(binding: OracleBinding): string {
  const role = `${binding.roleRef.kind} "${binding.roleRef.name}"`;
  if (binding.namespace === undefined) return `ClusterRoleBinding "${binding.name}" of ${role}`;
  return `RoleBinding "${binding.name}/${binding.namespace}" of ${role}`;
}

function nameOfSubject(subject: OracleBinding['subjects'][number], binding: OracleBinding): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind} "${subject.name}"`;
  return `ServiceAccount "${subject.name}/${subject.namespace || binding.namespace || ''}"`;
}
