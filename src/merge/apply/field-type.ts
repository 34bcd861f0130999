import type {Json} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';

/**
 * How the fields of a value are owned (spec kubernetes-api 5.3): what is one field however much it holds (a scalar, an atomic list or
 * map), and what is many.
 */
export type FieldType =
  | {readonly is: 'scalar'; readonly of: 'string' | 'number' | 'boolean' | 'any'}
  | {readonly is: 'atomic list'; readonly items?: FieldType}
  | {readonly is: 'atomic map'; readonly fields?: MapType}
  | SetType
  | ItemsType
  | MapType
  /** Whatever the value is: maps are granular, lists atomic. */
  | {readonly is: 'deduced'}
  /** A field of the server's that nobody owns (5.4). */
  | {readonly is: 'unowned'};

/** A list in which every value is a field of its own. */
export type SetType = {readonly is: 'set'; readonly items: FieldType};
/** A list in which items are told apart by key fields. */
export type ItemsType = {readonly is: 'items'; readonly items: FieldType; readonly keys: readonly KeyField[]};
type KeyField = {readonly name: string; readonly fallback: Json | undefined};

export type MapType = {
  readonly is: 'map';
  readonly fields: ReadonlyMap<string, FieldType>;
  /** The type of all other keys; undefined when there may be none. */
  readonly others: FieldType | undefined;
  /** Always there, so that nobody is the one who added it. */
  readonly implicit: boolean;
};

const unowned: FieldType = {is: 'unowned'};
const deduced: FieldType = {is: 'deduced'};
const text: FieldType = {is: 'scalar', of: 'string'};
const scalar: FieldType = {is: 'scalar', of: 'any'};
const texts: MapType = {is: 'map', fields: new Map(), others: text, implicit: false};

/** A map of which nothing is declared. */
const deducedMap: MapType = {is: 'map', fields: new Map(), others: deduced, implicit: false};

const metadataType: MapType = {
  is: 'map',
  implicit: true,
  others: undefined,
  fields: new Map<string, FieldType>([
    ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map(
      (name): [string, FieldType] => [name, unowned],
    ),
    ['generateName', text],
    ['deletionTimestamp', text],
    ['deletionGracePeriodSeconds', {is: 'scalar', of: 'number'}],
    ['labels', texts],
    ['annotations', texts],
    ['finalizers', {is: 'set', items: text}],
    ['ownerReferences', {is: 'items', items: {is: 'atomic map'}, keys: [{name: 'uid', fallback: undefined}]}],
  ]),
};

/**
 * The type of whole objects of a kind, out of its schema, which may leave apiVersion, kind and metadata out. Keep it: making it costs
 * as much as a hundred writes. `custom` is false for kinds of Kubernetes itself, whose structs are there even when empty, so that
 * nobody owns, say, `spec` as such (5.2).
 */
export function fieldTypeOf(schema: JsonSchema, custom: boolean): MapType {
  const root = mapOf(schema, custom ? 'custom' : 'built-in');
  return {...root, implicit: true, fields: withRootFields(root.fields)};
}

const withRootFields = (fields: ReadonlyMap<string, FieldType>): ReadonlyMap<string, FieldType> =>
  new Map([...fields, ['apiVersion', unowned], ['kind', unowned], ['metadata', metadataType]]);

/** `built-in` as long as all the structs above, and the one itself, are there in every object. */
type Origin = 'custom' | 'built-in';

function typeOf(schema: JsonSchema, origin: Origin = 'custom'): FieldType {
  if (schema['x-kubernetes-int-or-string']) return scalar;
  switch (schema.type) {
    case 'array':
      return listOf(schema);
    case 'object':
      return schemaOfMap(schema, origin);
    case 'string':
      return text;
    case 'integer':
    case 'number':
      return {is: 'scalar', of: 'number'};
    case 'boolean':
      return {is: 'scalar', of: 'boolean'};
    default:
      return schema.properties ? schemaOfMap(schema, origin) : deduced;
  }
}

function schemaOfMap(schema: JsonSchema, origin: Origin): FieldType {
  if (schema['x-kubernetes-map-type'] === 'atomic') return {is: 'atomic map', fields: mapOf(schema, 'custom')};
  if (schema['x-kubernetes-embedded-resource']) {
    const embedded = mapOf(schema, 'custom');
    return {...embedded, fields: new Map([['apiVersion', text], ['kind', text], ['metadata', deduced], ...embedded.fields])};
  }
  return mapOf(schema, origin);
}

function mapOf(schema: JsonSchema, origin: Origin): MapType {
  const {properties, additionalProperties} = schema;
  const fields = new Map<string, FieldType>();
  const isStruct = properties !== undefined && Object.keys(properties).length > 0;
  for (const name of Object.keys(properties ?? {})) {
    const property = properties![name]!;
    fields.set(name, typeOf(property, origin === 'built-in' && property.properties ? 'built-in' : 'custom'));
  }
  const open = schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties === true;
  const closed = isStruct || additionalProperties === false;
  const others = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : closed && !open ? undefined : deduced;
  return {is: 'map', fields, others, implicit: origin === 'built-in' && isStruct};
}

/** The list type says it all; kinds of Kubernetes that have none say how strategic merge patches treat the list. */
function listOf(schema: JsonSchema): FieldType {
  const items = schema.items ? typeOf(schema.items) : deduced;
  const merges = schema['x-kubernetes-patch-strategy']?.startsWith('merge');
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  const listType = schema['x-kubernetes-list-type'] ?? (merges ? (mergeKey ? 'map' : 'set') : 'atomic');
  if (listType === 'set') return {is: 'set', items};
  if (listType !== 'map') return {is: 'atomic list', items};
  const names = schema['x-kubernetes-list-map-keys'] ?? (mergeKey ? [mergeKey] : []);
  const defaultOf = (name: string): Json | undefined => {
    const properties = schema.items?.properties;
    return properties && Object.hasOwn(properties, name) ? properties[name]!.default : undefined;
  };
  return {is: 'items', items, keys: [...names].sort().map(name => ({name, fallback: defaultOf(name) ?? undefined}))};
}

/** The type of what is below `key`. Where nothing is declared, whatever it is. */
export const childType = (type: MapType, key: string): FieldType => type.fields.get(key) ?? type.others ?? deduced;

/** The form that a value of this type is walked in: deduced ones by what they are. */
export type Form = Exclude<FieldType, {is: 'deduced'}>;

export function formOf(type: FieldType, value: Json | undefined): Form {
  if (type.is !== 'deduced') return type;
  if (Array.isArray(value)) return atomicList;
  return typeof value === 'object' && value !== null ? deducedMap : (scalar as Form);
}

const atomicList: Form = {is: 'atomic list'};
