import type {WorkspaceId} from '../api/cluster.ts';
import {forbidden} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, digString, equal} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, timestamp} from '../api/object.ts';
import {groups} from '../auth/user.ts';
import {phaseOf, read, workspaceKey} from '../registry/logical-clusters.ts';
import {putOp} from '../registry/ops.ts';
import {decodeStored} from '../registry/stored.ts';
import {setConditions, statusOf} from '../tenancy/conditions.ts';
import {isInactive} from '../tenancy/inactive.ts';
import {holdForTerminators, sayLeaving, terminatorsOf} from '../tenancy/leaving.ts';
import {finalizers, labels} from '../tenancy/names.ts';
import {initializedCondition} from '../tenancy/new-cluster.ts';
import type {Rule, Surroundings, Write} from './rule.ts';
import {keepServersAnnotations, operatorsAnnotationChanged} from './servers-annotations.ts';

const gr = {group: 'core.kcp.io', resource: 'logicalclusters'} as const;

/** The one object that makes a logical cluster: who may touch what of it, and how its phase follows its initializers (spec kcp 4.4). */
export const logicalClusters: Rule = {
  name: 'core.kcp.io/LogicalCluster',
  of: resource => resource.gr.group === gr.group && resource.gr.resource === gr.resource,
  async mutate(write, around) {
    const {object, verb} = write;
    if (verb === 'create') throw refused(object, 'LogicalCluster cannot be created');
    if (verb === 'delete') return leave(write);
    if (!write.user.groups.includes(groups.masters)) {
      keepServersAnnotations(object, write.old);
      checkOperatorsAnnotations(write);
    }
    if (write.subresource === 'status') await advance(write, around);
    else keepServersFields(write);
    holdForTerminators(object);
    settleActivity(object);
    object.metadata.labels = {...object.metadata.labels, [labels.phase]: phaseOf(object)};
  },
};

function leave({object, user}: Write): void {
  const allowed = dig(asJson(object), 'spec', 'directlyDeletable') === true || user.groups.includes(groups.masters);
  if (!allowed) throw refused(object, 'LogicalCluster cannot be deleted directly; delete the Workspace it belongs to');
  sayLeaving(object);
}

/** What is not ready yet, or goes away, needs those who work on it: nobody is to keep them out (spec kcp 3.9). */
function checkOperatorsAnnotations(write: Write): void {
  const {object, old} = write;
  const changed = operatorsAnnotationChanged(write);
  if (changed !== undefined) throw refused(object, `only administrators of kcp may change the annotation ${JSON.stringify(changed)}`);
  const phase = phaseOf(object);
  if (phase !== 'Ready' && isInactive(object) && !(old && isInactive(old)))
    throw refused(object, `LogicalCluster can only be marked inactive in phase "Ready", but is in phase ${JSON.stringify(phase)}`);
}

function settleActivity(object: KubeObject): void {
  const phase = phaseOf(object);
  if (phase === 'Ready' && isInactive(object)) statusOf(object)['phase'] = 'Inactive';
  if (phase === 'Inactive' && !isInactive(object)) statusOf(object)['phase'] = 'Ready';
}

function keepServersFields({object, old, user}: Write): void {
  if (user.groups.includes(groups.masters) || !old) return;
  for (const field of ['initializers', 'terminators', 'owner', 'createdBy']) {
    if (!equal(dig(asJson(object), 'spec', field), dig(asJson(old), 'spec', field))) throw refused(object, `spec.${field} is immutable`);
  }
  const held = old.metadata.finalizers?.includes(finalizers.content);
  if (held && !object.metadata.finalizers?.includes(finalizers.content))
    throw refused(object, `finalizer ${finalizers.content} must not be removed`);
}

/** The last initializer that takes its name off the list makes the logical cluster ready; the last terminator lets it be taken apart. */
async function advance({object, old, also, user}: Write, around: Surroundings): Promise<void> {
  const before = namesIn(old, 'initializers');
  const now = namesIn(object, 'initializers');
  if (!user.groups.includes(groups.masters)) {
    if (now.some(name => !before.includes(name))) throw refused(object, 'status.initializers must not grow');
    if (terminatorsOf(object).some(name => !namesIn(old, 'terminators').includes(name)))
      throw refused(object, 'status.terminators must not grow');
    if (old) checkPhase(object, old, now);
  }
  if (!old) return;
  const at = timestamp(around.world.now());
  const initializing = phaseOf(old) === 'Initializing';
  if (initializing && now.length === 0) statusOf(object)['phase'] = 'Ready';
  if (initializing) setConditions(object, [initializedCondition(now)], at);
  if (object.metadata.deletionTimestamp !== undefined) sayLeaving(object);
  also.push(...(await workspaceOps(object, now, at, around)));
}

/** The phases that others than the server lead a logical cluster through, in their order. */
const phases: readonly string[] = ['Scheduling', 'Initializing', 'Ready'];

function checkPhase(object: KubeObject, old: KubeObject, initializers: readonly string[]): void {
  const [before, now] = [phaseOf(old), phaseOf(object)];
  if (before === now) return;
  const forward = phases.includes(before) && phases.indexOf(now) > phases.indexOf(before);
  if (!forward) throw refused(object, `cannot transition from ${JSON.stringify(before)} to ${JSON.stringify(now)}`);
  if (now === 'Ready' && initializers.length > 0) throw refused(object, 'status.initializers is not empty');
}

/** Brings the Workspace in line with its logical cluster. */
async function workspaceOps(object: KubeObject, waiting: readonly string[], at: string, {store}: Surroundings) {
  const owner = dig(asJson(object), 'spec', 'owner');
  const [parent, name] = [digString(owner, 'cluster'), digString(owner, 'name')];
  const entry = parent && name ? await read(store, workspaceKey(parent as WorkspaceId, name)) : undefined;
  if (!entry) return [];
  const workspace = decodeStored(entry);
  if (workspace.metadata.uid !== digString(owner, 'uid')) return [];
  const before = JSON.stringify(workspace);
  const status: JsonObject = statusOf(workspace);
  keep(status, 'terminators', terminatorsOf(object));
  if (phaseOf(workspace) === 'Initializing') {
    status['phase'] = waiting.length === 0 ? 'Ready' : 'Initializing';
    keep(status, 'initializers', waiting);
    workspace.metadata.labels = {...workspace.metadata.labels, [labels.phase]: phaseOf(workspace)};
    setConditions(workspace, [initializedCondition(waiting)], at);
  }
  if (workspace.metadata.deletionTimestamp !== undefined) sayLeaving(workspace);
  return JSON.stringify(workspace) === before ? [] : [putOp(entry.key, workspace, entry.revision)];
}

function keep(status: JsonObject, field: string, names: readonly string[]): void {
  if (names.length > 0) status[field] = [...names];
  else delete status[field];
}

function namesIn(object: KubeObject | undefined, field: 'initializers' | 'terminators'): string[] {
  const found = object && dig(asJson(object), 'status', field);
  return Array.isArray(found) ? found.filter(name => typeof name === 'string') : [];
}

const refused = (object: KubeObject, why: string) => forbidden(gr, object.metadata.name, why);
