import type {Json} from '../api/json.ts';
import {isObject} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';

/** Schemas within schemas; all that walks a schema or an object by one recurses at most this deep. */
export const schemaDepthMax = 128;
/** Schemas in one schema, itself included. Large published definitions have some ten thousand. */
export const schemaNodesMax = 100_000;

const single = ['items', 'additionalProperties', 'not'] as const;
const many = ['allOf', 'anyOf', 'oneOf'] as const;

/** Why a schema is too large to be used, or undefined. Anything may be given: what is not shaped like a schema is not entered. */
export function beyondBounds(schema: Json): string | undefined {
  let nodes = 0;
  const open: [Json | undefined, number][] = [[schema, 1]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [node, depth] = next;
    if (!isObject(node)) continue;
    if (++nodes > schemaNodesMax) return `must not hold more than ${schemaNodesMax} schemas`;
    if (depth > schemaDepthMax) return `must not nest deeper than ${schemaDepthMax} schemas`;
    for (const key of single) if (Object.hasOwn(node, key)) open.push([node[key], depth + 1]);
    for (const key of many) {
      const list = Object.hasOwn(node, key) ? node[key] : undefined;
      if (Array.isArray(list)) for (const each of list) open.push([each, depth + 1]);
    }
    const properties = Object.hasOwn(node, 'properties') ? node['properties'] : undefined;
    if (isObject(properties)) for (const each of Object.values(properties)) open.push([each, depth + 1]);
  }
  return undefined;
}

export function assertBounded(schema: JsonSchema): void {
  const why = beyondBounds(schema as unknown as Json);
  if (why !== undefined) throw new RangeError(`schema ${why}`);
}
