import type {JsonObject} from '../api/json.ts';
import {clone} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, asObject, clusterAnnotation, groupVersionOf} from '../api/object.ts';
import type {Kind} from '../kinds/kind.ts';
import type {FieldSet, Trie} from '../merge/apply/field-set.ts';
import {leaf} from '../merge/apply/field-set.ts';
import {fieldTypeOf} from '../merge/apply/field-type.ts';
import type {Version, Write} from '../merge/apply/ownership.ts';
import {recordUpdate} from '../merge/apply/record-update.ts';
import type {Resource} from '../registry/resource.ts';
import {conform} from '../registry/view.ts';
import type {Call} from './call.ts';
import type {InWorkspace} from './exchange.ts';
import {header} from './http.ts';
import {overVersions} from './over-versions.ts';

/** As whom a request writes, in `metadata.managedFields` (spec kubernetes-api 5). */
export type Writer = {
  readonly manager: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** Its object comes with the managedFields that server-side apply has found. */
  readonly applied?: true;
};

const agentCharsMax = 128;

/** The name that a write is known by: the field manager, or else what the client calls itself, up to the first slash. */
export function managerOf({request}: Call, fieldManager: string | undefined): string {
  if (fieldManager) return fieldManager;
  const agent = (header(request.headers, 'user-agent') ?? '').split('/', 1)[0] as string;
  return agent.replace(/[^\x20-\x7e]/g, '').slice(0, agentCharsMax) || 'unknown';
}

/** Says in the object who owns its fields, now that it is as it will be stored. */
export async function trackFields(x: InWorkspace, by: Writer, object: KubeObject, old: KubeObject | undefined): Promise<void> {
  const write = await ownershipWrite(x, by, old, object);
  const shown = withoutServersOwn(object);
  setOwners(object, await overVersions(x, write, each => recordUpdate(each, shown)));
}

export function setOwners({metadata}: KubeObject, managedFields: JsonObject[]): void {
  if (managedFields.length > 0) metadata.managedFields = managedFields;
  else delete metadata.managedFields;
}

/** What is to be known of a write before its ownership can be found. */
export async function ownershipWrite(x: InWorkspace, by: Writer, old: KubeObject | undefined, object?: KubeObject): Promise<Write> {
  const {resource, deps} = x;
  const versions = await versionsOf(x, [...(old?.metadata.managedFields ?? []), ...(object?.metadata.managedFields ?? [])]);
  return {
    live: old && withoutServersOwn(old),
    apiVersion: resource.apiVersion,
    manager: by.manager,
    subresource: by.subresource,
    now: deps.world.now(),
    resetFields: resetFields(resource.kind, by.subresource),
    versions: apiVersion => versions.get(apiVersion),
  };
}

/** The object without what every object has of the server's, and what nobody is to own. */
function withoutServersOwn(object: KubeObject): JsonObject {
  const {annotations, ...metadata} = object.metadata;
  if (annotations?.[clusterAnnotation] === undefined) return asJson(object);
  const {[clusterAnnotation]: _, ...rest} = annotations;
  const shown = Object.keys(rest).length > 0 ? {...metadata, annotations: rest} : metadata;
  return asJson({...object, metadata: shown});
}

async function versionsOf(x: InWorkspace, entries: readonly JsonObject[]): Promise<ReadonlyMap<string, Version>> {
  const resources = await resourcesOf(x, entries);
  return new Map([...resources].map(([apiVersion, resource]) => [apiVersion, versionOf(resource)]));
}

/** The version of the write, and the others that entries speak of, as far as they are served. */
export async function resourcesOf(x: InWorkspace, entries: readonly JsonObject[]): Promise<ReadonlyMap<string, Resource>> {
  const {resource, deps, workspace} = x;
  const resources = new Map([[resource.apiVersion, resource]]);
  for (const {apiVersion} of entries) {
    if (typeof apiVersion !== 'string' || resources.has(apiVersion)) continue;
    const {group, version} = groupVersionOf(apiVersion);
    const other = group === resource.kind.group && (await deps.registry.resolve(workspace, group, version, resource.gr.resource));
    if (other) resources.set(apiVersion, other);
  }
  return resources;
}

const types = new WeakMap<Kind, Version['type']>();

/** How the fields of a kind are owned and merged; made once. */
export function fieldTypeOfKind(kind: Kind): Version['type'] {
  let type = types.get(kind);
  if (!type) {
    type = fieldTypeOf(kind.schema, kind.custom);
    types.set(kind, type);
  }
  return type;
}

function versionOf(resource: Resource): Version {
  return {
    type: fieldTypeOfKind(resource.kind),
    convert(object) {
      const converted = clone(object);
      conform(resource, asObject(converted));
      return converted;
    },
  };
}

const resets = new WeakMap<Kind, Map<string, FieldSet>>();

/** What an endpoint leaves as it is, whatever is sent; found once for each. */
function resetFields(kind: Kind, subresource: string): FieldSet {
  let known = resets.get(kind);
  if (!known) {
    known = new Map();
    resets.set(kind, known);
  }
  let reset = known.get(subresource);
  if (!reset) {
    reset = setOfPaths(pathsLeft(kind, subresource));
    known.set(subresource, reset);
  }
  return reset;
}

function pathsLeft({strategy, subresources, schema, custom}: Kind, subresource: string): readonly string[] {
  const own = strategy.leaves?.[subresource as keyof typeof strategy.leaves];
  if (own) return own;
  if (subresource !== 'status') return subresources.status ? ['status'] : [];
  const fields = Object.keys(schema.properties ?? {}).filter(name => !['apiVersion', 'kind', 'metadata', 'status'].includes(name));
  // Of custom resources it writes nothing but the status.
  return custom ? [...fields, 'metadata'] : fields;
}

/** The set of dotted paths of which none lies below another. */
function setOfPaths(paths: readonly string[]): FieldSet {
  const set: Trie = {};
  for (const path of paths) {
    const steps = path.split('.');
    let at = set;
    for (const step of steps.slice(0, -1)) {
      const below: Trie = at[`f:${step}`] ?? {};
      at[`f:${step}`] = below;
      at = below;
    }
    at[`f:${steps.at(-1)}`] = leaf;
  }
  return set;
}
