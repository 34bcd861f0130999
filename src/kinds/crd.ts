/** How a CustomResourceDefinition becomes kinds (spec kubernetes-api 6.8-6.10). */
import {age} from '../api/age.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {compareVersions} from '../api/version-order.ts';
import {compileJsonPath} from '../schema/json-path.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {readSchema} from '../schema/written-schema.ts';
import {dateAge} from './build.ts';
import {scaleStrategy} from './crd-scale.ts';
import type {Column, Kind, KindNames, ScalePaths, Subresources, Verb} from './kind.ts';
import {customVerbs} from './kind.ts';
import {child, number, objects, text, texts} from './read.ts';

/** Tells of a version of a definition how to come by its schema as it was written. */
export type WrittenSchema = (version: JsonObject) => () => JsonObject;

/**
 * One kind per served version, under the accepted names; none before names were accepted. The definition must be valid. What `written` gives is held by
 * the kind, and called when its schema is asked for and nobody holds it any more.
 */
export function kindsOfCrd(crd: JsonObject, written: WrittenSchema = writtenSchema): Kind[] {
  const spec = child(crd, 'spec') ?? {};
  const names = namesOf(child(child(crd, 'status'), 'acceptedNames'));
  if (!names) return [];
  const verbs = isTerminating(crd) ? terminatingVerbs : customVerbs;
  const shared = {group: text(spec, 'group'), names, namespaced: text(spec, 'scope') === 'Namespaced', verbs};
  return objects(spec, 'versions')
    .filter(version => version['served'] === true)
    .map(version => withSchema({...shared, ...kindOfVersion(version), ...deprecationOf(version, spec, names.kind)}, written(version)));
}

/**
 * The kind with its schema, which is read when it is asked for: discovery of thousands of kinds asks for none, and who compiles it holds it. Documents go
 * through all of them, and nobody wants them afterwards.
 */
function withSchema(kind: Omit<Kind, 'schema'>, written: () => JsonObject): Kind {
  let held: WeakRef<JsonSchema> | undefined;
  return Object.defineProperty(kind, 'schema', {
    enumerable: true,
    get() {
      const known = held?.deref();
      if (known) return known;
      const schema = schemaOf(written());
      held = new WeakRef(schema);
      return schema;
    },
  }) as Kind;
}

/** The version in which objects are stored; '' when none is marked. */
export const storageVersionOf = (crd: JsonObject): string => {
  const storage = objects(child(crd, 'spec'), 'versions').find(version => version['storage'] === true);
  return text(storage, 'name');
};

/** The schema of a version, served or not. The definition must be valid. */
export function versionSchema(crd: JsonObject, name: string, written: WrittenSchema = writtenSchema): JsonSchema {
  const found = objects(child(crd, 'spec'), 'versions').find(version => text(version, 'name') === name);
  return schemaOf(found ? written(found)() : {});
}

export const isEstablished = (crd: JsonObject): boolean => hasCondition(crd, 'Established');

/** Whether the definition is on its way out: objects can go, but none can come. */
export const isTerminating = (crd: JsonObject): boolean =>
  text(child(crd, 'metadata'), 'deletionTimestamp') !== '' || hasCondition(crd, 'Terminating');

const hasCondition = (crd: JsonObject, type: string): boolean =>
  objects(child(crd, 'status'), 'conditions').some(one => one['type'] === type && one['status'] === 'True');

const refusedWhileTerminating: ReadonlySet<Verb> = new Set(['create', 'patch', 'update']);
const terminatingVerbs = customVerbs.filter(verb => !refusedWhileTerminating.has(verb));

function namesOf(accepted: JsonObject | undefined): KindNames | undefined {
  const [plural, kind] = [text(accepted, 'plural'), text(accepted, 'kind')];
  if (!plural || !kind) return undefined;
  return {
    kind,
    plural,
    listKind: text(accepted, 'listKind'),
    singular: text(accepted, 'singular'),
    shortNames: texts(accepted, 'shortNames'),
    categories: texts(accepted, 'categories'),
  };
}

