import {shardHash} from '../api/cluster.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject, setKey, stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {parse} from '../api/parse-json.ts';
import {setConditions, statusOf} from './conditions.ts';
import type {Made, Maker, StandingExport} from './contents.ts';
import {adminBinding, make, namespaceWithContents, standingBinding} from './contents.ts';
import {annotations, finalizers, labels, ownInitializers} from './names.ts';
import type {FoundType} from './workspace-types.ts';
import {defaultBindings, lifecycleIds, printType} from './workspace-types.ts';

export type Shard = {
  readonly name: string;
  /** Where clients reach it, without a path. */
  readonly externalUrl: string;
  readonly region: string | undefined;
};

/** The creator, as it is written down. */
export type Creator = {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: {readonly [key: string]: readonly string[]};
};

export type Plan = {
  /** The Workspace object in its parent, which is completed. */
  readonly workspace: KubeObject;
  /** The id of the parent and its canonical path. */
  readonly parent: {readonly id: string; readonly path: string};
  /** The id of the new logical cluster. */
  readonly id: string;
  /** The type with its bases, itself last. */
  readonly types: readonly FoundType[];
  readonly creator: Creator | undefined;
  readonly shard: Shard;
  /** RFC 3339. */
  readonly now: string;
  readonly uid: () => string;
  readonly rootCa: string;
  readonly standing: readonly StandingExport[];
};

/**
 * Completes a Workspace and makes everything its logical cluster starts with, to be written in one commit (architecture D9). It is ready
 * at once unless initializers other than the server's own wait in it.
 */
export function furnish(plan: Plan): readonly Made[] {
  const {workspace, parent, id, types, now} = plan;
  const maker: Maker = {cluster: id, now, uid: plan.uid};
  const path = `${parent.path}:${workspace.metadata.name}`;
  const bindings = defaultBindings(types);
  const bound = plan.standing.filter(one => bindings.some(b => b.path === 'root' && b.export === one.name));
  const initializers = lifecycleIds(types, 'initializer');
  const waiting = initializers.filter(
    one => one !== ownInitializers.universal && (one !== ownInitializers.bindings || bound.length < bindings.length),
  );
  const universal = initializers.includes(ownInitializers.universal);

  const phase = waiting.length > 0 ? 'Initializing' : 'Ready';
  complete(plan, path, {phase, waiting});
  return [
    {
      group: 'core.kcp.io',
      version: 'v1alpha1',
      plural: 'logicalclusters',
      object: logicalCluster(plan, maker, {path, initializers, waiting, phase}),
    },
    ...(plan.creator ? [adminBinding(maker, nameInside(plan.creator))] : []),
    ...bound.map(one => standingBinding(maker, one)),
    ...(universal ? ['default', 'kube-system'].flatMap(name => namespaceWithContents(maker, name, plan.rootCa)) : []),
  ];
}

/** Service accounts go by another name abroad, lest the new workspace's own account of that name be its administrator (spec kcp 7.2). */
function nameInside({name, extra}: Creator): string {
  const home = extra?.['authentication.kcp.io/cluster-name']?.[0];
  const prefix = 'system:serviceaccount:';
  return home && name.startsWith(prefix) ? `system:kcp:serviceaccount:${home}:${name.slice(prefix.length)}` : name;
}

type Progress = {readonly phase: 'Initializing' | 'Ready'; readonly waiting: readonly string[]};

