import {ApiError, badRequest} from '../api/errors.ts';
import type {Json, JsonArray, JsonObject} from '../api/json.ts';
import {clone, getKey, isObject, setKey, stringify} from '../api/json.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {inOrder, keyOf, mergeByKey, mergeScalars} from './strategic-list.ts';

/**
 * A strategic merge patch (spec kubernetes-api 3.5.5): a merge patch in which `schema` (of the kind, without metadata) says which
 * lists merge and by which key, and directives (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`) say what
 * JSON cannot. The result shares nothing with what went in. Throws BadRequest for malformed directives, Invalid for content that
 * contradicts them, and the nameless error (500), as Kubernetes does, for items without their merge key.
 */
export function strategicPatch(target: JsonObject, patch: JsonObject, schema: JsonSchema): JsonObject {
  const whole = {...schema, properties: {...schema.properties, metadata: metadataSchema}};
  return mergeMaps(clone(target), patch, whole) ?? {};
}

const metadataSchema: JsonSchema = {
  type: 'object',
  properties: {
    ownerReferences: {type: 'array', 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-patch-merge-key': 'uid'},
    finalizers: {type: 'array', 'x-kubernetes-patch-strategy': 'merge'},
  },
};

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

/** The patched map, which may hold parts of `target`; undefined when the patch deletes it. */
function mergeMaps(target: JsonObject, patch: JsonObject, schema: JsonSchema | undefined): JsonObject | undefined {
  const directive = getKey(patch, '$patch');
  if (directive === 'delete') return undefined;
  if (directive !== undefined && directive !== 'replace' && directive !== 'merge') throw badDirective(directive, patch);
  const result: JsonObject = {};
  const retained = retainedKeys(patch);
  if (directive !== 'replace') {
    for (const key of Object.keys(target)) if (!retained || retained.has(key)) setKey(result, key, target[key]!);
  }
  for (const key of Object.keys(patch)) {
    if (key.startsWith(deletePrefix)) deleteScalars(result, key.slice(deletePrefix.length), patch[key]!);
    else if (!key.startsWith('$')) patchKey(result, key, patch, propertyOf(schema, key));
  }
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const name = key.slice(orderPrefix.length);
    setOrder(target, result, {name, order: patch[key]!, patched: getKey(patch, name)}, propertyOf(schema, name));
  }
  return result;
}

/** Merges one member of the patch into `result`, which starts as the target's. */
function patchKey(result: JsonObject, key: string, patch: JsonObject, schema: JsonSchema | undefined): void {
  const wanted = patch[key]!;
  const live = getKey(result, key);
  const strategy = schema?.['x-kubernetes-patch-strategy'] ?? '';
  let merged: Json | undefined;
  if (wanted === null) merged = undefined;
  else if (isObject(wanted)) merged = mergeMaps(isObject(live) && !strategy.startsWith('replace') ? live : {}, wanted, schema);
  else if (!Array.isArray(wanted)) merged = wanted;
  else if (strategy.startsWith('merge')) merged = mergeLists(Array.isArray(live) ? live : [], wanted, schema!);
  else merged = withoutDirectives(wanted);
  if (merged === undefined) delete result[key];
  else setKey(result, key, merged);
}

function mergeLists(live: JsonArray, patch: JsonArray, schema: JsonSchema): JsonArray {
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  const kinds = new Set([...live, ...patch].map(kindOf));
  if (kinds.has('list')) throw new ApiError('Invalid', 'lists of lists are not supported', {});
  if (kinds.size > 1) throw new ApiError('', `slice element types are not identical: ${[...kinds].join(', ')}`);
  if (!kinds.has('map')) return mergeScalars(live, patch);
  if (!mergeKey) throw new ApiError('', 'cannot merge lists without merge key');
  const rest: JsonObject[] = [];
  const deleted = new Set<unknown>();
  let replaces = false;
  for (const item of patch as JsonObject[]) {
    const directive = getKey(item, '$patch');
    if (directive === undefined) rest.push(item);
    else if (directive === 'replace') replaces = true;
    else if (directive === 'delete') deleted.add(keyOf(item, mergeKey));
    else if (directive === 'merge') throw new ApiError('', 'merging lists cannot yet be specified in the patch');
    else throw badDirective(directive, item);
  }
  if (replaces) return withoutDirectives(rest);
  const kept = deleted.size ? (live as JsonObject[]).filter(item => !deleted.has(getKey(item, mergeKey))) : (live as JsonObject[]);
  return mergeByKey(kept, rest, mergeKey, (item, change) => mergeMaps(item, change, schema.items) ?? {});
}

