/** Which requests webhooks and policies mean (spec kubernetes-api 9.2, 9.5). Pure. */
import type {JsonObject} from '../api/json.ts';
import type {LabelSelector} from '../api/selectors.ts';
import {selectorFromObject} from '../api/selectors.ts';
import {child, objects, text, texts} from '../kinds/read.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

export type RequestRule = {
  readonly operations: readonly string[];
  readonly groups: readonly string[];
  readonly versions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
  /** Of the only objects that are meant; all where there are none. */
  readonly names: readonly string[];
};

/** What of a request rules look at. */
export type RequestTarget = {
  readonly operation: Operation;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** '' for the object itself. */
  readonly subresource: string;
  readonly namespaced: boolean;
  /** '' of one that has none yet. */
  readonly name: string;
};

const readRequestRule = (rule: JsonObject): RequestRule => ({
  operations: texts(rule, 'operations'),
  groups: texts(rule, 'apiGroups'),
  versions: texts(rule, 'apiVersions'),
  resources: texts(rule, 'resources'),
  scope: text(rule, 'scope') || '*',
  names: texts(rule, 'resourceNames'),
});

/** What has to be true of a request for a webhook, a policy or a binding to look at it. */
export type RequestMatch = {
  /** One of them has to mean it; undefined where any request is meant. */
  readonly rules: readonly RequestRule[] | undefined;
  /** None of these may. */
  readonly excluded: readonly RequestRule[];
  /** Requests by other versions of the same resource are meant as well. */
  readonly equivalent: boolean;
  readonly namespaces: LabelSelector;
  readonly objects: LabelSelector;
};

/** Of a webhook: one without rules means nothing. */
export const readWebhookMatch = (webhook: JsonObject): RequestMatch => ({...readRequestMatch(webhook), rules: rulesIn(webhook, 'rules')});

/** Of the `matchConstraints` of a policy or the `matchResources` of a binding: without rules, they mean everything. */
export function readRequestMatch(match: JsonObject): RequestMatch {
  const rules = rulesIn(match, 'resourceRules');
  return {
    rules: rules.length > 0 ? rules : undefined,
    excluded: rulesIn(match, 'excludeResourceRules'),
    equivalent: text(match, 'matchPolicy') !== 'Exact',
    namespaces: selectorFromObject(child(match, 'namespaceSelector') ?? {}),
    objects: selectorFromObject(child(match, 'objectSelector') ?? {}),
  };
}

const rulesIn = (match: JsonObject, field: string): readonly RequestRule[] => objects(match, field).map(readRequestRule);

/** Whether a rule means a request by this very version. */
export const ruleMatches = (rule: RequestRule, target: RequestTarget): boolean =>
  has(rule.versions, target.version) && matchesButVersion(rule, target);

/** Whether a rule means the request, were it by another version. */
export const matchesButVersion = (rule: RequestRule, target: RequestTarget): boolean =>
  has(rule.operations, target.operation) &&
  has(rule.groups, target.group) &&
  (rule.scope === '*' || rule.scope === (target.namespaced ? 'Namespaced' : 'Cluster')) &&
  (rule.names.length === 0 || rule.names.includes(target.name)) &&
  rule.resources.some(resource => meansResource(resource, target));

const has = (values: readonly string[], value: string): boolean => values.includes(value) || values.includes('*');

function meansResource(resource: string, {plural, subresource}: RequestTarget): boolean {
  const slash = resource.indexOf('/');
  const name = slash < 0 ? resource : resource.slice(0, slash);
  const sub = slash < 0 ? '' : resource.slice(slash + 1);
  return (name === '*' || name === plural) && (sub === '*' || sub === subresource);
}
