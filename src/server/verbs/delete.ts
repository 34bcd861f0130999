import {decideDeletion, deletionOps} from '../../admission/deletion.ts';
import type {Write} from '../../admission/rule.ts';
import type {JsonObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import type {Resource} from '../../registry/resource.ts';
import {isForeign} from '../../registry/view.ts';
import type {Entry} from '../../storage/storage.ts';
import {mutatingAdmission} from '../admission/mutating.ts';
import type {AdmissionOf} from '../admission/request.ts';
import {validatingAdmission} from '../admission/validating.ts';
import type {Changed} from '../changed.ts';
import {written} from '../changed.ts';
import {commit, isCommitted} from '../commit.ts';
import {storedForm, viewOf} from '../convert.ts';
import type {DeleteOptions} from '../delete-options.ts';
import {checkPreconditions, deleteOptions} from '../delete-options.ts';
import type {Named} from '../exchange.ts';
import {checkWeight} from '../heavy.ts';
import type {HttpReply} from '../http.ts';
import {inTurn} from '../in-turn.ts';
import {renew} from '../renew.ts';
import {replyChanged, replyJson} from '../reply.ts';
import {find, keyOfCall} from './get.ts';

/** Deletes an object, or marks it while finalizers hold it (spec kubernetes-api 3.6, 2.5). */
export async function remove(x: Named): Promise<HttpReply> {
  const options = await deleteOptions(x);
  checkWeight(x.deps, (await find(x)).value);
  const {changed, gone} = await removeObject(x, options);
  if (gone && !x.resource.kind.strategy.returnsDeleted) return replyJson(x, success(x.resource, gone));
  return replyChanged(x, changed, !gone && options.orphanDependents === false ? 202 : 200);
}

/** What a deletion came to; `gone` is the object when it is gone. */
export type Removed = {readonly changed: Changed; readonly gone: KubeObject | undefined};

/** @throws ApiError NotFound, Conflict for preconditions, and what rules refuse with */
export async function removeObject(begun: Named, options: DeleteOptions): Promise<Removed> {
  let x = begun;
  return inTurn(begun.deps.store, keyOfCall(begun), async () => {
    const outcome = await attempt(x, await find(x), options);
    if (!outcome) x = await renew(x);
    return outcome;
  });
}

async function attempt(x: Named, live: Entry, options: DeleteOptions): Promise<Removed | undefined> {
  const {deps, resource, workspace} = x;
  const object = await viewOf(x, live);
  checkPreconditions(x, object, options);
  const write: Write = {
    verb: 'delete',
    resource,
    subresource: undefined,
    workspace,
    user: x.allowed.user,
    object,
    old: undefined,
    also: [],
    warnings: x.warnings,
  };
  // Before the object is changed: they are shown it as it is.
  const admission: AdmissionOf = {
    operation: 'DELETE',
    subresource: undefined,
    object: undefined,
    old: object,
    dryRun: options.dryRun,
    options: told(options),
  };
  await mutatingAdmission(x, admission);
  await validatingAdmission(x, admission);
  const decided = await decideDeletion(write, options.propagation, deps);
  const gone = decided === 'gone' ? object : undefined;
  if (decided === 'unchanged') return {changed: isForeign(resource, live) ? {object} : {entry: live}, gone};
  if (options.dryRun) return {changed: {object}, gone};
  const form = gone ? {object} : await storedForm(x, object);
  const [op, ...also] = deletionOps({...write, object: form.object}, live, decided);
  const outcome = await commit(deps, op, also);
  if (!isCommitted(outcome)) return undefined;
  if (!gone) return {changed: written(form, outcome), gone};
  object.metadata.resourceVersion = String(outcome.revision);
  return {changed: {object}, gone};
}

/** The options as webhooks are told of them. */
const told = ({dryRun, preconditions, propagation, orphanDependents}: DeleteOptions): JsonObject => ({
  kind: 'DeleteOptions',
  apiVersion: 'meta.k8s.io/v1',
  ...(Object.keys(preconditions).length > 0 && {preconditions: {...preconditions}}),
  ...(orphanDependents === undefined ? propagation && {propagationPolicy: propagation} : {orphanDependents}),
  ...(dryRun && {dryRun: ['All']}),
});

const success = ({gr}: Resource, {metadata}: KubeObject) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: {name: metadata.name, ...(gr.group && {group: gr.group}), kind: gr.resource, uid: metadata.uid},
});