const kindOf = (value: Json): 'list' | 'map' | 'scalar' => (Array.isArray(value) ? 'list' : isObject(value) ? 'map' : 'scalar');

/** A list that replaces the live one: items to delete have nothing to delete, and directives are not content. */
function withoutDirectives(list: JsonArray): JsonArray {
  const kept = list.filter(item => !isObject(item) || getKey(item, '$patch') === undefined);
  return kept.map(item => (isObject(item) ? (mergeMaps({}, item, undefined) ?? {}) : clone(item)));
}

function deleteScalars(result: JsonObject, name: string, values: Json): void {
  if (!Array.isArray(values) || values.some(value => typeof value === 'object')) throw badRequest('invalid patch format of primitive list');
  const live = getKey(result, name);
  const gone = new Set(values);
  if (Array.isArray(live))
    setKey(
      result,
      name,
      live.filter(value => !gone.has(value)),
    );
}

/** The keys that `$retainKeys` lets live; undefined without the directive. */
function retainedKeys(patch: JsonObject): Set<Json> | undefined {
  const listed = getKey(patch, '$retainKeys');
  if (listed === undefined) return undefined;
  if (!Array.isArray(listed)) throw badRequest('invalid patch format of retainKeys');
  const retained = new Set(listed);
  for (const key of Object.keys(patch)) {
    if (!key.startsWith('$') && patch[key] !== null && !retained.has(key)) {
      throw new ApiError('Invalid', "patch content doesn't match retainKeys list", {});
    }
  }
  return retained;
}

type Ordering = {readonly name: string; readonly order: Json; readonly patched: Json | undefined};

/** Brings the merged list into the order that the patch gives. */
function setOrder(target: JsonObject, result: JsonObject, {name, order, patched}: Ordering, schema: JsonSchema | undefined): void {
  if (!Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list');
  const mergeKey = schema?.['x-kubernetes-patch-merge-key'];
  const live = getKey(target, name);
  const merged = getKey(result, name);
  checkOrder(Array.isArray(patched) ? patched : [], order, mergeKey);
  if (Array.isArray(merged)) setKey(result, name, inOrder(merged, order, Array.isArray(live) ? live : [], mergeKey));
}

/** The order must name what the patch brings, in the same sequence. */
function checkOrder(patched: JsonArray, order: JsonArray, mergeKey: string | undefined): void {
  const identity = (item: Json): unknown => (mergeKey ? keyOf(item, mergeKey) : item);
  const wanted = order.map(identity);
  const brought = patched.filter(item => !isObject(item) || getKey(item, '$patch') === undefined).map(identity);
  let at = 0;
  for (const item of brought) {
    while (at < wanted.length && wanted[at] !== item) at++;
    if (at++ >= wanted.length)
      throw badRequest(`The order in patch list:\n${print(patched)}\n doesn't match $setElementOrder list:\n${print(order)}\n`);
  }
}

const printedCharsMax = 1_000;
const print = (value: Json): string => stringify(value).slice(0, printedCharsMax);

const badDirective = (directive: Json, patch: JsonObject): ApiError =>
  badRequest(`unknown patch type: ${print(directive)} in map: ${print(patch)}`);

function propertyOf(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
  if (schema?.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
