import type {Json, JsonObject} from '../../api/json.ts';
import {getKey, isObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';

/** Verbs that are allowed on some resources, or on some paths (spec kubernetes-api 8.9). */
export type PolicyRule = {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
};

/** A Role, or without a namespace a ClusterRole. */
export type Role = {readonly name: string; readonly namespace?: string | undefined; readonly rules: readonly PolicyRule[]};

export type Subject = {readonly kind: string; readonly name: string; readonly namespace?: string | undefined};

/** Of a kind other than Role and ClusterRole it refers to nothing. */
export type RoleRef = {readonly kind: string; readonly name: string};

/** A RoleBinding, or without a namespace a ClusterRoleBinding. */
export type Binding = {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly subjects: readonly Subject[];
  readonly roleRef: RoleRef;
};

/** Reads a Role or ClusterRole. What is not as it should be counts as absent. */
export function readRole(object: KubeObject): Role {
  const {name, namespace} = object.metadata;
  return {name, ...(namespace && {namespace}), rules: readRules(asJson(object)['rules'])};
}

export const readRules = (rules: Json | undefined): readonly PolicyRule[] =>
  Array.isArray(rules) ? rules.filter(rule => isObject(rule)).map(readRule) : [];

function readRule(rule: JsonObject): PolicyRule {
  const [apiGroups, resources] = [texts(rule, 'apiGroups'), texts(rule, 'resources')];
  const [resourceNames, nonResourceURLs] = [texts(rule, 'resourceNames'), texts(rule, 'nonResourceURLs')];
  return {
    verbs: texts(rule, 'verbs'),
    ...(apiGroups.length > 0 && {apiGroups}),
    ...(resources.length > 0 && {resources}),
    ...(resourceNames.length > 0 && {resourceNames}),
    ...(nonResourceURLs.length > 0 && {nonResourceURLs}),
  };
}

/** Reads a RoleBinding or ClusterRoleBinding. What is not as it should be counts as absent. */
export function readBinding(object: KubeObject): Binding {
  const {name, namespace} = object.metadata;
  const subjects = asJson(object)['subjects'];
  return {
    name,
    ...(namespace && {namespace}),
    subjects: Array.isArray(subjects) ? subjects.filter(one => isObject(one)).map(readSubject) : [],
    roleRef: readRoleRef(object),
  };
}

export function readRoleRef(object: KubeObject): RoleRef {
  const ref = asJson(object)['roleRef'];
  return {kind: text(ref, 'kind'), name: text(ref, 'name')};
}

function readSubject(subject: JsonObject): Subject {
  const namespace = text(subject, 'namespace');
  return {kind: text(subject, 'kind'), name: text(subject, 'name'), ...(namespace && {namespace})};
}

function text(from: Json | undefined, key: string): string {
  const found = isObject(from) ? getKey(from, key) : undefined;
  return typeof found === 'string' ? found : '';
}

function texts(from: JsonObject, key: string): readonly string[] {
  const found = getKey(from, key);
  return Array.isArray(found) ? found.filter(one => typeof one === 'string') : [];
}
