/** For tests: one object whose fields are tracked, as a server would do it, and the kinds of spec kubernetes-api 5.9. */
import type {Json, JsonObject} from '../../api/json.ts';
import {clone, equal, isObject} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {applyConfiguration} from './apply-configuration.ts';
import type {FieldSet} from './field-set.ts';
import {leaf} from './field-set.ts';
import type {MapType} from './field-type.ts';
import {fieldTypeOf} from './field-type.ts';
import type {Version, Write} from './ownership.ts';
import {recordUpdate} from './record-update.ts';

const string: JsonSchema = {type: 'string'};
const integer: JsonSchema = {type: 'integer'};
const list = (items: JsonSchema, more: Partial<JsonSchema> = {}): JsonSchema => ({type: 'array', items, ...more});
const object = (properties: {[name: string]: JsonSchema}, more: Partial<JsonSchema> = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
});
const strings: JsonSchema = {type: 'object', additionalProperties: string};

export const configMapType: MapType = fieldTypeOf(object({data: strings, binaryData: strings, immutable: {type: 'boolean'}}), false);

export const widgetSchema: JsonSchema = object({
  spec: object({
    replicas: integer,
    image: string,
    args: list(string),
    tags: list(string, {'x-kubernetes-list-type': 'set'}),
    ports: list(object({port: integer, protocol: {type: 'string', default: 'TCP'}, name: string}), {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
    }),
    selector: object({s: string, q: string}, {'x-kubernetes-map-type': 'atomic'}),
    options: strings,
    raw: {'x-kubernetes-preserve-unknown-fields': true},
  }),
  status: object({
    phase: string,
    ready: integer,
    conditions: list(object({type: string, status: string}), {'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type']}),
  }),
});
export const widgetType: MapType = fieldTypeOf(widgetSchema, true);

/** The version of the tracked object, and its others. */
export type World = {readonly apiVersion: string; readonly kind: string; readonly versions: (apiVersion: string) => Version | undefined};

const alone = (apiVersion: string, kind: string, type: MapType): World => ({
  apiVersion,
  kind,
  versions: version => (version === apiVersion ? {type, convert: each => each} : undefined),
});
export const configMaps: World = alone('v1', 'ConfigMap', configMapType);
export const widgets: World = alone('example.com/v1', 'Widget', widgetType);

export type By = {readonly manager: string; readonly subresource?: string; readonly apiVersion?: string};
type Tracked = {
  /** With managedFields; undefined before the first write. */
  readonly live: () => JsonObject | undefined;
  /** Without metadata but for labels and annotations. */
  readonly content: () => Json;
  /** `manager operation apiVersion time subresource` and the fields; times are t1, t2, … by write. */
  readonly entries: () => [string, Json][];
  readonly revision: () => number;
  readonly put: (by: By, object: JsonObject) => void;
  readonly apply: (by: By, config: JsonObject, force?: boolean) => void;
};

const statusReset: FieldSet = {'f:status': leaf};
const specReset: FieldSet = {'f:spec': leaf};

/** `main` says what the main endpoint resets: the status where it is a subresource. */
export function track(world: World, main: FieldSet = world === widgets ? statusReset : {}): Tracked {
  let live: JsonObject | undefined;
  let writes = 0;
  let revision = 0;

  const write = (by: By): Write => ({
    live,
    apiVersion: by.apiVersion ?? world.apiVersion,
    manager: by.manager,
    subresource: by.subresource ?? '',
    now: writes * 1000,
    resetFields: by.subresource === 'status' ? specReset : main,
    versions: world.versions,
  });
  const named = (content: JsonObject, by: By): JsonObject => ({
    apiVersion: by.apiVersion ?? world.apiVersion,
    kind: world.kind,
    ...content,
    metadata: {name: 'w', namespace: 'd', ...(content['metadata'] as JsonObject | undefined)},
  });
  /** What the strategies of a server do: each endpoint keeps the other's part. */
  const reset = (object: JsonObject, by: By): JsonObject => {
    const kept = by.subresource === 'status' ? 'spec' : main['f:status'] ? 'status' : undefined;
    if (kept === undefined) return object;
    const {[kept]: _, ...rest} = object;
    const was = live?.[kept];
    return was === undefined ? rest : {...rest, [kept]: was};
  };
  const store = (object: JsonObject, managedFields: JsonObject[]): void => {
    const metadata: JsonObject = {...(object['metadata'] as JsonObject), managedFields};
    if (managedFields.length === 0) delete metadata['managedFields'];
    const next = clone({...object, metadata});
    if (!equal(next, live)) revision++;
    live = next;
  };
  return {
    live: () => live,
    content: () => {
      const {apiVersion: _, kind: __, metadata, ...content} = live ?? {};
      const {name: ___, namespace: ____, managedFields: _____, ...shown} = metadata as JsonObject;
      return Object.keys(shown).length > 0 ? {metadata: shown, ...content} : content;
    },
    entries: () => entriesOf(live),
    revision: () => revision,
    put(by, content) {
      writes++;
      const object = reset(named(content, by), by);
      store(object, recordUpdate(write(by), object));
    },
    apply(by, config, force = false) {
      writes++;
      const {object: applied, managedFields} = applyConfiguration(write(by), named(config, by), force);
      store(reset(applied, by), managedFields);
    },
  };
}

export function entriesOf(object: JsonObject | undefined): [string, Json][] {
  const metadata = object?.['metadata'];
  const entries = isObject(metadata) ? (metadata['managedFields'] as JsonObject[] | undefined) : undefined;
  return (entries ?? []).map(entry => {
    const time = entry['time'] === undefined ? '-' : `t${Date.parse(entry['time'] as string) / 1000}`;
    const subresource = entry['subresource'] === undefined ? '' : ` ${String(entry['subresource'])}`;
    return [
      `${String(entry['manager'])} ${String(entry['operation'])} ${String(entry['apiVersion'])} ${time}${subresource}`,
      entry['fieldsV1']!,
    ];
  });
}
