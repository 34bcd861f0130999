import type {Surroundings} from '../admission/rule.ts';
import type {OwnerReference} from '../api/object.ts';
import {asObject, clusterAnnotation, timestamp} from '../api/object.ts';
import {contentHash} from '../registry/content-hash.ts';
import {eventSpace, keyOf, parseKey, terms} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {putOp} from '../registry/ops.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Key} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';

/** Objects of the workspace that are searched for an owner that is not where its dependent may look. */
const searchedEntriesMax = 1_000;
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
  if ((await read(store, key)) || !(await liesElsewhere(dependent, owner.uid, around))) return;
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

async function liesElsewhere(dependent: Entry, uid: string, {store, world}: Surroundings): Promise<boolean> {
  const {workspace, path} = parseKey(dependent.key);
  const mark = Buffer.from(JSON.stringify(uid));
  let after: Key | undefined;
  for (let seen = 0; seen < searchedEntriesMax; ) {
    const page = await store.byTerm(terms.workspace(workspace), {limit: 500, ...(after && {after})});
    for (const entry of page.entries) {
      const {value} = entry;
      if (Buffer.from(value.buffer, value.byteOffset, value.byteLength).indexOf(mark) < 0) continue;
      if (peek(entry).metadata.uid !== uid) continue;
      const found = parseKey(entry.key).path;
      return found.length > 1 && (path.length < 2 || found[0] !== path[0]);
    }
    seen += page.entries.length;
    after = page.entries.at(-1)?.key;
    if (!page.more) return false;
    await world.turn();
  }
  return false;
}
