import type {Write} from '../../admission/rule.ts';
import type {KubeObject} from '../../api/object.ts';
import {timestamp} from '../../api/object.ts';
import {deleteOp, putOp} from '../../registry/ops.ts';
import type {Resource} from '../../registry/resource.ts';
import {stored, view} from '../../registry/view.ts';
import type {Entry} from '../../storage/storage.ts';
import {isHeld} from '../change.ts';
import type {Changed} from '../changed.ts';
import {applyRules, commit, isCommitted} from '../commit.ts';
import type {DeleteOptions} from '../delete-options.ts';
import {checkPreconditions, deleteOptions} from '../delete-options.ts';
import type {Named} from '../exchange.ts';
import type {HttpReply} from '../http.ts';
import {inTurn} from '../in-turn.ts';
import {renew} from '../renew.ts';
import {replyChanged, replyJson} from '../reply.ts';
import {find, keyOfCall} from './get.ts';

/** Deletes an object, or marks it while finalizers hold it (spec kubernetes-api 3.6, 2.5). */
export async function remove(x: Named): Promise<HttpReply> {
  const options = await deleteOptions(x);
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
  const object = view(resource, live);
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
  const marked = object.metadata.deletionTimestamp !== undefined;
  await applyRules(deps, 'mutate', write);
  await applyRules(deps, 'settle', write);

  if (!isHeld(resource, object)) {
    if (options.dryRun) return {changed: {object}, gone: object};
    const outcome = await commit(deps, deleteOp(live), write.also);
    if (!isCommitted(outcome)) return undefined;
    object.metadata.resourceVersion = String(outcome.revision);
    return {changed: {object}, gone: object};
  }
  if (marked) return {changed: {entry: live}, gone: undefined};
  mark(object, timestamp(deps.world.now()));
  if (options.dryRun) return {changed: {object}, gone: undefined};
  const checks = resource.definition ? [{check: resource.definition.key, expect: resource.definition.revision}] : [];
  const outcome = await commit(deps, putOp(live.key, stored(resource, object), live.revision), [...write.also, ...checks]);
  return isCommitted(outcome) ? {changed: {entry: outcome}, gone: undefined} : undefined;
}

/** The first step of a deletion that has to wait. */
function mark({metadata}: KubeObject, now: string): void {
  metadata.deletionTimestamp = now;
  metadata.deletionGracePeriodSeconds = 0;
  if (metadata.generation) metadata.generation++;
}

const success = ({gr}: Resource, {metadata}: KubeObject) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: {name: metadata.name, ...(gr.group && {group: gr.group}), kind: gr.resource, uid: metadata.uid},
});
