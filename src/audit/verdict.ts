import type {Level, Policy, ResourceRule, Rule, Stage} from './policy.ts';

/** What a policy asks about a request: all that is known before it is answered. */
export type Attributes = {
  /** Absent when nobody could be identified; rules about users then do not match. */
  readonly user: {readonly name: string; readonly groups: readonly string[]} | undefined;
  readonly verb: string;
  readonly resource: Asked | undefined;
  /** The decoded path behind the workspace, of what is no resource. */
  readonly path: string;
};

/** What is asked for. Texts that are absent are empty. */
export type Asked = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
};

/** How much of a request is recorded, and at which of its stages not. `discreet`: nothing that may quote a body either. */
export type Verdict = {
  readonly level: Level;
  readonly omitStages: readonly Stage[];
  readonly omitManagedFields: boolean;
  readonly discreet?: boolean;
};

const silence: Verdict = {level: 'None', omitStages: [], omitManagedFields: false};

/**
 * What the first rule that matches says (spec kubernetes-api 10.7). One thing is stricter than in Kubernetes: bodies that hold secrets or tokens are
 * recorded only by a rule that names them; by a rule for everything, not more than metadata, and no words of a refusal that may quote them.
 */
export function verdict({rules}: Policy, attributes: Attributes): Verdict {
  const rule = rules.find(one => matches(one, attributes));
  if (!rule) return silence;
  const {resource} = attributes;
  if (!resource || !holdsSecrets(resource)) return rule;
  const bodies = rule.level === 'Request' || rule.level === 'RequestResponse';
  if (names(rule, resource) && bodies) return rule;
  return {...rule, level: bodies ? 'Metadata' : rule.level, discreet: true};
}

function matches(rule: Rule, {user, verb, resource, path}: Attributes): boolean {
  if (rule.users.length > 0 && (!user || !rule.users.includes(user.name))) return false;
  if (rule.userGroups.length > 0 && !user?.groups.some(group => rule.userGroups.includes(group))) return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(verb)) return false;
  if (rule.namespaces.length > 0 || rule.resources.length > 0) return resource !== undefined && matchesResource(rule, resource);
  if (rule.nonResourceURLs.length > 0) return resource === undefined && rule.nonResourceURLs.some(url => matchesPath(url, path));
  return true;
}

const matchesPath = (url: string, path: string): boolean =>
  url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));

const matchesResource = (rule: Rule, asked: Asked): boolean =>
  (rule.namespaces.length === 0 || rule.namespaces.includes(asked.namespace)) &&
  (rule.resources.length === 0 || rule.resources.some(one => covers(one, asked)));

function covers({group, resources, resourceNames}: ResourceRule, {group: askedGroup, plural, subresource, name}: Asked): boolean {
  if (group !== '*' && group !== askedGroup) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(name)) return false;
  const whole = wholeName(plural, subresource);
  return resources.some(one => one === '*' || one === whole || one === `${plural}/*` || (subresource !== '' && one === `*/${subresource}`));
}

const wholeName = (plural: string, subresource: string): string => (subresource === '' ? plural : `${plural}/${subresource}`);

/** Resources whose bodies are secrets or the tokens of somebody. */
const secretive: ReadonlySet<string> = new Set(['secrets', 'serviceaccounts/token', 'tokenreviews.authentication.k8s.io']);

const holdsSecrets = ({group, plural, subresource}: Asked): boolean =>
  secretive.has(group === '' ? wholeName(plural, subresource) : `${wholeName(plural, subresource)}.${group}`);

/** Whether a rule means this resource, and not everything. */
const names = ({resources}: Rule, {group, plural, subresource}: Asked): boolean =>
  resources.some(one => one.group === group && one.resources.includes(wholeName(plural, subresource)));
