/** What expressions in admission webhooks and policies may refer to, and what is wrong with them (spec kubernetes-api 8.12, 9.5). */
import {define, functionsOf} from './functions.ts';
import {kubernetesFunctions} from './libraries.ts';
import {authorizer, authorizerType, resourceCheckType} from './library/authorizer.ts';
import type {Malformed, Program} from './program.ts';
import {compile, inspect} from './program.ts';
import type {Environment, MessageType} from './scope.ts';
import type {Field, Type} from './types.ts';
import {bool, dyn, int, listOf, mapOf, nullType, opaque, showType, string, timestamp} from './types.ts';

/** What differs between the places of expressions. */
export type AdmissionScope = {
  /** The policy has a kind of params. */
  readonly params: boolean;
  readonly authorizer: boolean;
  /** What is in `variables`: those above the expression. Undefined where there is no `variables`. */
  readonly variables?: VariableFields | undefined;
  /** The expression makes changes: it may write `Object{…}` and `JSONPatch{…}`. */
  readonly patches?: true;
  /** Where it is known what the object and the params are. */
  readonly types?: {readonly object: Type; readonly params: Type};
};

export type VariableFields = ReadonlyMap<string, Field>;

const objectType = (name: string, fields: {readonly [name: string]: Type}): Type => ({
  kind: 'object',
  name: `kubernetes.${name}`,
  fields: new Map(Object.entries(fields).map(([key, type]) => [key, {type, key}])),
});

/** What later expressions see of a variable: nothing of types that it takes an object to describe, and of what is nested too deeply. */
export const variableField = (name: string, type: Type): Field => ({key: name, type: isKept(type) ? type : dyn, nullable: true});

/** Of types nested deeper than this, which variables can build upon each other, no more is known. */
const typeDepthMax = 32;
const typedVariables: ReadonlySet<Type['kind']> = new Set([
  ...(['bool', 'int', 'uint', 'double', 'string', 'bytes'] as const),
  ...(['timestamp', 'duration', 'list', 'map'] as const),
]);
const isKept = (type: Type): boolean => typedVariables.has(type.kind) && isShallow(type, typeDepthMax);

function isShallow(type: Type, depth: number): boolean {
  if (depth === 0) return false;
  if (type.kind === 'list') return isShallow(type.item, depth - 1);
  return type.kind !== 'map' || isShallow(type.value, depth - 1);
}

const strings = listOf(string);
const kindType = objectType('GroupVersionKind', {group: string, version: string, kind: string});
const resourceType = objectType('GroupVersionResource', {group: string, version: string, resource: string});
const userType = objectType('UserInfo', {username: string, uid: string, groups: strings, extra: mapOf(string, strings)});
const requestType = objectType('AdmissionRequest', {
  kind: kindType,
  resource: resourceType,
  subResource: string,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo: userType,
  dryRun: bool,
  options: dyn,
});
const namespaceMetadataType = objectType('NamespaceMetadata', {
  name: string,
  generateName: string,
  namespace: string,
  labels: mapOf(string, string),
  annotations: mapOf(string, string),
  UID: string,
  creationTimestamp: timestamp,
  deletionGracePeriodSeconds: int,
  deletionTimestamp: timestamp,
  generation: int,
  resourceVersion: string,
  finalizers: strings,
});
const namespaceConditionType = objectType('NamespaceCondition', {
  status: string,
  type: string,
  lastTransitionTime: timestamp,
  message: string,
  reason: string,
});
const namespaceType = objectType('Namespace', {
  metadata: namespaceMetadataType,
  spec: objectType('NamespaceSpec', {finalizers: strings}),
  status: objectType('NamespaceStatus', {conditions: listOf(namespaceConditionType), phase: string}),
});

export const patchObjectType = opaque('Object');
const jsonPatchType = opaque('JSONPatch');
export const jsonPatchesType = listOf(jsonPatchType);
const jsonPatchFields: ReadonlyMap<string, Type> = new Map<string, Type>([
  ['op', string],
  ['path', string],
  ['from', string],
  ['value', dyn],
]);

/** `Object` and what is named after its fields may hold anything: what the object is depends on the request. */
function patchMessage(name: string): MessageType | undefined {
  if (name === jsonPatchType.name) return {type: jsonPatchType, field: field => jsonPatchFields.get(field)};
  return name === 'Object' || name.startsWith('Object.') ? {type: opaque(name), field: () => dyn} : undefined;
}

const functions = new Map([...kubernetesFunctions, ...functionsOf(authorizer)]);
/** Steps of JSON pointers keep their slashes and tildes. */
const escapeKey = define('jsonpatch.escapeKey', [string], string, key => key.replaceAll('~', '~0').replaceAll('/', '~1'));
const patchFunctions = new Map([...functions, ...functionsOf([escapeKey])]);

function environmentOf(scope: AdmissionScope): Environment {
  const variables = new Map<string, Type>([
    ['object', scope.types?.object ?? dyn],
    ['oldObject', scope.types?.object ?? dyn],
    ['namespaceObject', namespaceType],
    ['request', requestType],
  ]);
  if (scope.params) variables.set('params', scope.types?.params ?? dyn);
  if (scope.authorizer) variables.set('authorizer', authorizerType).set('authorizer.requestResource', resourceCheckType);
  if (scope.variables) variables.set('variables', {kind: 'object', name: 'kubernetes.variables', fields: scope.variables});
  return scope.patches ? {variables, functions: patchFunctions, messages: patchMessage} : {variables, functions};
}

/** Compiles an expression that may use what the scope offers. Never throws. */
export const compileAdmission = (source: string, scope: AdmissionScope): Program | Malformed => compile(source, environmentOf(scope));

/** What came of an expression: its type, and what is wrong with it in Kubernetes' words. */
export type Judged = {readonly type: Type; readonly trouble: string | undefined};

/** The type of an expression, or what is wrong with it, in lines for people. Never throws. */
export function inspectExpression(source: string, scope: AdmissionScope): {readonly type: Type} | {readonly report: string} {
  const found = inspect(source, environmentOf(scope));
  return found.ok ? {type: found.checked.type(found.expr)} : {report: found.report};
}

/** Checks an expression that must give one of the `wanted` types; any will do when there are none. Never throws. */
export function judgeExpression(source: string, scope: AdmissionScope, ...wanted: readonly Type[]): Judged {
  const found = inspectExpression(source, scope);
  if ('report' in found) return {type: dyn, trouble: `compilation failed: ${found.report}`};
  const {type} = found;
  const got = showType(type);
  if (wanted.length === 0 || wanted.some(one => showType(one) === got)) return {type, trouble: undefined};
  const names = wanted.map(nameOf);
  return {type, trouble: `must evaluate to ${names.length > 1 ? `one of [${names.join(' ')}]` : names[0]} but got ${nameOf(type)}`};
}

const nameOf = (type: Type): string => (type.kind === nullType.kind ? 'null_type' : showType(type));
