import {dig} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, timestamp} from '../api/object.ts';
import {eventSpace} from '../registry/keys.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import type {Resource} from '../registry/resource.ts';
import {stored} from '../registry/view.ts';
import type {Change, Entry, Op} from '../storage/storage.ts';
import type {WithRules, Write} from './rule.ts';
import {applyRules} from './rule.ts';

/** What happens to the dependents of a deleted object. */
export type Propagation = 'Orphan' | 'Background' | 'Foreground';

/** The garbage collector's own finalizers: dependents lose their references to the object, or go, before the object itself goes. */
export const propagationFinalizers = {Orphan: 'orphan', Foreground: 'foregroundDeletion'} as const;
const ours: readonly string[] = Object.values(propagationFinalizers);

/** What a deletion comes to: the object goes; finalizers hold it and it is marked; or it was marked before and nothing changes. */
export type Outcome = 'gone' | 'held' | 'unchanged';

/**
 * Decides a deletion and brings the object of the write into the form it leaves (spec kubernetes-api 2.5, 3.6).
 * @throws ApiError what rules refuse with
 */
export async function decideDeletion(write: Write, propagation: Propagation | undefined, around: WithRules): Promise<Outcome> {
  const {object, resource} = write;
  const marked = object.metadata.deletionTimestamp !== undefined;
  const propagated = !isEvent(resource) && propagate(object, propagation);
  await applyRules(around, 'mutate', write);
  await applyRules(around, 'settle', write);
  if (!isHeld(resource, object)) return 'gone';
  if (!marked) mark(resource, object, timestamp(around.world.now()));
  return marked && !propagated ? 'unchanged' : 'held';
}

const isEvent = ({space}: Resource): boolean => space.group === eventSpace.group && space.resource === eventSpace.resource;

/** What carries a decision out; the object of the write is given to the store. */
export function deletionOps({object, resource, also}: Write, live: Entry, outcome: 'gone' | 'held'): [Change, ...Op[]] {
  if (outcome === 'gone') return [deleteOp(live), ...also];
  const {definition} = resource;
  const checks = definition ? [{check: definition.key, expect: definition.revision}] : [];
  return [putOp(live.key, stored(resource, object), live.revision), ...also, ...checks];
}

/** Whether finalizers keep an object that was deleted (spec kubernetes-api 2.5); a namespace has a list of its own besides. */
export function isHeld({kind}: Resource, object: KubeObject): boolean {
  if (object.metadata.finalizers && object.metadata.finalizers.length > 0) return true;
  const own = kind.subresources.finalize ? dig(asJson(object), 'spec', 'finalizers') : undefined;
  return Array.isArray(own) && own.length > 0;
}

/** Gives an object the finalizer of a policy, its own one where none is asked for; says whether anything changed. */
function propagate({metadata}: KubeObject, asked: Propagation | undefined): boolean {
  const held = metadata.finalizers ?? [];
  const policy = asked ?? ownPolicy(held);
  const wanted = policy === 'Background' ? [] : [propagationFinalizers[policy]];
  const others = held.filter(name => !ours.includes(name));
  if (held.length === others.length + wanted.length && wanted.every(name => held.includes(name))) return false;
  metadata.finalizers = [...others, ...wanted];
  if (metadata.finalizers.length === 0) delete metadata.finalizers;
  return true;
}

/** The policy that an object's finalizers ask for. */
function ownPolicy(finalizers: readonly string[]): Propagation {
  if (finalizers.includes(propagationFinalizers.Orphan)) return 'Orphan';
  return finalizers.includes(propagationFinalizers.Foreground) ? 'Foreground' : 'Background';
}

/** The first step of a deletion that has to wait. */
function mark({kind}: Resource, {metadata}: KubeObject, now: string): void {
  metadata.deletionTimestamp = now;
  // Kubernetes deletes namespaces in a way of its own, which knows no grace.
  if (!kind.subresources.finalize) metadata.deletionGracePeriodSeconds = 0;
  if (metadata.generation) metadata.generation++;
}
