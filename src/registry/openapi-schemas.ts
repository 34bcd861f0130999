import type {JsonObject} from '../api/json.ts';
import type {Kind} from '../kinds/kind.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import type {GroupVersionKind} from './openapi-names.ts';
import {definitionName, gvkOf, metaDefinition, scaleDefinition} from './openapi-names.ts';
import {withParts} from './openapi-parts.ts';

/** Where published schemas come from. */
export type SchemaSource = {
  /** The schema of a whole object, apiVersion, kind and metadata included, as OpenAPI v3 shows it. */
  published(schema: JsonSchema, gvk: GroupVersionKind): JsonObject;
  /** The definitions all kinds share, by name: those that operations need and whatever they refer to. */
  readonly meta: {readonly [name: string]: JsonObject};
};

/** The definitions of a kind and its parts, in v3's form, of its list and of what its subresources answer, by name. Several kinds may tell the same part. */
export const ownSchemas = (kind: Kind, schemas: SchemaSource): [string, JsonObject][] => [
  ...objectSchemas(kind, schemas),
  // Reviews are answered and never listed.
  ...(kind.verbs.includes('list') ? [[definitionName(kind, kind.names.listKind), listSchema(kind)] as [string, JsonObject]] : []),
  ...(kind.subresources.token ? ownSchemas(kind.subresources.token, schemas) : []),
];

/** Those that kinds refer to. */
export function sharedSchemas(kinds: readonly Kind[], schemas: SchemaSource): JsonObject {
  // kubectl refuses a document with a reference that leads nowhere.
  for (const name of needed) if (!Object.hasOwn(schemas.meta, metaDefinition(name))) throw new Error(`no definition of ${name}`);
  // All of them: looking for references would find those that tenants write into defaults and examples.
  return {...(kinds.some(kind => kind.subresources.scale) && scaleSchemas), ...schemas.meta};
}

const needed = ['DeleteOptions', 'ListMeta', 'ObjectMeta', 'Patch', 'Status'];

/** That of the object, and for kinds of Kubernetes those of its parts. */
function objectSchemas(kind: Kind, schemas: SchemaSource): readonly [string, JsonObject][] {
  const schema = {...schemas.published(kind.schema, gvkOf(kind)), ...selectableFields(kind)};
  return kind.custom ? [[definitionName(kind, kind.names.kind), schema]] : withParts(kind, schema);
}

const listSchema = (kind: Kind): JsonObject => ({
  description: `${kind.names.listKind} is a list of ${kind.names.kind}`,
  type: 'object',
  required: ['items'],
  properties: {
    ...typeFields,
    items: {description: 'The objects of this page.', type: 'array', items: {$ref: ref(definitionName(kind, kind.names.kind))}},
    metadata: {$ref: ref(metaDefinition('ListMeta'))},
  },
  'x-kubernetes-group-version-kind': [{group: kind.group, version: kind.version, kind: kind.names.listKind}],
  ...selectableFields(kind),
});

const selectableFields = ({selectable}: Kind): JsonObject =>
  selectable?.length ? {'x-kubernetes-selectable-fields': selectable.map(fieldPath => ({fieldPath}))} : {};

const ref = (definition: string): string => `#/components/schemas/${definition}`;

const typeFields: JsonObject = {
  apiVersion: {description: 'The group and version of this representation.', type: 'string'},
  kind: {description: 'The kind of this object, in CamelCase.', type: 'string'},
};

/** What `/scale` reads and writes. */
const scaleSchemas: JsonObject = {
  [scaleDefinition]: {
    description: 'Scale is the number of replicas of a resource, wanted and present.',
    type: 'object',
    properties: {
      ...typeFields,
      metadata: {$ref: ref(metaDefinition('ObjectMeta'))},
      spec: {$ref: ref(`${scaleDefinition}Spec`)},
      status: {$ref: ref(`${scaleDefinition}Status`)},
    },
    'x-kubernetes-group-version-kind': [{group: 'autoscaling', version: 'v1', kind: 'Scale'}],
  },
  [`${scaleDefinition}Spec`]: {
    type: 'object',
    properties: {replicas: {description: 'How many are wanted.', type: 'integer', format: 'int32'}},
  },
  [`${scaleDefinition}Status`]: {
    type: 'object',
    required: ['replicas'],
    properties: {
      replicas: {description: 'How many there are.', type: 'integer', format: 'int32'},
      selector: {description: 'The label selector that finds them, as text.', type: 'string'},
    },
  },
};
