import type {JsonObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {setConditions} from './conditions.ts';
import type {Made, Maker, StandingExport} from './contents.ts';
import {adminBinding, make, namespaceWithContents, standingBinding} from './contents.ts';
import type {Creator} from './creator.ts';
import {nameInside, ownerText, userInfo} from './creator.ts';
import {annotations, finalizers, labels, ownInitializers} from './names.ts';
import type {Closure} from './workspace-types.ts';
import {defaultBindings, lifecycleIds} from './workspace-types.ts';

export type Shard = {
  readonly name: string;
  /** Where clients reach it, without a path. */
  readonly externalUrl: string;
  readonly region: string | undefined;
};

export type ClusterPlan = {
  /** The id of the new logical cluster. */
  readonly id: string;
  /** Its canonical path. */
  readonly path: string;
  /** How it calls its type: `path:name`. */
  readonly type: string;
  /** The type with its bases. */
  readonly types: Closure;
  readonly creator: Creator | undefined;
  /** The Workspace it belongs to, if any, as `spec.owner` has it. */
  readonly owner?: JsonObject;
  /** The groups one must have to know of it, as the annotation has them. */
  readonly requiredGroups?: string | undefined;
  readonly shard: Shard;
  /** RFC 3339. */
  readonly now: string;
  readonly uid: () => string;
  readonly rootCa: string;
  readonly standing: readonly StandingExport[];
};

/** How far a new logical cluster is: which initializers it waits for. */
export type Progress = {readonly phase: 'Initializing' | 'Ready'; readonly waiting: readonly string[]};

/**
 * Makes everything a logical cluster starts with, to be written in one commit (architecture D9). It is ready at once unless initializers other than the
 * server's own wait in it.
 */
export function furnishCluster(plan: ClusterPlan): {readonly made: readonly Made[]; readonly progress: Progress} {
  const {id, types, now, creator} = plan;
  const maker: Maker = {cluster: id, now, uid: plan.uid};
  const bindings = defaultBindings(types);
  const bound = plan.standing.filter(one => bindings.some(b => b.path === 'root' && b.export === one.name));
  const initializers = lifecycleIds(types, 'initializer');
  const waiting = initializers.filter(
    one => one !== ownInitializers.universal && (one !== ownInitializers.bindings || bound.length < bindings.length),
  );
  const progress: Progress = {phase: waiting.length > 0 ? 'Initializing' : 'Ready', waiting};
  const universal = initializers.includes(ownInitializers.universal);
  const made = [
    {
      group: 'core.kcp.io',
      version: 'v1alpha1',
      plural: 'logicalclusters',
      object: logicalCluster(plan, maker, {...progress, initializers}),
    },
    ...(creator ? [adminBinding(maker, nameInside(creator))] : []),
    ...bound.map(one => standingBinding(maker, one)),
    ...(universal ? ['default', 'kube-system'].flatMap(name => namespaceWithContents(maker, name, plan.rootCa)) : []),
  ];
  return {made, progress};
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

type Inside = Progress & {readonly initializers: readonly string[]};

function logicalCluster(plan: ClusterPlan, maker: Maker, {initializers, waiting, phase}: Inside): KubeObject {
  const {id, path, type, types, creator, owner, requiredGroups, shard} = plan;
  const terminators = lifecycleIds(types, 'terminator');
  const metadata: JsonObject = {
    name: 'cluster',
    generation: 1,
    annotations: {
      [annotations.path]: path,
      [annotations.shard]: shard.name,
      [annotations.type]: type,
      [annotations.resourceBindings]: '{}',
      ...(requiredGroups !== undefined && {[annotations.requiredGroups]: requiredGroups}),
      ...(creator && {[annotations.owner]: ownerText(creator, phase)}),
    },
    labels: {[labels.phase]: phase},
    finalizers: [finalizers.content, ...(terminators.length > 0 ? [finalizers.terminators] : [])],
  };
  const spec = {
    directlyDeletable: false,
    ...(owner && {owner}),
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
