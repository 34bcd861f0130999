import type {Asked} from '../attributes.ts';
import {accountUserName} from '../service-account.ts';
import type {User} from '../user.ts';
import type {Grant} from './grant.ts';
import {narrow} from './narrowing.ts';
import type {Binding, Role, RoleRef} from './objects.ts';
import type {RuleSet} from './rule-set.ts';
import {listOf, ruleSet} from './rule-set.ts';

/** Roles and bindings, compiled: what a decision needs is found by who asks. */
export type Policy = {
  /** The rules of a role, or why there are none. `namespace`: that of the binding, absent of a ClusterRoleBinding. */
  role(ref: RoleRef, namespace: string | undefined): RuleSet | undefined;
  /**
   * Every grant to one of these users that counts in the namespace, in the order of the bindings; of each binding the first subject that is meant. Where it is
   * said what is asked, those may be left out that do not allow it.
   */
  grantsTo(users: readonly Who[], namespace: string | undefined, asked?: Asked): readonly Grant[];
  /** The grants to anybody. To explain decisions with. */
  readonly grants: readonly Grant[];
};

/** As far as RBAC looks at a user. */
export type Who = Pick<User, 'name' | 'groups'>;

/** Where roles are looked for that are not among the given ones. */
export type MoreRoles = Pick<Policy, 'role'>;

/** Bindings to subjects of kinds that are not known, and to roles that are not there, count for nothing (spec kubernetes-api 10.5). */
export function compilePolicy(roles: readonly Role[], bindings: readonly Binding[], more?: MoreRoles): Policy {
  const compiled = new Map<string, RuleSet>();
  for (const {namespace, name, rules} of roles) compiled.set(roleKey(namespace, name), ruleSet(rules));
  const role = ({kind, name}: RoleRef, namespace: string | undefined): RuleSet | undefined => {
    const key = kind === 'ClusterRole' ? roleKey(undefined, name) : kind === 'Role' && namespace ? roleKey(namespace, name) : undefined;
    return key === undefined ? undefined : (compiled.get(key) ?? more?.role({kind, name}, namespace));
  };

  const clusterWide = new Index();
  const byNamespace = new Map<string, Index>();
  const grants: Grant[] = [];
  for (const binding of bindings) {
    const {namespace} = binding;
    let index: Index | undefined = clusterWide;
    if (namespace !== undefined) {
      index = byNamespace.get(namespace) ?? new Index();
      byNamespace.set(namespace, index);
    }
    const rules = role(binding.roleRef, namespace);
    for (const subject of binding.subjects) {
      const grant = {binding, subject, rules, order: grants.length};
      if (index.add(grant)) grants.push(grant);
    }
  }
  return {
    role,
    grants,
    grantsTo(users, namespace, asked) {
      const found = clusterWide.of(users, asked);
      const local = namespace ? byNamespace.get(namespace)?.of(users, asked) : undefined;
      return local ? [...found, ...local] : found;
    },
  };
}

/** `/` is in no name. */
const roleKey = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

/** Grants by their subjects. */
class Index {
  readonly #users = new Map<string, Grant[]>();
  readonly #groups = new Map<string, Grant[]>();

  /** Whether it is to somebody. */
  add(grant: Grant): boolean {
    const {subject, binding} = grant;
    switch (subject.kind) {
      case 'User':
        listOf(this.#users, subject.name).push(grant);
        return true;
      case 'Group':
        listOf(this.#groups, subject.name).push(grant);
        return true;
      case 'ServiceAccount': {
        const namespace = subject.namespace || binding.namespace;
        if (!namespace) return false;
        listOf(this.#users, accountUserName(namespace, subject.name)).push(grant);
        return true;
      }
      default:
        return false;
    }
  }

  of(users: readonly Who[], asked: Asked | undefined): readonly Grant[] {
    const lists: (readonly Grant[])[] = [];
    const add = (grants: readonly Grant[] | undefined): void => {
      if (!grants) return;
      if (asked) lists.push(...narrow(grants, asked).filter(list => list.length > 0));
      else lists.push(grants);
    };
    for (const {name, groups} of users) {
      add(this.#users.get(name));
      for (const group of groups) add(this.#groups.get(group));
    }
    const [first, ...others] = lists;
    if (!first) return none;
    if (others.length === 0 && distinct(first)) return first;
    return inOrder(lists);
  }
}

const none: readonly Grant[] = [];

const distinct = (grants: readonly Grant[]): boolean => grants.every((grant, i) => grant.binding !== grants[i - 1]?.binding);

/** All of them in order; of each binding the first. */
const inOrder = (lists: readonly (readonly Grant[])[]): readonly Grant[] =>
  lists
    .flat()
    .sort((a, b) => a.order - b.order)
    .filter((grant, i, all) => grant.binding !== all[i - 1]?.binding);

/** `grant`: what allowed it. */
export type Verdict = {readonly allowed: boolean; readonly reason: string; readonly grant?: Grant};

export const policyLimits = {
  /** Roles that are missing are named in a reason up to so many. */
  missingRolesNamedMax: 10,
} as const;

/** Decides, and says why in Kubernetes' words: of what was refused, which roles were missing (nothing when none were). */
export function judge(policy: Policy, users: readonly Who[], asked: Asked): Verdict {
  const grants = policy.grantsTo(users, asked.resource?.namespace || undefined, asked);
  for (const grant of grants) if (grant.rules?.allows(asked)) return {allowed: true, reason: `RBAC: allowed by ${describe(grant)}`, grant};
  const missing = missingRoles(grants);
  return {allowed: false, reason: missing.length === 0 ? '' : `RBAC: ${missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`}`};
}

/** What is to be told of roles that bindings name and that are not there. */
export function missingRoles(grants: readonly Grant[]): readonly string[] {
  const found = new Set<string>();
  for (const {rules, binding} of grants) {
    if (rules) continue;
    found.add(`${binding.roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(binding.roleRef.name)} not found`);
    if (found.size >= policyLimits.missingRolesNamedMax) break;
  }
  return [...found];
}

/** `ClusterRoleBinding "b" of ClusterRole "r" to Group "g"`. */
export function describe({binding, subject}: Pick<Grant, 'binding' | 'subject'>): string {
  const {namespace, roleRef} = binding;
  const which = namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
  const name = namespace === undefined ? binding.name : `${binding.name}/${namespace}`;
  const to = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace || ''}` : subject.name;
  return `${which} ${JSON.stringify(name)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${JSON.stringify(to)}`;
}
