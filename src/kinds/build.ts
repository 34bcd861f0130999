/**
 * Builders, so that the file of a kind reads like its documentation. Every description is published through OpenAPI and read
 * by people in `kubectl explain`.
 */
import {age} from '../api/age.ts';
import type {Json} from '../api/json.ts';
import {dig} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {microTimeFormat} from '../schema/go-time.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import type {Column, Kind, Strategy, Subresources, Verb} from './kind.ts';
import {allVerbs, customVerbs} from './kind.ts';

export type Fields = {readonly [name: string]: JsonSchema};
type More = Omit<JsonSchema, 'type' | 'description'>;

export type KindSpec = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Lower-case kind when absent. */
  readonly singular?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly verbs?: readonly Verb[];
  readonly description: string;
  /** The top-level fields beside apiVersion, kind and metadata. */
  readonly fields: Fields;
  readonly required?: readonly string[];
  readonly subresources?: Subresources;
  /** Age alone when absent. */
  readonly columns?: readonly Column[];
  readonly strategy?: Strategy;
};

/** A kind of Kubernetes itself. */
export const kind = (spec: KindSpec): Kind => ({
  group: spec.group,
  version: spec.version,
  names: {
    kind: spec.kind,
    listKind: `${spec.kind}List`,
    plural: spec.plural,
    singular: spec.singular ?? spec.kind.toLowerCase(),
    shortNames: spec.shortNames ?? [],
    categories: spec.categories ?? [],
  },
  namespaced: spec.namespaced,
  verbs: spec.verbs ?? allVerbs,
  schema: object(spec.description, spec.fields, spec.required ? {required: spec.required} : {}),
  subresources: spec.subresources ?? {},
  columns: spec.columns ?? [ageColumn],
  strategy: spec.strategy ?? {},
  custom: false,
});

/** A kind of kcp: to clients a cluster-scoped custom resource of the category `kcp`. */
export function kcpKind(spec: Omit<KindSpec, 'namespaced' | 'categories' | 'verbs'>): Kind {
  const columns = spec.columns ?? [dateAge];
  return {
    ...kind({...spec, namespaced: false, categories: ['kcp'], verbs: customVerbs, columns}),
    strategy: {generation: 'all', ...spec.strategy},
    custom: true,
  };
}

export const object = (description: string, properties: Fields, more: More = {}): JsonSchema => ({
  type: 'object',
  description,
  properties,
  ...more,
});
export const string = (description: string, more: More = {}): JsonSchema => ({type: 'string', description, ...more});
export const boolean = (description: string, more: More = {}): JsonSchema => ({type: 'boolean', description, ...more});
export const integer = (description: string, more: More = {}): JsonSchema => ({type: 'integer', format: 'int32', description, ...more});
export const bigInteger = (description: string, more: More = {}): JsonSchema => integer(description, {...more, format: 'int64'});
/** Base64 on the wire. */
export const bytes = (description: string, more: More = {}): JsonSchema => string(description, {format: 'byte', ...more});
/** RFC 3339, in whole seconds. */
export const time = (description: string): JsonSchema => string(description, {format: 'date-time'});
/** RFC 3339, in microseconds. */
export const microTime = (description: string): JsonSchema => string(description, {format: microTimeFormat});
export const mapOf = (description: string, values: JsonSchema, more: More = {}): JsonSchema => ({
  type: 'object',
  description,
  additionalProperties: values,
  ...more,
});
/** A list that is replaced as a whole. */
export const listOf = (description: string, items: JsonSchema, more: More = {}): JsonSchema => ({
  type: 'array',
  description,
  items,
  'x-kubernetes-list-type': 'atomic',
  ...more,
});
export const setOf = (description: string, items: JsonSchema, more: More = {}): JsonSchema =>
  listOf(description, items, {'x-kubernetes-list-type': 'set', ...more});
/** A list whose items are found by `keys`. */
export const keyedList = (keys: readonly string[], description: string, items: JsonSchema, more: More = {}): JsonSchema =>
  listOf(description, items, {'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys, ...more});
/** The same in a kind of Kubernetes, where the first key also leads strategic merge patches. */
export const listBy = (keys: readonly string[], description: string, items: JsonSchema): JsonSchema =>
  keyedList(keys, description, items, {'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-patch-merge-key': keys[0]!});
/** Any JSON value, kept as it is. */
export const anything = (description: string): JsonSchema => ({description, 'x-kubernetes-preserve-unknown-fields': true});

export const strings = (description: string, each: string, more: More = {}): JsonSchema => listOf(description, string(each), more);

/** A column; shown always and a string unless `more` says otherwise. */
export const column = (
  name: string,
  description: string,
  cell: (object: KubeObject, now: number) => Json,
  more: Partial<Pick<Column, 'type' | 'format' | 'priority'>> = {},
): Column => ({name, type: 'string', format: '', description, priority: 0, cell, ...more});

/** A column of what stands at a path, empty where nothing does. */
export const fieldColumn = (name: string, ...path: readonly string[]): Column =>
  column(name, `The value of ${path.join('.')}.`, o => dig(asJson(o), ...path) ?? null);

const ageText = 'Time since the object was created.';
const ageCell = (o: KubeObject, now: number): Json => age(o.metadata.creationTimestamp, now);
/** The age as kinds of Kubernetes show it. */
export const ageColumn: Column = column('Age', ageText, ageCell);
/** The age as custom resources show it: a date by type, rendered alike. */
export const dateAge: Column = column('Age', ageText, ageCell, {type: 'date'});
/** What kinds without columns of their own show. */
export const createdAtColumn: Column = column('Created At', 'When the object was created.', o => o.metadata.creationTimestamp, {
  type: 'date',
});
