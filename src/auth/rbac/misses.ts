import type {Asked} from '../attributes.ts';
import {accountUserName} from '../service-account.ts';
import type {Grant} from './grant.ts';
import type {PolicyRule} from './objects.ts';
import type {Policy, Who} from './policy.ts';
import {describe} from './policy.ts';
import {allowsGroup, allowsName, allowsResource, allowsVerb, coversPath} from './rule-set.ts';

export const missLimits = {
  /** Misses that are told. */
  toldMax: 5,
  /** Rules that are looked at for them. */
  rulesMax: 20_000,
} as const;

/** What of a rule or binding was not as it would have to be. */
export type Miss = {
  readonly lacks: 'verb' | 'name' | 'namespace' | 'subject' | 'subresource';
  readonly text: string;
  readonly grant: Grant;
};

/** A miss before it is put into words. */
export type Near = Pick<Miss, 'lacks' | 'grant'>;

export type MissOptions = {
  /** Rules to look at, if not as many as there may be. */
  readonly rulesMax?: number;
  /** Whether a miss may be told; `policy`: which of the policies it is of, by position. */
  readonly mayTell?: (miss: Near, policy: number) => boolean;
};

/** How near each is: the sooner, the nearer. */
const nearness: readonly Miss['lacks'][] = ['name', 'verb', 'subresource', 'namespace', 'subject'];

/** What would nearly have allowed a request that was refused: all is right but one thing. The nearest first. */
export function nearestMisses(
  policies: readonly Policy[],
  users: readonly Who[],
  asked: Asked,
  {rulesMax = missLimits.rulesMax, mayTell = () => true}: MissOptions = {},
): readonly Miss[] {
  const found = policies.map((policy, i) => missesOf(policy, users, asked, {rulesMax, mayTell: miss => mayTell(miss, i)}));
  // The last policy is the workspace's own: what can be changed there is nearer.
  const nearer = found.toReversed().flat();
  return nearness.flatMap(lacks => nearer.filter(miss => miss.lacks === lacks)).slice(0, missLimits.toldMax);
}

type Looking = {readonly rulesMax: number; readonly mayTell: (miss: Near) => boolean};

function missesOf(policy: Policy, users: readonly Who[], asked: Asked, {rulesMax, mayTell}: Looking): readonly Miss[] {
  const namespace = asked.resource?.namespace || undefined;
  const found: Miss[] = [];
  const counts = new Map<Miss['lacks'], number>();
  const add = (lacks: Miss['lacks'], grant: Grant, allows: string): void => {
    const count = counts.get(lacks) ?? 0;
    if (count >= missLimits.toldMax) return;
    if (!mayTell({lacks, grant})) return;
    counts.set(lacks, count + 1);
    found.push({lacks, text: `${describe(grant)} allows ${allows}`, grant});
  };
  let left = rulesMax;
  // What they hold comes nearest, and is looked at first.
  const theirs = new Set(policy.grantsTo(users, namespace));
  for (const grant of theirs) {
    for (const rule of grant.rules?.rules ?? []) {
      if (left-- <= 0) return found;
      const lacks = lackOf(rule, asked);
      if (lacks) add(lacks, grant, shown(rule, lacks));
    }
  }
  for (const grant of policy.grants) {
    if (left-- <= 0) return found;
    if (theirs.has(grant) || !grant.rules?.allows(asked)) continue;
    if (countsIn(grant, namespace)) add('subject', grant, 'it to others');
    else if (isTo(grant, users)) add('namespace', grant, `it in the namespace ${JSON.stringify(grant.binding.namespace)}`);
  }
  return found;
}

const isTo = ({subject, binding}: Grant, users: readonly Who[]): boolean =>
  users.some(({name, groups}) => {
    if (subject.kind === 'Group') return groups.includes(subject.name);
    return name === (subject.kind === 'User' ? subject.name : accountUserName(subject.namespace || binding.namespace || '', subject.name));
  });

const countsIn = ({binding}: Grant, namespace: string | undefined): boolean =>
  binding.namespace === undefined || binding.namespace === namespace;

/** The one thing that a rule lacks; undefined when it is more than one, or nothing. */
function lackOf(rule: PolicyRule, {verb, resource, path = ''}: Asked): Miss['lacks'] | undefined {
  if (!resource) return rule.nonResourceURLs?.some(pattern => coversPath(pattern, path)) && !allowsVerb(rule, verb) ? 'verb' : undefined;
  if (!allowsGroup(rule, resource.group)) return undefined;
  const lacks: Miss['lacks'][] = [];
  if (!allowsResource(rule, resource)) {
    if (!resource.subresource || !allowsResource(rule, {...resource, subresource: undefined})) return undefined;
    lacks.push('subresource');
  }
  if (!allowsVerb(rule, verb)) lacks.push('verb');
  if (!allowsName(rule, resource.name)) lacks.push('name');
  return lacks.length === 1 ? lacks[0] : undefined;
}

const shownMax = 10;

function shown({verbs, resourceNames = [], resources = []}: PolicyRule, lacks: Miss['lacks']): string {
  const which = lacks === 'verb' ? ['verbs', verbs] : lacks === 'name' ? ['the names', resourceNames] : ['resources', resources];
  return `${which[0]} ${JSON.stringify((which[1] as readonly string[]).slice(0, shownMax))}`;
}
