import type {Json, JsonArray, JsonObject} from '../../api/json.ts';
import {getKey, isObject, setKey} from '../../api/json.ts';
import type {FieldType, ItemsType, MapType, SetType} from './field-type.ts';
import {childType, formOf} from './field-type.ts';
import {indexItems} from './list-items.ts';

/**
 * Merges a configuration into a live object (spec kubernetes-api 5.7). Nothing is removed. The result shares with both.
 */
export const mergeObjects = (type: MapType, live: JsonObject, config: JsonObject): JsonObject => mergeMaps(type, live, config);

function mergeAt(type: FieldType, live: Json | undefined, config: Json): Json {
  const form = formOf(type, config);
  if (form.is === 'map' && isObject(live)) {
    if (isObject(config)) return mergeMaps(form, live, config);
    // A null cannot take the fields of others away.
    if (config === null && Object.keys(live).length > 0) return live;
  }
  if ((form.is === 'set' || form.is === 'items') && Array.isArray(live) && live.length > 0) {
    if (Array.isArray(config)) return mergeLists(form, live, config);
    if (config === null) return live;
  }
  return config;
}

function mergeMaps(type: MapType, live: JsonObject, config: JsonObject): JsonObject {
  const merged: JsonObject = {};
  for (const key of Object.keys(live)) {
    const wanted = getKey(config, key);
    setKey(merged, key, wanted === undefined ? live[key]! : mergeAt(childType(type, key), live[key], wanted));
  }
  for (const key of Object.keys(config)) if (!Object.hasOwn(live, key)) setKey(merged, key, config[key]!);
  return merged;
}

/**
 * Live items keep their order, and so do those of the configuration; of two that both have, the configuration tells which is first.
 * Live items of an identity that occurs twice stay as they are, unless the configuration has one to put in their place.
 */
function mergeLists(type: SetType | ItemsType, live: JsonArray, config: JsonArray): Json {
  const old = indexItems(type, live);
  const wanted = indexItems(type, config);
  // What has no identity cannot be merged; the configuration has been checked, so these are live items.
  if (!old || !wanted) return config;
  const shared = wanted.elements.filter(element => old.items.has(element));
  const merged: JsonArray = [];
  const mergeItem = (i: number): void => {
    const element = wanted.elements[i]!;
    const partner = old.repeated?.has(element) ? undefined : old.items.get(element);
    merged.push(partner === undefined ? config[i]! : mergeAt(type.items, partner, config[i]!));
  };
  let next = 0;
  let nextShared = 0;
  for (const [i, element] of old.elements.entries()) {
    if (!wanted.items.has(element)) {
      merged.push(live[i]!);
      continue;
    }
    // Other shared items come where the configuration has them.
    if (element !== shared[nextShared]) continue;
    nextShared++;
    while (wanted.elements[next] !== element) mergeItem(next++);
    mergeItem(next++);
  }
  while (next < config.length) mergeItem(next++);
  return merged;
}
