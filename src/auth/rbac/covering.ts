import type {PolicyRule} from './objects.ts';
import {coversPath, listOf} from './rule-set.ts';

export const coveringLimits = {
  /** Single permissions that rules may come to and still be compared one by one. */
  permissionsMax: 100_000,
  /** Comparisons of one permission with one rule. */
  comparisonsMax: 1_000_000,
  /** Lines that tell what is missing. */
  linesMax: 500,
} as const;

/** One verb on one resource or object of one group, or on one path. */
type Permission =
  | {readonly verb: string; readonly group: string; readonly resource: string; readonly name?: string}
  | {readonly verb: string; readonly url: string};

/** What comes of a comparison; `too many` when finding out would take too long. */
export type Covered = 'all' | 'too many' | readonly string[];

/**
 * Whether the rules somebody holds cover other ones: the lines that say what is missing, as Kubernetes writes them (spec kubernetes-api 8.9). Each single
 * permission has to be covered by one rule.
 */
export function covered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): Covered {
  const owned = held.map(ownedOf);
  // Who holds a rule that covers the whole needs no look at the parts.
  let comparisons = 0;
  const rest: PolicyRule[] = [];
  for (const rule of wanted) {
    const found = owned.findIndex(one => coversWhole(one, rule));
    comparisons += found < 0 ? owned.length : found + 1;
    if (comparisons > coveringLimits.comparisonsMax) return 'too many';
    if (found < 0) rest.push(rule);
  }
  if (rest.reduce((sum, rule) => sum + permissionsIn(rule), 0) > coveringLimits.permissionsMax) return 'too many';
  const missing: Permission[] = [];
  for (const permission of rest.flatMap(permissionsOf)) {
    const found = owned.findIndex(one => covers(one, permission));
    comparisons += found < 0 ? owned.length : found + 1;
    if (comparisons > coveringLimits.comparisonsMax) return 'too many';
    if (found < 0) missing.push(permission);
  }
  return missing.length === 0 ? 'all' : linesOf(missing);
}

type Owned = {
  readonly verbs: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
  /** Absent: all objects. */
  readonly names: ReadonlySet<string> | undefined;
  readonly urls: readonly string[];
};

const ownedOf = ({verbs, apiGroups, resources, resourceNames, nonResourceURLs}: PolicyRule): Owned => ({
  verbs: new Set(verbs),
  groups: new Set(apiGroups),
  resources: new Set(resources),
  names: resourceNames && new Set(resourceNames),
  urls: nonResourceURLs ?? [],
});

const within = (set: ReadonlySet<string>, one: string): boolean => set.has('*') || set.has(one);

function withinResources(set: ReadonlySet<string>, resource: string): boolean {
  if (within(set, resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && set.has(`*${resource.slice(slash)}`);
}

function covers({verbs, groups, resources, names, urls}: Owned, permission: Permission): boolean {
  if (!within(verbs, permission.verb)) return false;
  if ('url' in permission) return names === undefined && urls.some(url => coversPath(url, permission.url));
  if (!within(groups, permission.group) || !withinResources(resources, permission.resource)) return false;
  return names === undefined || (permission.name !== undefined && names.has(permission.name));
}

function coversWhole({verbs, groups, resources, names, urls}: Owned, rule: PolicyRule): boolean {
  if (!rule.verbs.every(verb => within(verbs, verb))) return false;
  if (!(rule.apiGroups ?? []).every(group => within(groups, group))) return false;
  if (!(rule.resources ?? []).every(resource => withinResources(resources, resource))) return false;
  if (names && !(rule.resourceNames?.every(name => names.has(name)) ?? false)) return false;
  return (rule.nonResourceURLs ?? []).every(url => urls.some(one => coversPath(one, url)));
}

const permissionsIn = ({verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = []}: PolicyRule): number =>
  verbs.length * (apiGroups.length * resources.length * Math.max(1, resourceNames.length) + nonResourceURLs.length);

function permissionsOf({verbs, apiGroups = [], resources = [], resourceNames, nonResourceURLs = []}: PolicyRule): Permission[] {
  const found: Permission[] = [];
  for (const group of apiGroups)
    for (const resource of resources)
      for (const verb of verbs) {
        if (resourceNames) for (const name of resourceNames) found.push({verb, group, resource, name});
        else found.push({verb, group, resource});
      }
  for (const url of nonResourceURLs) for (const verb of verbs) found.push({verb, url});
  return found;
}

/** One line for each resource or object with all its verbs, and one for each verb on a path; sorted. */
function linesOf(missing: readonly Permission[]): readonly string[] {
  const lines = new Set<string>();
  const verbs = new Map<string, string[]>();
  for (const one of missing) {
    if ('url' in one) {
      lines.add(`{NonResourceURLs:${quoted([one.url])}, Verbs:${quoted([one.verb])}}`);
      continue;
    }
    const name = one.name === undefined ? '' : `, ResourceNames:${quoted([one.name])}`;
    const start = `APIGroups:${quoted([one.group])}, Resources:${quoted([one.resource])}${name}`;
    listOf(verbs, start).push(one.verb);
  }
  for (const [start, all] of verbs) lines.add(`{${start}, Verbs:${quoted(all)}}`);
  return [...lines].sort().slice(0, coveringLimits.linesMax);
}

/** A list of texts as Go prints it: `["a" "b"]`. */
export const quoted = (texts: readonly string[]): string => `[${texts.map(text => JSON.stringify(text)).join(' ')}]`;
