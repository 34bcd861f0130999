import type {Surroundings} from '../admission/rule.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import type {OwnerReference} from '../api/object.ts';
import {asObject, clusterAnnotation, timestamp} from '../api/object.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import {contentHash} from '../registry/content-hash.ts';
import {eventSpace, keyOf, parseKey, terms} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {putOp} from '../registry/ops.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Storage} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';
import {pagesOf} from './owners.ts';

const limits = {
  /** Objects of the workspace that are searched for an owner that is not where its dependent may look. */
  searchedEntriesMax: 500,
  /** Owners of which it is remembered where they are. A uid is never given twice, so that what is not there does not come. */
  rememberedMax: 1_000,
} as const;
const reason = 'OwnerRefInvalidNamespace';
const component = 'garbage-collector-controller';

/**
 * Tells by an Event of an owner that is not where its dependent may look for it, but in another namespace (spec kubernetes-api 11.1.5). Nothing
 * depends on the Event, so that the search may end early.
 */
export async function reportForeignOwner(dependent: Entry, owner: OwnerReference, around: Surroundings): Promise<void> {
  const {store, world} = around;
  const {workspace, path} = parseKey(dependent.key);
  const {apiVersion, kind, metadata} = peek(dependent);
  const own = path.length > 1 ? (path[0] as string) : '';
  const home = own || 'default';
  const name = `${metadata.name.slice(0, 200)}.${contentHash(`${metadata.uid} ${owner.uid}`).slice(0, 16)}`;
  const key = keyOf(eventSpace, workspace, home, name);
  const namespace = await namespaceOf(owner.uid, workspace, around);
  if (namespace === undefined || namespace === own || (await read(store, key))) return;
  const identity = `[${owner.apiVersion}/${owner.kind}, namespace: ${own}, name: ${owner.name}, uid: ${owner.uid}]`;
  const now = timestamp(world.now());
  const event = asObject({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {name, namespace: home, uid: world.uid(), creationTimestamp: now, annotations: {[clusterAnnotation]: workspace}},
    involvedObject: {kind, ...(own && {namespace: own}), name: metadata.name, uid: metadata.uid, apiVersion},
    reason,
    message: `ownerRef ${identity} does not exist in namespace ${JSON.stringify(own)}`,
    source: {component},
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type: 'Warning',
    eventTime: null,
    reportingComponent: component,
    reportingInstance: '',
  });
  try {
    await store.commit([putOp(key, event, 'absent')]);
  } catch (err) {
    if (!(err instanceof Unexpected)) throw err;
  }
}

/** Where objects lie whose uids were asked for lately: what has lost one owner has often many siblings. */
const searched = new WeakMap<Storage, BoundedCache<string, Promise<string | undefined>>>();

function namespaceOf(uid: string, workspace: WorkspaceId, around: Surroundings): Promise<string | undefined> {
  const {store} = around;
  let cache = searched.get(store);
  if (!cache) {
    cache = new BoundedCache(limits.rememberedMax);
    searched.set(store, cache);
  }
  return cache.getOrMake(`${workspace} ${contentHash(uid)}`, () => search(uid, workspace, around).catch(() => undefined));
}

/** The namespace of the object with a uid; undefined when it has none, or is not found. */
async function search(uid: string, workspace: WorkspaceId, around: Surroundings): Promise<string | undefined> {
  const mark = Buffer.from(JSON.stringify(uid));
  let seen = 0;
  for await (const page of pagesOf(terms.workspace(workspace), around)) {
    for (const entry of page) {
      const {value} = entry;
      if (Buffer.from(value.buffer, value.byteOffset, value.byteLength).indexOf(mark) < 0 || peek(entry).metadata.uid !== uid) continue;
      const {path} = parseKey(entry.key);
      return path.length > 1 ? path[0] : undefined;
    }
    seen += page.length;
    if (seen >= limits.searchedEntriesMax) return undefined;
  }
  return undefined;
}
