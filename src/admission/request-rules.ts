/** Which requests the rules of a webhook mean (spec kubernetes-api 9.2). Pure. */
import type {JsonObject} from '../api/json.ts';
import {text, texts} from '../kinds/read.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

export type RequestRule = {
  readonly operations: readonly string[];
  readonly groups: readonly string[];
  readonly versions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
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
};

export const readRequestRule = (rule: JsonObject): RequestRule => ({
  operations: texts(rule, 'operations'),
  groups: texts(rule, 'apiGroups'),
  versions: texts(rule, 'apiVersions'),
  resources: texts(rule, 'resources'),
  scope: text(rule, 'scope') || '*',
});

/** Whether a rule means a request by this very version. */
export const ruleMatches = (rule: RequestRule, target: RequestTarget): boolean =>
  has(rule.versions, target.version) && matchesButVersion(rule, target);

/** Whether a rule means the request, were it by another version. */
export const matchesButVersion = (rule: RequestRule, target: RequestTarget): boolean =>
  has(rule.operations, target.operation) &&
  has(rule.groups, target.group) &&
  (rule.scope === '*' || rule.scope === (target.namespaced ? 'Namespaced' : 'Cluster')) &&
  rule.resources.some(resource => meansResource(resource, target));

const has = (values: readonly string[], value: string): boolean => values.includes(value) || values.includes('*');

function meansResource(resource: string, {plural, subresource}: RequestTarget): boolean {
  const slash = resource.indexOf('/');
  const name = slash < 0 ? resource : resource.slice(0, slash);
  const sub = slash < 0 ? '' : resource.slice(slash + 1);
  return (name === '*' || name === plural) && (sub === '*' || sub === subresource);
}
