import {dig} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {statusOf} from './conditions.ts';
import {finalizers, labels} from './names.ts';

/** Who has to clean up before a workspace or logical cluster is taken apart (spec kcp 4.4). */
export function terminatorsOf(object: KubeObject): readonly string[] {
  const found = dig(asJson(object), 'status', 'terminators');
  return Array.isArray(found) ? found.filter(name => typeof name === 'string') : [];
}

/** Says on a deleted workspace or logical cluster how far its end is. */
export function sayLeaving(object: KubeObject): void {
  const phase = terminatorsOf(object).length > 0 ? 'Terminating' : 'Deleting';
  statusOf(object)['phase'] = phase;
  object.metadata.labels = {...object.metadata.labels, [labels.phase]: phase};
}

/** A logical cluster is held for as long as it has terminators, whoever takes their finalizer off or puts it on. */
export function holdForTerminators(logicalCluster: KubeObject): void {
  const {metadata} = logicalCluster;
  const held = metadata.finalizers ?? [];
  const isHeld = held.includes(finalizers.terminators);
  if (isHeld === terminatorsOf(logicalCluster).length > 0) return;
  metadata.finalizers = isHeld ? held.filter(name => name !== finalizers.terminators) : [...held, finalizers.terminators];
}
