/** The room of audit: which requests are recorded, how much of them, and how a record looks. Pure: who writes the lines is chosen in `main`. */
import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, notSupported, required, summary} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {getKey, isObject} from '../api/json.ts';
import {dnsSubdomain} from '../api/names.ts';

/** How much of a request is recorded: each level more than the one before. */
export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type Level = (typeof levels)[number];

/** The moments of a request at which it can be recorded. */
export const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Stage = (typeof stages)[number];

/** A policy of `audit.k8s.io/v1` as it was read: the first rule that matches a request decides. */
export type Policy = {readonly rules: readonly Rule[]};

/** Empty lists stand for everything. */
export type Rule = {
  readonly level: Level;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly ResourceRule[];
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  /** Together with those of the whole policy. */
  readonly omitStages: readonly Stage[];
  readonly omitManagedFields: boolean;
};

export type ResourceRule = {readonly group: string; readonly resources: readonly string[]; readonly resourceNames: readonly string[]};

/**
 * Reads a policy. What Kubernetes would refuse is refused, in its words; fields it does not know are left out, as there.
 * @throws Error with a text for people
 */
export function parsePolicy(document: Json): Policy {
  if (!isObject(document) && document !== null) throw failed(`couldn't get version/kind; json parse error: ${unfit(document, head)}`);
  const json = document ?? {};
  const kind = text(json, 'kind', '') || 'Policy';
  const version = text(json, 'apiVersion', '');
  if (version === '') throw new Error(`unknown group version field audit.k8s.io/__internal, Kind=${kind} in policy`);
  if (version !== 'audit.k8s.io/v1' || kind !== 'Policy')
    throw failed(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)} as an audit policy`);
  const omitStages = texts(json, 'omitStages', 'Policy.omitStages', 'v1.Stage');
  const omitManagedFields = truth(json, 'omitManagedFields', 'Policy.omitManagedFields') ?? false;
  const rules = list(json, 'rules', 'Policy.rules', 'v1.PolicyRule').map(rule =>
    readRule(record(rule, 'Policy.rules', 'v1.PolicyRule'), omitManagedFields),
  );
  const errors = [...stageErrors(omitStages, 'omitStages'), ...rules.flatMap((rule, i) => ruleErrors(rule, at('rules', i)))];
  if (errors.length > 0) throw new Error(summary(errors));
  if (rules.length === 0) throw new Error('loaded illegal policy with 0 rules');
  return {rules: rules.map(rule => ({...rule, omitStages: [...omitStages, ...rule.omitStages]}) as Rule)};
}

type Unchecked = Omit<Rule, 'level' | 'omitStages'> & {readonly level: string; readonly omitStages: readonly string[]};

function readRule(json: JsonObject, omitManagedFields: boolean): Unchecked {
  const field = 'PolicyRule.rules';
  const strings = (key: string, type = 'string'): readonly string[] => texts(json, key, `${field}.${key}`, type);
  return {
    level: text(json, 'level', `${field}.level`, 'v1.Level'),
    users: strings('users'),
    userGroups: strings('userGroups'),
    verbs: strings('verbs'),
    resources: list(json, 'resources', `${field}.resources`, 'v1.GroupResources').map(one => readResource(one, `${field}.resources`)),
    namespaces: strings('namespaces'),
    nonResourceURLs: strings('nonResourceURLs'),
    omitStages: strings('omitStages', 'v1.Stage'),
    omitManagedFields: truth(json, 'omitManagedFields', `${field}.omitManagedFields`) ?? omitManagedFields,
  };
}

function readResource(value: Json, field: string): ResourceRule {
  const json = record(value, field, 'v1.GroupResources');
  const strings = (key: string): readonly string[] => texts(json, key, `GroupResources.rules.resources.${key}`, 'string');
  return {
    group: text(json, 'group', 'GroupResources.rules.resources.group'),
    resources: strings('resources'),
    resourceNames: strings('resourceNames'),
  };
}

function ruleErrors(rule: Unchecked, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (rule.level === '') errors.push(required(at(path, 'level')));
  else if (!levels.some(level => level === rule.level)) errors.push(notSupported(at(path, 'level'), rule.level, levels));
  const urls = at(path, 'nonResourceURLs');
  for (const [i, url] of rule.nonResourceURLs.entries()) {
    if (url === '*') continue;
    if (!url.startsWith('/')) errors.push(invalidValue(at(urls, i), url, "non-resource URL rules must begin with a '/' character"));
    if (url.slice(0, -1).includes('*'))
      errors.push(invalidValue(at(urls, i), url, "non-resource URL wildcards '*' must be the final character of the rule"));
  }
  for (const {group, resources, resourceNames} of rule.resources) {
    const wrong = group === '' || group === '*' ? [] : dnsSubdomain(group);
    if (wrong.length > 0) errors.push(invalidValue(at(path, 'resources', 'group'), group, wrong.join(',')));
    if (resourceNames.length > 0 && resources.length === 0)
      errors.push(
        invalidValue(at(path, 'resources', 'resourceNames'), [...resourceNames], 'using resourceNames requires at least one resource'),
      );
  }
  errors.push(...stageErrors(rule.omitStages, at(path, 'omitStages')));
  if (rule.nonResourceURLs.length > 0 && (rule.resources.length > 0 || rule.namespaces.length > 0))
    errors.push(invalidValue(urls, [...rule.nonResourceURLs], 'rules cannot apply to both regular resources and non-resource URLs'));
  return errors;
}

const stageErrors = (given: readonly string[], path: string): readonly FieldError[] =>
  given.flatMap((stage, i) =>
    stages.some(known => known === stage) ? [] : [invalidValue(at(path, i), stage, `allowed stages are ${stages.join(',')}`)],
  );

const head = 'value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

const failed = (why: string): Error => new Error(`failed decoding: ${why}`);
const mismatch = (value: Json, field: string, type: string): Error => failed(unfit(value, `struct field ${field} of type ${type}`));
const unfit = (value: Json, where: string): string => `json: cannot unmarshal ${jsonType(value)} into Go ${where}`;

function jsonType(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** What stands under a key; null is as good as nothing. */
const found = (json: JsonObject, key: string): Json | undefined => getKey(json, key) ?? undefined;

function text(json: JsonObject, key: string, field: string, type = 'string'): string {
  const value = found(json, key) ?? '';
  if (typeof value !== 'string') throw mismatch(value, field || `.${key}`, type);
  return value;
}

function truth(json: JsonObject, key: string, field: string): boolean | undefined {
  const value = found(json, key);
  if (value !== undefined && typeof value !== 'boolean') throw mismatch(value, field, 'bool');
  return value;
}

function list(json: JsonObject, key: string, field: string, type: string): readonly Json[] {
  const value = found(json, key) ?? [];
  if (!Array.isArray(value)) throw mismatch(value, field, `[]${type}`);
  return value;
}

const texts = (json: JsonObject, key: string, field: string, type: string): readonly string[] =>
  list(json, key, field, type).map(one => {
    if (one !== null && typeof one !== 'string') throw mismatch(one, field, type);
    return one ?? '';
  });

function record(value: Json, field: string, type: string): JsonObject {
  if (value !== null && !isObject(value)) throw mismatch(value, field, type);
  return value ?? {};
}
