import {isHeld} from '../admission/deletion.ts';
import type {Write} from '../admission/rule.ts';
import {applyRules} from '../admission/rule.ts';
import {conflict, invalid, staleObject} from '../api/errors.ts';
import {invalidValue} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, equal, getKey, isObject, setKey} from '../api/json.ts';
import {restoreSystemFields} from '../api/metadata.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, clusterAnnotation} from '../api/object.ts';
import {isStatusPart} from '../kinds/kind.ts';
import {sameOwnerships, storedOwnerships} from '../merge/apply/managed-fields.ts';
import {deleteOp} from '../registry/ops.ts';
import type {Resource} from '../registry/resource.ts';
import {decodeStored} from '../registry/stored.ts';
import {conform, view} from '../registry/view.ts';
import type {Entry} from '../storage/storage.ts';
import {mutatingAdmission} from './admission/mutating.ts';
import type {AdmissionOf} from './admission/request.ts';
import {scaleAdmission, takeScale} from './admission/scales.ts';
import {validatingAdmission} from './admission/validating.ts';
import type {Changed} from './changed.ts';
import {written} from './changed.ts';
import {commit, isCommitted, storeOp} from './commit.ts';
import {storedForm, viewOf} from './convert.ts';
import type {Named} from './exchange.ts';
import type {Writer} from './field-owners.ts';
import {setOwners, trackFields} from './field-owners.ts';
import {checkWeight, patience} from './heavy.ts';
import {inTurn} from './in-turn.ts';
import {judgeUpdate} from './judge.ts';
import {renew} from './renew.ts';
import {find, keyOfCall} from './verbs/get.ts';

/** Makes the wished object out of the present one. It may be asked several times, when others change the object meanwhile. */
export type Make = (old: KubeObject) => Promise<KubeObject> | KubeObject;

/** How a write is meant: only to see what would come of it, and in whose name. */
export type How = {readonly dryRun: boolean; readonly by: Writer};

/**
 * Changes a stored object (spec kubernetes-api 3.3). The wished object's resourceVersion, when it has one, must be the present one.
 * @throws ApiError NotFound, Conflict, Invalid, and what rules refuse with
 */
export async function change(begun: Named, make: Make, how: How): Promise<Changed> {
  let x = begun;
  return inTurn(begun.deps.store, keyOfCall(begun), async () => {
    const live = await find(x);
    checkWeight(x.deps, live.value);
    const old = await viewOf(x, live);
    const object = await make(old);
    if (x.resource !== begun.resource) conform(x.resource, object);
    checkVersion(x, object, old);
    const outcome = await attempt(x, {live, old, object}, how);
    if (!outcome) x = await renew(x);
    return outcome;
  });
}

type Attempt = {readonly live: Entry; readonly old: KubeObject; readonly object: KubeObject};

/** One try; undefined when something changed meanwhile. */
async function attempt(x: Named, {live, old, object}: Attempt, {dryRun, by}: How): Promise<Changed | undefined> {
  const {deps, resource, workspace, what} = x;
  const applied = by.applied && (object.metadata.managedFields ?? []);
  keepWhatIsNotTheirs(resource, object, old, what.subresource);
  const write: Write = {
    verb: 'update',
    resource,
    subresource: what.subresource,
    workspace,
    user: x.allowed.user,
    object,
    old,
    also: [],
    warnings: x.warnings,
  };
  // What rules change is nobody's.
  if (applied) setOwners(object, applied);
  else await trackFields(x, by, object, old);
  const scaled = by.subresource === 'scale' ? scaleAdmission(x, object, old, dryRun) : undefined;
  const admission: AdmissionOf = scaled ?? {operation: 'UPDATE', subresource: what.subresource, object, old, dryRun};
  if (await mutatingAdmission(x, admission)) {
    if (scaled) takeScale(x, object, scaled.object as KubeObject);
    else keepWhatIsNotTheirs(resource, object, old, what.subresource);
  }
  await applyRules(deps, 'mutate', write);
  count(resource, object, old, what.subresource);
  judgeUpdate(write, old, patience(deps));
  await applyRules(deps, 'settle', write);
  await validatingAdmission(x, admission);

  const gone = object.metadata.deletionTimestamp !== undefined && !isHeld(resource, object);
  const form = gone || (dryRun && resource.conversion) ? {object} : await storedForm(x, object);
  if (!gone && write.also.length === 0 && isSame(resource, form.object, live)) return written(form, live);
  if (dryRun) return {object};
  const checks = resource.definition ? [{check: resource.definition.key, expect: resource.definition.revision}] : [];
  const op = gone ? deleteOp(live) : storeOp(live.key, form.object, live.revision, by);
  const outcome = await commit(deps, op, [...write.also, ...checks]);
  if (!isCommitted(outcome)) return undefined;
  if (!gone) return written(form, outcome);
  object.metadata.resourceVersion = String(outcome.revision);
  return {object};
}

