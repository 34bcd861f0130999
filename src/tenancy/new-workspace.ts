import {shardHash} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {digString, setKey} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {setConditions, statusOf} from './conditions.ts';
import type {Made} from './contents.ts';
import {ownerText} from './creator.ts';
import {annotations, finalizers, labels} from './names.ts';
import type {ClusterPlan, Progress} from './new-cluster.ts';
import {furnishCluster, initializedCondition} from './new-cluster.ts';
import {lifecycleIds, printType} from './workspace-types.ts';

export type Plan = Omit<ClusterPlan, 'path' | 'type' | 'owner' | 'requiredGroups'> & {
  /** The Workspace object in its parent, which is completed. */
  readonly workspace: KubeObject;
  /** The id of the parent and its canonical path. */
  readonly parent: {readonly id: string; readonly path: string};
};

/** Completes a Workspace and makes everything its logical cluster starts with, to be written in one commit. */
export function furnish(plan: Plan): readonly Made[] {
  const {workspace, parent} = plan;
  const {name, uid} = workspace.metadata;
  const path = `${parent.path}:${name}`;
  const spec = asJson(workspace)['spec'];
  const type = printType({path: digString(spec, 'type', 'path') ?? '', name: digString(spec, 'type', 'name') ?? ''});
  const {made, progress} = furnishCluster({
    ...plan,
    path,
    type,
    owner: {apiVersion: 'tenancy.kcp.io/v1alpha1', resource: 'workspaces', name, cluster: parent.id, uid},
    requiredGroups: workspace.metadata.annotations?.[annotations.requiredGroups],
  });
  complete(plan, path, progress);
  return made;
}

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