/** What the Workspace object says once its logical cluster exists (spec kcp 14). */
function complete({workspace, id, shard, now, creator, types}: Plan, path: string, {phase, waiting}: Progress): void {
  const {metadata} = workspace;
  metadata.annotations = {
    ...metadata.annotations,
    [annotations.shard]: shard.name,
    [annotations.shardHash]: shardHash(shard.name),
    [annotations.scheduledCluster]: id,
    ...(creator && {[annotations.owner]: ownerText(creator, phase)}),
  };
  metadata.labels = {...metadata.labels, [labels.phase]: phase, ...(shard.region && {[labels.region]: shard.region})};
  metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), finalizers.logicalCluster])];
  const spec = asJson(workspace)['spec'] as JsonObject;
  setKey(spec, 'cluster', id);
  setKey(spec, 'URL', `${shard.externalUrl}/clusters/${path}`);
  const terminators = lifecycleIds(types, 'terminator');
  const status = statusOf(workspace);
  status['phase'] = phase;
  if (waiting.length > 0) status['initializers'] = [...waiting];
  if (terminators.length > 0) status['terminators'] = terminators;
  setConditions(workspace, [{type: 'WorkspaceScheduled', status: 'True'}, initializedCondition(waiting)], now);
}

/** Whether initializers are still waited for. */
export const initializedCondition = (waiting: readonly string[]) =>
  waiting.length > 0
    ? ({
        type: 'WorkspaceInitialized',
        status: 'False',
        severity: 'Info',
        reason: 'InitializerExists',
        message: `Initializers still exist: [${waiting.join(' ')}]`,
      } as const)
    : ({type: 'WorkspaceInitialized', status: 'True'} as const);

type Inside = Progress & {readonly path: string; readonly initializers: readonly string[]};

function logicalCluster(plan: Plan, maker: Maker, {path, initializers, waiting, phase}: Inside): KubeObject {
  const {workspace, parent, id, types, creator, shard} = plan;
  const type = types.at(-1) as FoundType;
  const terminators = lifecycleIds(types, 'terminator');
  const requiredGroups = workspace.metadata.annotations?.[annotations.requiredGroups];
  const metadata: JsonObject = {
    name: 'cluster',
    generation: 1,
    annotations: {
      [annotations.path]: path,
      [annotations.shard]: shard.name,
      [annotations.type]: printType(type.ref),
      [annotations.resourceBindings]: '{}',
      ...(requiredGroups !== undefined && {[annotations.requiredGroups]: requiredGroups}),
      ...(creator && {[annotations.owner]: ownerText(creator, phase)}),
    },
    labels: {[labels.phase]: phase},
    finalizers: [finalizers.content],
  };
  const spec = {
    owner: {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      resource: 'workspaces',
      name: workspace.metadata.name,
      cluster: parent.id,
      uid: workspace.metadata.uid,
    },
    ...(creator && {createdBy: userInfo(creator)}),
    ...(initializers.length > 0 && {initializers: [...initializers]}),
    ...(terminators.length > 0 && {terminators}),
  };
  const status: JsonObject = {
    phase,
    URL: `${shard.externalUrl}/clusters/${id}`,
    ...(waiting.length > 0 && {initializers: [...waiting]}),
    ...(terminators.length > 0 && {terminators: [...terminators]}),
  };
  const object = make(maker, 'core.kcp.io/v1alpha1', 'LogicalCluster', metadata, {spec, status});
  setConditions(object, [initializedCondition(waiting)], plan.now);
  return object;
}

const userInfo = ({name, uid, groups, extra}: Creator): JsonObject => ({
  username: name,
  ...(uid && {uid}),
  groups: [...groups],
  ...(extra && {extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]))}),
});

/** The creator as the owner annotation has it; once the workspace is ready only the name is kept (spec kcp 4.2). */
export const ownerText = (creator: Creator, phase: Progress['phase'] | 'Scheduling'): string =>
  stringify(phase === 'Ready' ? {username: creator.name} : userInfo(creator));

/** Reads what `ownerText` wrote; undefined for anything else. */
export function readOwner(text: string | undefined): Creator | undefined {
  const info = text === undefined ? undefined : wellFormed(text);
  const name = digString(info, 'username');
  if (!name) return undefined;
  const uid = digString(info, 'uid');
  const extra = dig(info, 'extra');
  return {
    name,
    ...(uid && {uid}),
    groups: texts(dig(info, 'groups')),
    ...(isObject(extra) && {extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, texts(values)]))}),
  };
}

const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.filter(one => typeof one === 'string') : []);

function wellFormed(text: string): Json | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
