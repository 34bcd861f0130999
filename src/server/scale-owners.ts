import {badRequest} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {applyConfiguration} from '../merge/apply/apply-configuration.ts';
import type {FieldSet} from '../merge/apply/field-set.ts';
import {difference, intersection, isEmpty, leaf, union} from '../merge/apply/field-set.ts';
import {fieldTypeOf} from '../merge/apply/field-type.ts';
import type {Ownership} from '../merge/apply/managed-fields.ts';
import {isSameManager, storedOwnerships, writeOwnerships} from '../merge/apply/managed-fields.ts';
import type {Version} from '../merge/apply/ownership.ts';
import {fieldElement} from '../merge/apply/path-element.ts';
import type {InWorkspace, Named} from './exchange.ts';
import type {Writer} from './field-owners.ts';
import {resourcesOf, setOwners} from './field-owners.ts';
import {applyScale, parseScale, scaleToChange, stepsOfReplicas} from './scale.ts';

const scaleVersion = 'autoscaling/v1';
const replicas: FieldSet = {'f:spec': {'f:replicas': leaf}};
const integer = {type: 'integer'} as const;
/** How the fields of a Scale are owned and merged. */
export const scaleFieldType: Version['type'] = fieldTypeOf(
  {
    type: 'object',
    properties: {
      spec: {type: 'object', properties: {replicas: integer}},
      status: {type: 'object', properties: {replicas: integer, selector: {type: 'string'}}},
    },
  },
  false,
);
const scale: Version = {type: scaleFieldType, convert: object => object};

/**
 * Server-side apply to the scale of a custom resource (spec kubernetes-api 5.8): `old` with the replicas that `config`, a Scale, says, and with entries for
 * its managers. Whoever owns the field of the replicas in the object owns `spec.replicas` of the scale.
 * @throws ApiError as applyConfiguration
 */
export async function applyToScale(x: Named, by: Writer, old: KubeObject, config: JsonObject, force: boolean): Promise<KubeObject> {
  if (digString(config, 'kind') !== 'Scale') throw badRequest(`invalid object type: ${digString(config, 'kind') ?? ''}`);
  const owners = storedOwnerships(asJson(old));
  const paths = await pathsOf(x, old);
  const shown = scaleToChange(x.resource, old);
  const live = {...shown, metadata: {...(shown['metadata'] as JsonObject), managedFields: writeOwnerships(ownersOfScale(owners, paths))}};
  const write = {
    live,
    apiVersion: scaleVersion,
    manager: by.manager,
    subresource: by.subresource,
    now: x.deps.world.now(),
    resetFields: {},
    versions: (apiVersion: string) => (apiVersion === scaleVersion ? scale : undefined),
  };
  const applied = applyConfiguration(write, config, force);
  const object = applyScale(x.resource, old, parseScale(x, applied.object));
  const now = storedOwnerships({metadata: {managedFields: applied.managedFields}});
  setOwners(object, writeOwnerships(ownersOfObject(owners, now, paths, x.resource.apiVersion)));
  return object;
}

/** Where the replicas are, by version. */
type Paths = ReadonlyMap<string, FieldSet>;

async function pathsOf(x: InWorkspace, old: KubeObject): Promise<Paths> {
  const found = new Map<string, FieldSet>();
  for (const [apiVersion, resource] of await resourcesOf(x, old.metadata.managedFields ?? []))
    if (resource.kind.subresources.scale)
      found.set(
        apiVersion,
        stepsOfReplicas(resource).reduceRight<FieldSet>((below, step) => ({[fieldElement(step)]: below}), leaf),
      );
  return found;
}

const ownsReplicas = ({apiVersion, fields}: Ownership, paths: Paths): boolean => {
  const path = paths.get(apiVersion);
  return path !== undefined && !isEmpty(intersection(fields, path));
};

/** The entries of an object as those of its scale. */
const ownersOfScale = (owners: readonly Ownership[], paths: Paths): Ownership[] =>
  owners.filter(each => ownsReplicas(each, paths)).map(each => ({...each, apiVersion: scaleVersion, fields: replicas}));

/** The entries of an object, now that these are the ones of its scale: the replicas belong to them and to nobody else. */
function ownersOfObject(owners: readonly Ownership[], scaleOwners: readonly Ownership[], paths: Paths, apiVersion: string): Ownership[] {
  const left = new Set(scaleOwners.filter(({fields}) => !isEmpty(intersection(fields, replicas))));
  const kept = owners.flatMap(each => {
    if (!ownsReplicas(each, paths)) return [each];
    const same = [...left].find(other => isSameManager({...each, apiVersion: scaleVersion}, other));
    if (same) left.delete(same);
    const fields = same ? each.fields : difference(each.fields, paths.get(each.apiVersion)!);
    return isEmpty(fields) ? [] : [{...each, fields}];
  });
  const path = paths.get(apiVersion)!;
  const come = [...left].map(each => {
    // The same manager may have written another field through the scale before it had a path of its own.
    const i = kept.findIndex(other => isSameManager({...each, apiVersion}, other));
    const [before] = i < 0 ? [] : kept.splice(i, 1);
    return {...each, apiVersion, fields: union(before?.fields ?? {}, path)};
  });
  return [...kept, ...come];
}