function checkVersion({resource, what}: Named, object: KubeObject, old: KubeObject): void {
  const wanted = object.metadata.resourceVersion;
  if (object.metadata.uid && object.metadata.uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${object.metadata.uid}, UID in object meta: ${old.metadata.uid}`;
    throw conflict(resource.gr, what.name, why);
  }
  if (wanted && wanted !== '0') {
    if (wanted !== old.metadata.resourceVersion) throw conflict(resource.gr, what.name, staleObject);
  } else if (!resource.kind.strategy.unconditionalUpdate) {
    throw invalid(resource.gr.group, resource.gr.resource, what.name, [
      invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
}

/** The part of an update that belongs to others: the system's metadata, and the status or all but the status, or but a part of it. */
function keepWhatIsNotTheirs({kind}: Resource, object: KubeObject, old: KubeObject, subresource: string | undefined): void {
  const json = asJson(object);
  if (isStatusPart(subresource)) {
    for (const field of Object.keys(json)) if (!isShared(field) && field !== 'status') delete json[field];
    for (const field of Object.keys(old)) if (!isShared(field) && field !== 'status') setKey(json, field, asJson(old)[field] as Json);
    // Custom resources take nothing but the status; built-in ones also labels and the like (spec kubernetes-api 3.3.5).
    if (kind.custom) object.metadata = {...old.metadata};
    kind.strategy.prepareStatus?.(json, asJson(old), subresource);
  } else if (subresource === 'finalize') {
    const finalizers = dig(json, 'spec', 'finalizers') ?? [];
    for (const field of Object.keys(json)) if (!isShared(field)) delete json[field];
    for (const field of Object.keys(old)) if (!isShared(field)) setKey(json, field, asJson(old)[field] as Json);
    const {finalizers: _, ...spec} = isObject(json['spec']) ? json['spec'] : {};
    json['spec'] = Array.isArray(finalizers) && finalizers.length > 0 ? {...spec, finalizers} : spec;
  } else {
    if (kind.subresources.status) {
      if (old['status'] === undefined) delete json['status'];
      else json['status'] = asJson(old)['status'] as Json;
    }
    kind.strategy.prepareUpdate?.(json, asJson(old));
  }
  keepSystemMetadata(object, old);
}

const isShared = (field: string): boolean => field === 'apiVersion' || field === 'kind' || field === 'metadata';

function keepSystemMetadata({metadata}: KubeObject, {metadata: old}: KubeObject): void {
  restoreSystemFields(metadata as unknown as JsonObject, old as unknown as JsonObject);
  const cluster = old.annotations?.[clusterAnnotation];
  if (cluster !== undefined) metadata.annotations = {...metadata.annotations, [clusterAnnotation]: cluster};
}

/** Counts the generation up when what it stands for changed (spec kubernetes-api 2.3). */
function count({kind}: Resource, object: KubeObject, old: KubeObject, subresource: string | undefined): void {
  const counted = kind.strategy.generation;
  if (!counted || subresource === 'status' || old.metadata.generation === undefined) return;
  const now = asJson(object);
  const before = asJson(old);
  const fields = counted === 'all' ? [...new Set([...Object.keys(now), ...Object.keys(before)])].filter(f => !isShared(f)) : counted;
  const changed = fields.some(field => !equal(getKey(now, field), getKey(before, field)));
  if (changed) object.metadata.generation = old.metadata.generation + 1;
}

/**
 * Whether nothing would change in the store but the times at which fields were taken, and the version the object is written in, where that is only
 * a word.
 */
function isSame(resource: Resource, object: KubeObject, live: Entry): boolean {
  const before = resource.kind.view ? view(resource, live) : decodeStored(live);
  const {resourceVersion: _, ...metadata} = object.metadata;
  if (!resource.conversion) before.apiVersion = object.apiVersion;
  delete before.metadata.resourceVersion;
  const owners = before.metadata.managedFields;
  if (
    owners &&
    !equal(metadata.managedFields, owners) &&
    sameOwnerships(storedOwnerships(asJson(object)), storedOwnerships(asJson(before)))
  )
    metadata.managedFields = owners;
  return equal(asJson({...object, metadata}), asJson(before));
}
