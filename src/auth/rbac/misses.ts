import type {Asked} from '../attributes.ts';
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

export type MissOptions = {
  /** Rules to look at, if not as many as there may be. */
  readonly rulesMax?: number;
  /** Whether a miss may be told; `policy`: which of the policies it is of, by position. */
  readonly mayTell?: (miss: Miss, policy: number) => boolean;
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

type Looking = {readonly rulesMax: number; readonly mayTell: (miss: Miss) => boolean};

function missesOf(policy: Policy, users: readonly Who[], asked: Asked, {rulesMax, mayTell}: Looking): readonly Miss[] {
  const namespace = asked.resource?.namespace || undefined;
  const theirs = new Set(policy.grantsTo(users, namespace));
  const elsewhere = new Set(namespaces(policy, rulesMax).flatMap(one => (one === namespace ? [] : policy.grantsTo(users, one))));
  const found: Miss[] = [];
  const counts = new Map<Miss['lacks'], number>();
  const add = (miss: Miss): void => {
    const count = counts.get(miss.lacks) ?? 0;
    if (count >= missLimits.toldMax || !mayTell(miss)) return;
    counts.set(miss.lacks, count + 1);
    found.push(miss);
  };
  let looked = 0;
  for (const grant of policy.grants) {
    const {rules = {rules: [], allows: () => false}, binding} = grant;
    looked += 1 + rules.rules.length;
    if (looked > rulesMax) break;
    if (theirs.has(grant)) {
      for (const rule of rules.rules) {
        const lacks = lackOf(rule, asked);
        if (lacks) add({lacks, text: `${describe(grant)} allows ${shown(rule, lacks)}`, grant});
      }
    } else if (rules.allows(asked)) {
      if (elsewhere.has(grant))
        add({lacks: 'namespace', text: `${describe(grant)} allows it in the namespace ${JSON.stringify(binding.namespace)}`, grant});
      else if (countsIn(grant, namespace)) add({lacks: 'subject', text: `${describe(grant)} allows it to others`, grant});
    }
  }
  return found;
}

const namespaces = (policy: Policy, rulesMax: number): readonly string[] => [
  ...new Set(policy.grants.slice(0, rulesMax).flatMap(({binding}) => binding.namespace ?? [])),
];

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
