import type {Json, JsonArray, JsonObject} from '../../api/json.ts';
import {getKey, isObject, setKey} from '../../api/json.ts';
import type {FieldType, ItemsType, MapType, SetType} from './field-type.ts';
import {childType, formOf} from './field-type.ts';
import {indexItems, itemElement} from './list-items.ts';
import type {PathElement} from './path-element.ts';

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

type Item = {readonly element: PathElement; readonly value: Json};

/**
 * Live items keep their order, and so do those of the configuration; of two that both have, the configuration tells which is first.
 * Live items of an identity that occurs twice stay as they are, unless the configuration has one to put in their place.
 */
function mergeLists(type: SetType | ItemsType, live: JsonArray, config: JsonArray): Json {
  const liveItems = indexItems(type, live);
  const wantedItems = indexItems(type, config);
  // What has no identity cannot be merged; the configuration has been checked, so these are live items.
  if (!liveItems || !wantedItems) return config;
  const old = itemsOf(type, live);
  const wanted = itemsOf(type, config);
  const shared = wanted.filter(item => liveItems.items.has(item.element)).map(item => item.element);
  const merged: JsonArray = [];
  const mergeItem = ({element, value}: Item): void => {
    const partner = liveItems.repeated?.has(element) ? undefined : liveItems.items.get(element);
    merged.push(partner === undefined ? value : mergeAt(type.items, partner, value));
  };
  let next = 0;
  let nextShared = 0;
  for (const item of old) {
    if (!wantedItems.items.has(item.element)) {
      merged.push(item.value);
      continue;
    }
    // Other shared items come where the configuration has them.
    if (item.element !== shared[nextShared]) continue;
    for (; next < wanted.length; next++) {
      mergeItem(wanted[next]!);
      if (wanted[next]!.element === item.element) break;
    }
    next++;
    nextShared++;
  }
  for (; next < wanted.length; next++) mergeItem(wanted[next]!);
  return merged;
}

const itemsOf = (type: SetType | ItemsType, list: JsonArray): Item[] =>
  list.map(value => ({element: itemElement(type, value) as PathElement, value}));
