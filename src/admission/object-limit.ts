import type {WorkspaceId} from '../api/cluster.ts';
import {root} from '../api/cluster.ts';
import type {ApiError} from '../api/errors.ts';
import {forbidden} from '../api/errors.ts';
import type {KubeObject} from '../api/object.ts';
import {eventSpace, parseKey, rangeOf, terms} from '../registry/keys.ts';
import {isSystem, logicalClusterKey, phaseOf, read} from '../registry/logical-clusters.ts';
import type {Resource} from '../registry/resource.ts';
import {peek} from '../registry/stored.ts';
import type {Count, Op, Range} from '../storage/storage.ts';
import {annotations} from '../tenancy/names.ts';
import {rollsIn} from './quota-roll.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

/**
 * No workspace gets more objects than its LogicalCluster says, or the server where that says nothing (spec kcp 10.6). The commit that creates one is held to
 * what is there by the thread that writes, so that not even a thousand creates at once go beyond, and what is deleted makes room at once. kcp counts once a
 * minute and estimates in between. Events are not counted. Where nothing is limited, nothing is counted.
 */
export const objectLimit: Rule = {
  name: 'core.kcp.io/LogicalClusterObjectCountLimit',
  of: ({kind, gr}) => !kind.strategy.virtual && !(gr.group === 'core.kcp.io' && gr.resource === 'logicalclusters'),
  async settle({verb, resource, object, workspace, also}, around) {
    if (verb === 'create' && !isExempt(resource, object)) also.push(...(await limitTo(workspace, 1 + addedIn(workspace, also), around)));
  },
};

/** What holds a commit that adds so many objects to a workspace to the limit; nothing where there is none. */
export async function limitTo(workspace: WorkspaceId, added: number, {store, settings}: Limited): Promise<readonly Count[]> {
  const entry = await read(store, logicalClusterKey(workspace));
  const limit = entry && limitOf(workspace, peek(entry), settings.objectsMax);
  if (!limit) return [];
  return [{count: terms.workspace(workspace), besides: uncounted(workspace), below: limit - added + 1}];
}

type Limited = Pick<Surroundings, 'store' | 'settings'>;

/** The refusal of a create in a workspace of so many objects. */
export function full({resource, object, workspace, also}: Write, found: number): ApiError {
  const limit = also.reduce((sum, op) => ('count' in op ? op.below : sum), 0) + addedIn(workspace, also);
  const why = `logical cluster ${JSON.stringify(workspace)} has reached its total object count limit (${found}/${limit} objects)`;
  return forbidden(resource.gr, object.metadata.name, `${why}; delete objects to free up capacity`);
}

/** What a workspace cannot do without when it is made, and what tells why nothing goes. */
const isExempt = ({space, gr}: Resource, {metadata}: KubeObject): boolean =>
  (space.group === eventSpace.group && space.resource === eventSpace.resource) ||
  (gr.group === 'rbac.authorization.k8s.io' && gr.resource === 'clusterrolebindings' && metadata.name === 'workspace-admin');

/** Events, and what no client sees. */
const uncounted = (workspace: WorkspaceId): readonly Range[] => [rangeOf(eventSpace, workspace), rollsIn(workspace)];

/** How many further objects of the workspace come with a new one. */
function addedIn(workspace: WorkspaceId, also: readonly Op[]): number {
  const besides = uncounted(workspace);
  const isAdded = (op: Op): boolean =>
    'put' in op && op.expect === 'absent' && parseKey(op.put).workspace === workspace && !besides.some(range => op.put.startsWith(range));
  return also.filter(isAdded).length;
}

const integer = /^[+-]?[0-9]+$/;
const int64Max = 2 ** 63;

/** Undefined without one. An annotation that is no number counts as none. What the server says does not hold for what it writes itself into root. */
function limitOf(workspace: WorkspaceId, logicalCluster: KubeObject, fallback: number): number | undefined {
  if (phaseOf(logicalCluster) !== 'Ready') return undefined;
  const text = logicalCluster.metadata.annotations?.[annotations.maxTotalObjects] ?? '';
  const own = integer.test(text) ? Number(text) : Number.NaN;
  const limit = Math.abs(own) < int64Max ? own : workspace === root || isSystem(workspace) ? 0 : fallback;
  return limit > 0 ? limit : undefined;
}
