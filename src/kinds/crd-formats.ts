import type {Json, JsonObject} from '../api/json.ts';
import {getKey, isObject} from '../api/json.ts';
import {isKnownFormat} from '../schema/formats.ts';
import {child, objects} from './read.ts';

/** How many formats one answer tells about. */
const toldMax = 20;

/** The formats that a definition names and nobody here knows: values are not held to them, which is worth a warning (spec kubernetes-api 6.3). */
export function unknownFormats(crd: JsonObject): readonly string[] {
  const found = new Set<string>();
  for (const version of objects(child(crd, 'spec'), 'versions')) collect(child(child(version, 'schema'), 'openAPIV3Schema'), found);
  return [...found];
}

function collect(schema: Json | undefined, found: Set<string>): void {
  if (!isObject(schema) || found.size >= toldMax) return;
  const format = getKey(schema, 'format');
  if (typeof format === 'string' && format !== '' && !isKnownFormat(format)) found.add(format);
  for (const keyword of ['items', 'additionalProperties', 'not']) collect(getKey(schema, keyword), found);
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) for (const nested of objects(schema, keyword)) collect(nested, found);
  for (const property of Object.values(child(schema, 'properties') ?? {})) collect(property, found);
}
