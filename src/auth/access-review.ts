/** The question a webhook is asked that authorizes, and what it may say to it: a SubjectAccessReview (spec kcp 7.7). */
import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject, stringify} from '../api/json.ts';
import {parseFieldSelector, parseLabelSelector} from '../api/selectors.ts';
import type {AskedResource, Attributes} from './attributes.ts';
import type {User} from './user.ts';

export const reviewVersions = ['v1', 'v1beta1'] as const;
export type ReviewVersion = (typeof reviewVersions)[number];

/** One question: the spec of a SubjectAccessReview of v1. */
export type AccessQuestion = {
  readonly workspace: WorkspaceId | '*';
  readonly spec: JsonObject;
  /** Characters of it that whoever asks for something chooses at will. */
  readonly chosenChars: number;
};

export type AccessVerdict = {
  readonly allowed: boolean;
  /** Nobody who is asked later can allow it. */
  readonly denied: boolean;
  readonly reason: string;
  /** What went wrong. Nothing is allowed then. */
  readonly error?: string;
};

/** Somebody outside who decides. Never rejects. */
export type AccessWebhook = {ask(question: AccessQuestion): Promise<AccessVerdict>};

/** The name of the workspace, and the same under the name it used to have. */
const clusterKeys = ['authorization.kcp.io/cluster-name', 'authorization.kubernetes.io/cluster-name'] as const;

/** What to ask about a user who wants something. */
export function accessQuestion({name, uid, groups, extra}: User, {verb, workspace, resource, path = ''}: Attributes): AccessQuestion {
  const facts: {[key: string]: Json} = {};
  for (const [key, values] of Object.entries(extra ?? {})) facts[key] = [...values];
  if (workspace !== '*') for (const key of clusterKeys) facts[key] = [workspace];
  const asked = resource && resourceAttributes(verb, resource);
  return {
    workspace,
    spec: {
      ...(asked ? {resourceAttributes: asked} : {nonResourceAttributes: {...(path && {path}), ...(verb && {verb})}}),
      ...(name && {user: name}),
      ...(groups.length > 0 && {groups: [...groups]}),
      ...(Object.keys(facts).length > 0 && {extra: facts}),
      ...(uid && {uid}),
    },
    chosenChars: resource ? charsOf(verb, resource) : verb.length + path.length,
  };
}

function resourceAttributes(verb: string, resource: AskedResource): JsonObject {
  const {namespace, group, version, plural, subresource, name, fieldSelector, labelSelector} = resource;
  const fields = fieldSelector ? fieldRequirements(fieldSelector) : [];
  const labels = labelSelector ? labelRequirements(labelSelector) : [];
  return {
    ...(namespace && {namespace}),
    ...(verb && {verb}),
    ...(group && {group}),
    version: version || '*',
    ...(plural && {resource: plural}),
    ...(subresource && {subresource}),
    ...(name && {name}),
    ...(fields.length > 0 && {fieldSelector: {requirements: [...fields]}}),
    ...(labels.length > 0 && {labelSelector: {requirements: [...labels]}}),
  };
}

/** As Kubernetes counts them; selectors too, which it forgets. */
function charsOf(verb: string, {namespace = '', group, version = '', plural, subresource = '', name = '', ...more}: AskedResource): number {
  const texts = [verb, namespace, group, version, plural, subresource, name, ...[more.fieldSelector, more.labelSelector].map(selectorText)];
  return texts.reduce((sum, text) => sum + text.length, 0);
}

const selectorText = (selector: string | readonly JsonObject[] | undefined): string =>
  typeof selector === 'string' ? selector : stringify((selector ?? []) as JsonObject[]);

/** What is no requirement narrows nothing; so the question is a broader one. */
function fieldRequirements(selector: string | readonly JsonObject[]): readonly JsonObject[] {
  if (typeof selector !== 'string')
    return selector
      .map(requirementOf)
      .filter(one => onFields.has(one['operator'] ?? '') && (one['values'] as Json[] | undefined)?.length === 1);
  return parsed(() => parseFieldSelector(selector)).map(({field, op, value}) => ({
    key: field,
    operator: op === '=' ? 'In' : 'NotIn',
    values: [value],
  }));
}

const onFields: ReadonlySet<Json> = new Set(['In', 'NotIn']);
const labelOperators: {readonly [op: string]: string} = {
  '=': 'In',
  '==': 'In',
  in: 'In',
  '!=': 'NotIn',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};
const onLabels: ReadonlySet<Json> = new Set(Object.values(labelOperators));

/** The same of labels. Reviews have no word for greater than. */
function labelRequirements(selector: string | readonly JsonObject[]): readonly JsonObject[] {
  if (typeof selector !== 'string') return selector.map(requirementOf).filter(one => onLabels.has(one['operator'] ?? ''));
  return parsed(() => parseLabelSelector(selector)).flatMap(({key, op, values}) => {
    const operator = labelOperators[op];
    return operator === undefined ? [] : [{key, operator, ...(values.length > 0 && {values: [...values]})}];
  });
}

function requirementOf(given: JsonObject): JsonObject {
  const values = dig(given, 'values');
  return {
    key: digString(given, 'key') ?? '',
    operator: digString(given, 'operator') ?? '',
    ...(Array.isArray(values) && values.length > 0 && {values}),
  };
}

function parsed<T>(parse: () => {readonly requirements: readonly T[]}): readonly T[] {
  try {
    return parse().requirements;
  } catch (err) {
    if (err instanceof ApiError) return [];
    throw err;
  }
}

/** The whole object that is sent. */
export function accessReview(spec: JsonObject, version: ReviewVersion): JsonObject {
  const {groups, ...rest} = spec;
  return {
    kind: 'SubjectAccessReview',
    apiVersion: `authorization.k8s.io/${version}`,
    metadata: {},
    spec: version === 'v1' ? spec : {...rest, ...(groups !== undefined && {group: groups})},
    status: {allowed: false},
  };
}

/** Reads an answer; a text where it is none. */
export function readAccessVerdict(answer: Json, version: ReviewVersion): AccessVerdict | string {
  const kind = digString(answer, 'kind');
  const apiVersion = digString(answer, 'apiVersion');
  if (!kind) return "Object 'Kind' is missing";
  if (kind !== 'SubjectAccessReview' || apiVersion !== `authorization.k8s.io/${version}`)
    return `the answer is a ${kind} of ${apiVersion || 'no version'}, not a SubjectAccessReview of authorization.k8s.io/${version}`;
  const status = dig(answer, 'status');
  if (status !== undefined && status !== null && !isObject(status)) return 'the status of the answer is no object';
  const [allowed, denied] = [dig(status, 'allowed') ?? false, dig(status, 'denied') ?? false];
  if (typeof allowed !== 'boolean' || typeof denied !== 'boolean') return 'what the answer allows or denies is no boolean';
  const reason = digString(status, 'reason') ?? '';
  if (allowed && denied)
    return {allowed: false, denied: true, reason, error: 'webhook subject access review returned both allow and deny response'};
  return {allowed, denied, reason};
}
