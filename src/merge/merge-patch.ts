import type {Json, JsonObject} from '../api/json.ts';
import {clone, getKey, isObject, setKey} from '../api/json.ts';

/**
 * The room of patches: JSON patch, merge patch and strategic merge patch. All are pure: values in, a new value out.
 * They know JSON and (for strategic merge) the schema of a kind, never an object's meaning.
 *
 * This one is the merge patch (RFC 7386): null deletes, objects merge, everything else replaces.
 * The result shares nothing with what went in.
 */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return clone(patch);
  const result: JsonObject = {};
  const from = isObject(target) ? target : {};
  for (const key of Object.keys(from)) {
    if (!Object.hasOwn(patch, key)) setKey(result, key, clone(from[key]!));
    else if (patch[key] !== null) setKey(result, key, mergePatch(from[key]!, patch[key]!));
  }
  for (const key of Object.keys(patch)) {
    if (patch[key] !== null && getKey(from, key) === undefined) setKey(result, key, mergePatch(null, patch[key]!));
  }
  return result;
}
