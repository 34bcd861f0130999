import type {Asked} from '../attributes.ts';
import type {Grant} from './grant.ts';
import type {PolicyRule} from './objects.ts';
import type {Policy, Who} from './policy.ts';
import {describe} from './policy.ts';
import {allowsGroup, allowsName, allowsResource, allowsVerb} from './rule-set.ts';

export const missLimits = {
  /** Misses that are told. */
  toldMax: 5,
  /** Rules that are looked at for them. */
  rulesMax: 20_000,
} as const;

/** What of a rule or binding was not as it would have to be. */
export type Miss = {readonly lacks: 'verb' | 'name' | 'namespace' | 'subject' | 'subresource'; readonly text: string};

/** How near each is: the sooner, the nearer. */
const nearness: readonly Miss['lacks'][] = ['name', 'verb', 'subresource', 'namespace', 'subject'];

/** What would nearly have allowed a request that was refused: all is right but one thing. The nearest first. */
export function nearestMisses(
  policies: readonly Policy[],
  users: readonly Who[],
  asked: Asked,
  rulesMax: number = missLimits.rulesMax,
): readonly Miss[] {
  const found = policies.flatMap(policy => missesOf(policy, users, asked, rulesMax));
  return nearness.flatMap(lacks => found.filter(miss => miss.lacks === lacks)).slice(0, missLimits.toldMax);
}

function missesOf(policy: Policy, users: readonly Who[], asked: Asked, rulesMax: number): readonly Miss[] {
  const namespace = asked.resource?.namespace || undefined;
  const theirs = new Set(policy.grantsTo(users, namespace));
  const elsewhere = new Set(namespaces(policy, rulesMax).flatMap(one => (one === namespace ? [] : policy.grantsTo(users, one))));
  const found: Miss[] = [];
  const counts = new Map<Miss['lacks'], number>();
  const add = (lacks: Miss['lacks'], text: string): void => {
    const count = counts.get(lacks) ?? 0;
    counts.set(lacks, count + 1);
    if (count < missLimits.toldMax) found.push({lacks, text});
  };
  let looked = 0;
  for (const grant of policy.grants) {
    const {rules = {rules: [], allows: () => false}, binding} = grant;
    looked += 1 + rules.rules.length;
    if (looked > rulesMax) break;
    if (theirs.has(grant)) {
      for (const rule of rules.rules) {
        const lacks = lackOf(rule, asked);
        if (lacks) add(lacks, `${describe(grant)} allows ${shown(rule, lacks)}`);
      }
    } else if (rules.allows(asked)) {
      if (elsewhere.has(grant)) add('namespace', `${describe(grant)} allows it in the namespace ${JSON.stringify(binding.namespace)}`);
      else if (countsIn(grant, namespace)) add('subject', `${describe(grant)} allows it to others`);
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
function lackOf(rule: PolicyRule, {verb, resource}: Asked): Miss['lacks'] | undefined {
  if (!resource || !allowsGroup(rule, resource.group)) return undefined;
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
