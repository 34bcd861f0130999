import type {Json, JsonObject} from '../api/json.ts';
import {setKey} from '../api/json.ts';
import {microTimeFormat} from './go-time.ts';
import type {JsonSchema} from './json-schema.ts';
import {metaName} from './meta-schemas.ts';

export type GroupVersionKind = {readonly group: string; readonly version: string; readonly kind: string};

/**
 * The schema of a kind as `components.schemas` of an OpenAPI v3 document shows it (spec kubernetes-api 6.12, 7.4): with
 * apiVersion, kind and metadata at the root and in embedded resources. Extensions are kept; kubectl reads them.
 */
export function publishedV3(schema: JsonSchema, {group, version, kind}: GroupVersionKind): JsonObject {
  const published = publish(schema);
  return {
    ...published,
    type: 'object',
    properties: withImplied(published['properties'] as JsonObject | undefined),
    'x-kubernetes-group-version-kind': [{group, version, kind}],
  };
}

/** `#/components/schemas/…` of one of `metaSchemas`. */
export const metaRef = (name: string): string => `#/components/schemas/${metaName(name)}`;

const implied: JsonObject = {
  apiVersion: {
    description: 'The group and version in which this object is written, such as apps/v1. Unknown versions may be refused.',
    type: 'string',
  },
  kind: {description: 'The kind of this object, in CamelCase. It cannot be changed.', type: 'string'},
  metadata: {
    description: 'What all objects have: name, namespace, labels, annotations, owners and the like.',
    allOf: [{$ref: metaRef('ObjectMeta')}],
    default: {},
  },
};

/** Declared properties never stand in for the implied ones: restrictions of metadata are for validation alone. */
function withImplied(properties: JsonObject = {}): JsonObject {
  const all: JsonObject = {};
  for (const name of Object.keys(properties)) setKey(all, name, properties[name]!);
  for (const name of Object.keys(implied)) setKey(all, name, implied[name]!);
  return all;
}

function publish(schema: JsonSchema): JsonObject {
  const published = {...schema} as unknown as JsonObject;
  if (schema.format === microTimeFormat) published['format'] = 'date-time';
  if (schema.properties) published['properties'] = publishAll(schema.properties);
  if (schema.items) published['items'] = publish(schema.items);
  if (typeof schema.additionalProperties === 'object') published['additionalProperties'] = publish(schema.additionalProperties);
  if (!schema['x-kubernetes-embedded-resource']) return published;
  const required = new Set([...(schema.required ?? []), 'kind', 'apiVersion']);
  return {...published, properties: withImplied(published['properties'] as JsonObject | undefined), required: [...required]};
}

function publishAll(properties: {readonly [name: string]: JsonSchema}): JsonObject {
  const published: JsonObject = {};
  for (const [name, property] of Object.entries(properties)) setKey(published, name, publish(property) as Json);
  return published;
}
