import type {Asked, AskedResource} from '../attributes.ts';
import type {PolicyRule} from './objects.ts';

/** The rules of one role, found by the resource they are about. */
export type RuleSet = {
  readonly rules: readonly PolicyRule[];
  /** Whether one of the rules allows it. */
  allows(asked: Asked): boolean;
};

const every = '*';

/** Compiles rules (spec kubernetes-api 10.5). What is held grows with the text of the rules, never with what they may be combined to. */
export function ruleSet(rules: readonly PolicyRule[]): RuleSet {
  const byResource = new Map<string, PolicyRule[]>();
  for (const rule of rules) for (const resource of new Set(rule.resources)) listOf(byResource, resource).push(rule);
  const ofPaths = rules.filter(({nonResourceURLs}) => nonResourceURLs !== undefined);
  const some = (resource: string, asked: AskedResource, verb: string): boolean => {
    const found = byResource.get(resource);
    return found?.some(rule => allowsVerb(rule, verb) && allowsGroup(rule, asked.group) && allowsName(rule, asked.name)) ?? false;
  };
  return {
    rules,
    allows({verb, resource, path}) {
      if (!resource) return ofPaths.some(rule => allowsVerb(rule, verb) && allowsPath(rule, path ?? ''));
      if (byResource.size === 0) return false;
      const {plural, subresource} = resource;
      if (some(every, resource, verb)) return true;
      if (!subresource) return some(plural, resource, verb);
      return some(`${plural}/${subresource}`, resource, verb) || some(`${every}/${subresource}`, resource, verb);
    },
  };
}

export function listOf<K, V>(map: Map<K, V[]>, key: K): V[] {
  let found = map.get(key);
  if (!found) {
    found = [];
    map.set(key, found);
  }
  return found;
}

export const allowsVerb = ({verbs}: PolicyRule, verb: string): boolean => verbs.includes(every) || verbs.includes(verb);

export const allowsGroup = ({apiGroups = []}: PolicyRule, group: string): boolean => apiGroups.includes(every) || apiGroups.includes(group);

/** Requests without a name are of no rule that names objects. */
export const allowsName = ({resourceNames}: PolicyRule, name: string | undefined): boolean =>
  resourceNames === undefined || resourceNames.includes(name ?? '');

export function allowsResource({resources = []}: PolicyRule, {plural, subresource}: AskedResource): boolean {
  if (resources.includes(every)) return true;
  return subresource
    ? resources.includes(`${plural}/${subresource}`) || resources.includes(`${every}/${subresource}`)
    : resources.includes(plural);
}

const allowsPath = ({nonResourceURLs = []}: PolicyRule, path: string): boolean =>
  nonResourceURLs.some(pattern => coversPath(pattern, path));

/** A star at the end stands for anything; elsewhere it is a star. */
export function coversPath(pattern: string, path: string): boolean {
  if (pattern === path || pattern === every) return true;
  if (!pattern.endsWith(every)) return false;
  let end = pattern.length;
  while (pattern[end - 1] === every) end--;
  return path.startsWith(pattern.slice(0, end));
}
