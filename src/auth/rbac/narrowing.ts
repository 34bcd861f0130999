import type {Asked} from '../attributes.ts';
import type {Grant} from './grant.ts';
import {listOf} from './rule-set.ts';

export const narrowingLimits = {
  /** Of so many grants to one subject, the few that can matter are looked up rather than looked for. */
  grantsMin: 16,
  /** Entries of one such table; a subject whose roles come to more is looked through. */
  entriesMax: 20_000,
} as const;

type Table = {
  readonly byResource: ReadonlyMap<string, readonly Grant[]>;
  readonly ofPaths: readonly Grant[];
  /** Of roles that are missing: they allow nothing, and are told of. */
  readonly missing: readonly Grant[];
};

const tables = new WeakMap<readonly Grant[], Table | 'too large'>();

/** Of the grants to one subject those that may allow what is asked, and those whose role is missing; some perhaps twice. */
export function narrow(grants: readonly Grant[], {resource}: Asked): readonly (readonly Grant[])[] {
  if (grants.length < narrowingLimits.grantsMin) return [grants];
  let table = tables.get(grants);
  if (!table) {
    table = tableOf(grants);
    tables.set(grants, table);
  }
  if (table === 'too large') return [grants];
  const {byResource, ofPaths, missing} = table;
  if (!resource) return [ofPaths, missing];
  const {plural, subresource} = resource;
  const keys = subresource ? ['*', `${plural}/${subresource}`, `*/${subresource}`] : ['*', plural];
  return [missing, ...keys.map(key => byResource.get(key) ?? none)];
}

const none: readonly Grant[] = [];

function tableOf(grants: readonly Grant[]): Table | 'too large' {
  const byResource = new Map<string, Grant[]>();
  const ofPaths: Grant[] = [];
  const missing: Grant[] = [];
  let entries = 0;
  for (const grant of grants) {
    if (!grant.rules) {
      missing.push(grant);
      continue;
    }
    const {rules} = grant.rules;
    if (rules.some(rule => rule.nonResourceURLs)) ofPaths.push(grant);
    const resources = new Set(rules.flatMap(rule => rule.resources ?? []));
    entries += resources.size;
    if (entries > narrowingLimits.entriesMax) return 'too large';
    for (const resource of resources) listOf(byResource, resource).push(grant);
  }
  return {byResource, ofPaths, missing};
}
