import {typeLookup} from '../admission/lookups.ts';
import {thisShard} from '../admission/schedule.ts';
import {root} from '../api/cluster.ts';
import {ApiError, forbidden} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asObject, timestamp} from '../api/object.ts';
import type {User} from '../auth/user.ts';
import {logicalClusterKey, phaseOf, read} from '../registry/logical-clusters.ts';
import {createOp} from '../registry/ops.ts';
import {peek} from '../registry/stored.ts';
import type {Entry} from '../storage/storage.ts';
import {homeOf, homeType} from '../tenancy/home-workspace.ts';
import type {Shard} from '../tenancy/new-cluster.ts';
import {furnishCluster} from '../tenancy/new-cluster.ts';
import {printType, withBases} from '../tenancy/workspace-types.ts';
import {negotiate} from '../wire/negotiate.ts';
import type {Trail} from './audit-trail.ts';
import type {Call} from './call.ts';
import {commit, isCommitted} from './commit.ts';
import type {Deps} from './deps.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';
import {checkActive} from './inactive.ts';
import type {Place} from './locate.ts';
import {noCache, replyObject} from './reply.ts';

export const homeLimits = {
  /** How often a home is begun anew because something is in its place. */
  triesMax: 5,
  /** How long somebody is told to wait while others than the server have still to initialize it. */
  initializingMsMax: 60_000,
  retryAfterSeconds: 1,
} as const;

const gr = {group: 'tenancy.kcp.io', resource: 'workspaces'} as const;
const home = '~';

/** Whether a request is for the home workspace of whoever sends it (spec kcp 3.8). */
export const asksForHome = ({resource}: Call, {workspace}: Place): boolean =>
  workspace === root &&
  resource?.verb === 'get' &&
  resource.name === home &&
  resource.plural === gr.resource &&
  resource.group === gr.group &&
  resource.version === 'v1alpha1';

/**
 * Answers with the home of a user, and makes it when they have none and may have one. Whose it is their name says, so nothing else is asked.
 * @throws ApiError Forbidden; InternalError when it takes too long to be initialized
 */
export async function homeWorkspace(deps: Deps, call: Call, user: User, trail: Trail | undefined): Promise<HttpReply> {
  const resource = deps.registry.fixed(gr.group, 'v1alpha1', gr.resource);
  const {headers} = call.request;
  const as = negotiate(header(headers, 'accept'), {
    protobuf: false,
    userAgent: header(headers, 'user-agent'),
    pretty: call.target.query.get('pretty'),
  });
  trail?.understood(resource);
  await checkActive(deps.store, call, root);
  const {id} = homeOf(user);
  let found = await read(deps.store, logicalClusterKey(id));
  if (!found) {
    await mayHaveHome(deps, user, trail);
    for (let tries = 0; !found && tries < homeLimits.triesMax; tries++) found = await make(deps, user);
  }
  if (!found) return pending();
  const logicalCluster = peek(found);
  const phase = phaseOf(logicalCluster);
  if (phase === 'Scheduling' || phase === 'Initializing') {
    const {creationTimestamp = ''} = logicalCluster.metadata;
    if (deps.world.now() - Date.parse(creationTimestamp) <= homeLimits.initializingMsMax) return pending();
    throw new ApiError('InternalError', 'Internal error occurred: home workspace creation timeout');
  }
  const shard = await thisShard(deps);
  return replyObject({deps, call, resource, as, warnings: []}, asWorkspace(found, id, shard));
}

/** Nobody wrote a Workspace object for a home: it says what its logical cluster says. */
function asWorkspace(entry: Entry, id: string, shard: Shard | undefined): KubeObject {
  const {metadata, ...rest} = peek(entry);
  const status = rest['status'] as JsonObject;
  // The shard may have moved since the home was made.
  const URL = shard ? `${shard.externalUrl}/clusters/${id}` : (digString(status, 'URL') ?? '');
  const kept = ['phase', 'conditions', 'initializers'].filter(field => status[field] !== undefined);
  return asObject({
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: {name: metadata.name, creationTimestamp: metadata.creationTimestamp as string},
    spec: {cluster: id, URL},
    status: Object.fromEntries(kept.map(field => [field, status[field] as never])),
  });
}

/** @throws ApiError Forbidden */
async function mayHaveHome({authorizer}: Deps, user: User, trail: Trail | undefined): Promise<void> {
  const resource = {group: gr.group, plural: gr.resource, subresource: undefined, namespace: undefined, name: home};
  const decision = await authorizer.decide(user, {verb: 'create', workspace: root, resource});
  trail?.decided(decision);
  if (decision.allowed) return;
  const who = `User ${JSON.stringify(user.name)} cannot create resource "workspaces" in API group "tenancy.kcp.io"`;
  throw forbidden(gr, home, `${who} at the cluster scope: workspace access not permitted`);
}

/** Writes a home in one commit. Undefined when somebody was quicker and it is not to be seen yet. */
async function make(deps: Deps, user: User): Promise<Entry | undefined> {
  const {store, registry, world, settings} = deps;
  const {id, path} = homeOf(user);
  const lookup = typeLookup(store);
  const shard = await thisShard(deps);
  const type = await lookup(homeType.path, homeType.name);
  if (!shard || !type)
    throw new ApiError('ServiceUnavailable', 'homes cannot be made here: root has no home type, or does not list this shard');
  const types = await withBases(type, lookup);
  if (typeof types === 'string') throw new ApiError('ServiceUnavailable', `homes cannot be made here: ${types}`);
  const {made} = furnishCluster({
    id,
    path,
    type: printType(homeType),
    types,
    creator: user,
    shard,
    now: timestamp(world.now()),
    uid: world.uid,
    rootCa: settings.rootCa,
    standing: settings.standing,
  });
  type Put = ReturnType<typeof createOp>;
  const ops = made.map(one => createOp(registry.fixed(one.group, one.version, one.plural), id, one.object));
  const [first, ...others] = ops as [Put, ...Put[]];
  const outcome = await commit(deps, first, others);
  return isCommitted(outcome) ? outcome : read(store, logicalClusterKey(id));
}

/** Clients of Go wait and ask again by themselves. */
const pending = (): HttpReply => ({
  status: 429,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': noCache,
    'x-content-type-options': 'nosniff',
    'retry-after': String(homeLimits.retryAfterSeconds),
  },
  body: Buffer.from('Creating the home workspace\n'),
});
