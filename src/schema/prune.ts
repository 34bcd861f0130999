import {at} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {isObject} from '../api/json.ts';
import {cleanMetadata} from '../api/metadata-shape.ts';
import type {JsonSchema} from './json-schema.ts';

/** What every object has at its root, and embedded resources too, whether or not their schema names it. */
export const rootFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Paths told at most: enough for people, and no amplifier for a hostile body. */
const unknownPathsMax = 1000;

type Walk = {readonly path: (string | number)[]; readonly unknown: string[]};
type Prune = (value: Json, walk: Walk) => void;

/**
 * Compiles the removal of fields that the schema does not know (spec kubernetes-api 6.4). The result changes the object and
 * gives the sorted paths of what it removed (`spec.items[0].foo`), the first 1000 of them. Of the root it leaves apiVersion,
 * kind and metadata alone.
 */
export function compilePrune(schema: JsonSchema): (object: JsonObject) => string[] {
  const prune = pruneBy(schema, rootFields, undefined);
  return object => {
    const walk: Walk = {path: [], unknown: []};
    prune(object, walk);
    return walk.unknown.sort();
  };
}

/** The same for a value that is not a whole object, such as a default. */
export function compilePruneValue(schema: JsonSchema): (value: Json) => string[] {
  const prune = pruneNode(schema);
  return value => {
    const walk: Walk = {path: [], unknown: []};
    prune(value, walk);
    return walk.unknown.sort();
  };
}

const noFields: ReadonlySet<string> = new Set();

/** Compiles when the first object or list comes. */
function pruneWhenMet(schema: JsonSchema): Prune {
  let prune: Prune | undefined;
  return (value, walk) => {
    if (typeof value !== 'object' || value === null) return;
    prune ??= pruneNode(schema);
    prune(value, walk);
  };
}

function pruneNode(schema: JsonSchema): Prune {
  return schema['x-kubernetes-embedded-resource'] ? pruneBy(schema, rootFields, pruneMetadata) : pruneBy(schema, noFields, undefined);
}

function pruneBy(schema: JsonSchema, kept: ReadonlySet<string>, metadata: Prune | undefined): Prune {
  const properties = new Map(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, pruneWhenMet(property)]));
  const additional = schema.additionalProperties;
  // `additionalProperties: true` or `false` says nothing of what is in the values: they lose all their fields.
  const others = typeof additional === 'object' ? pruneWhenMet(additional) : additional === undefined ? undefined : pruneUnknown;
  const preserve = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const item = schema.items ? pruneItem(schema.items, preserve) : preserve ? undefined : pruneUnknown;

  return (value, walk) => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      if (item) pruneList(value, item, walk);
      return;
    }
    const depth = walk.path.length;
    for (const key of Object.keys(value)) {
      walk.path[depth] = key;
      if (kept.has(key)) {
        if (key === 'metadata') metadata?.(value[key]!, walk);
        continue;
      }
      const child = properties.get(key) ?? others;
      if (child) child(value[key]!, walk);
      else if (!preserve) remove(value, key, walk);
    }
    walk.path.length = depth;
  };
}

/** Below a list that preserves unknown fields its items do so as well. */
const pruneItem = (items: JsonSchema, preserve: boolean): Prune =>
  pruneWhenMet(preserve ? {...items, 'x-kubernetes-preserve-unknown-fields': true} : items);

function pruneList(list: Json[], item: Prune, walk: Walk): void {
  const depth = walk.path.length;
  for (let i = 0; i < list.length; i++) {
    walk.path[depth] = i;
    item(list[i]!, walk);
  }
  walk.path.length = depth;
}

/** Where nothing is known, every field of every object goes. */
const pruneUnknown: Prune = (value, walk) => {
  if (Array.isArray(value)) pruneList(value, pruneUnknown, walk);
  else if (isObject(value)) {
    const depth = walk.path.length;
    for (const key of Object.keys(value)) {
      walk.path[depth] = key;
      remove(value, key, walk);
    }
    walk.path.length = depth;
  }
};

function remove(object: JsonObject, key: string, walk: Walk): void {
  delete object[key];
  if (walk.unknown.length < unknownPathsMax) walk.unknown.push(at('', ...walk.path));
}

/** Metadata of embedded resources keeps the fields of ObjectMeta. */
const pruneMetadata: Prune = (value, walk) => {
  const resource = at('', ...walk.path.slice(0, -1));
  for (const path of cleanMetadata(value)) {
    if (walk.unknown.length < unknownPathsMax) walk.unknown.push(at(resource, path));
  }
};