type VersionPart = Pick<Kind, 'version' | 'subresources' | 'columns' | 'strategy' | 'custom'> & {
  readonly selectable: readonly string[];
};

const writtenSchema: WrittenSchema = version => () => child(child(version, 'schema'), 'openAPIV3Schema') ?? {};
// Validation has made sure that nothing is wrong with it.
const schemaOf = (written: JsonObject): JsonSchema => readSchema(written, 'schema').schema;

function kindOfVersion(version: JsonObject): VersionPart {
  const subresources = subresourcesOf(child(version, 'subresources'));
  const paths = objects(version, 'selectableFields').map(field => text(field, 'jsonPath'));
  return {
    version: text(version, 'name'),
    subresources,
    columns: columnsOf(objects(version, 'additionalPrinterColumns')),
    strategy: {
      ...scaleStrategy(subresources.scale),
      generation: 'all',
      fields: Object.fromEntries(paths.map(path => [path.slice(1), fieldOf(path)])),
    },
    custom: true,
    selectable: paths.map(path => path.slice(1)),
  };
}

function subresourcesOf(declared: JsonObject | undefined): Subresources {
  const scale = child(declared, 'scale');
  return {...(child(declared, 'status') && {status: true}), ...(scale && {scale: scaleOf(scale)})};
}

function scaleOf(scale: JsonObject): ScalePaths {
  const labelSelectorPath = text(scale, 'labelSelectorPath');
  return {
    specReplicasPath: text(scale, 'specReplicasPath'),
    statusReplicasPath: text(scale, 'statusReplicasPath'),
    ...(labelSelectorPath && {labelSelectorPath}),
  };
}

/** What a field selector compares: the value as text, '' when there is none. The path has been checked: names and dots. */
function fieldOf(path: string): (object: JsonObject) => string {
  const steps = path.slice(1).split('.');
  return object => {
    const found = dig(object, ...steps);
    return found === undefined || found === null || typeof found === 'object' ? '' : String(found);
  };
}

/** The declared columns; Age when there are none, or when one of them cannot be understood: Kubernetes accepts such definitions. */
function columnsOf(declared: readonly JsonObject[]): readonly Column[] {
  if (declared.length === 0) return [dateAge];
  try {
    return declared.map(columnOf);
  } catch {
    return [dateAge];
  }
}

function columnOf(declared: JsonObject): Column {
  const path = text(declared, 'jsonPath');
  const type = text(declared, 'type') as Column['type'];
  const find = compileJsonPath(path);
  return {
    name: text(declared, 'name'),
    type,
    format: text(declared, 'format'),
    description: text(declared, 'description') || `Custom resource definition column (in JSONPath format): ${path}`,
    priority: number(declared, 'priority') ?? 0,
    cell: (object: KubeObject, now: number): Json => cellOf(type, find(asJson(object))[0], now),
  };
}

/** What does not fit the type of the column is left out. */
function cellOf(type: Column['type'], value: Json | undefined, now: number): Json {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : stringify(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? age(value, now) : '<invalid>';
  }
}

/** The warning of a deprecated version: its own, or one that names the best version to go to (spec kubernetes-api 1.5). */
function deprecationOf(version: JsonObject, spec: JsonObject, kind: string): {readonly deprecation?: string} {
  if (version['deprecated'] !== true) return {};
  const own = text(version, 'deprecationWarning');
  if (own) return {deprecation: own};
  const [group, name] = [text(spec, 'group'), text(version, 'name')];
  const better = objects(spec, 'versions')
    .filter(other => other['served'] === true && other['deprecated'] !== true)
    .map(other => text(other, 'name'))
    .filter(other => compareVersions(other, name) < 0)
    .sort(compareVersions)[0];
  return {deprecation: `${group}/${name} ${kind} is deprecated${better ? `; use ${group}/${better} ${kind}` : ''}`};
}
