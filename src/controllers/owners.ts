import {propagationFinalizers} from '../admission/deletion.ts';
import type {Surroundings} from '../admission/rule.ts';
import type {KubeObject, OwnerReference} from '../api/object.ts';
import {groupVersionOf} from '../api/object.ts';
import type {Located} from '../registry/keys.ts';
import {eventSpace, keyOf, parseKey, rangeOf, terms} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Key} from '../storage/storage.ts';

/** Few enough that weighing all of them keeps nobody else waiting for long. */
const pageEntriesMax = 200;

/**
 * What an owner means to its dependent: it keeps it (`solid`), it is being deleted and waits for it (`waiting`), it is not there (`absent`),
 * or nobody can say (`unknown`), and then it keeps it as well.
 */
type Standing = 'solid' | 'waiting' | 'absent' | 'unknown';

/** Looks an owner up. Only one of the same workspace, with the same uid, and where the dependent may look for it, is there at all. */
export async function standingOf(owner: OwnerReference, dependent: Located, around: Surroundings): Promise<Standing> {
  const key = await ownerKey(owner, dependent, around);
  if (typeof key !== 'string') return key.standing;
  const entry = await read(around.store, key);
  if (!entry || peek(entry).metadata.uid !== owner.uid) return 'absent';
  return waitsForDependents(peek(entry)) ? 'waiting' : 'solid';
}

/**
 * Where an owner lies if it is there: in the dependent's namespace, or in none. What has no namespace cannot be owned by what has one; as
 * with kinds that are not served, such an owner stays unknown (spec kubernetes-api 11.1).
 */
export async function ownerKey(
  owner: Pick<OwnerReference, 'apiVersion' | 'kind' | 'name'>,
  {workspace, path}: Pick<Located, 'workspace' | 'path'>,
  {registry}: Surroundings,
): Promise<Key | {readonly standing: 'unknown' | 'absent'}> {
  const {group, version} = groupVersionOf(owner.apiVersion);
  const resource = await registry.ofKind(workspace, group, version, owner.kind);
  if (!resource || resource.kind.strategy.virtual) return {standing: 'unknown'};
  if (resource.kind.namespaced && path.length < 2) return {standing: 'unknown'};
  if (owner.name.includes('/')) return {standing: 'absent'};
  return keyOf(resource.space, workspace, resource.kind.namespaced ? path[0] : undefined, owner.name);
}

/** Whether an object was deleted in the foreground and still waits. */
export const waitsForDependents = ({metadata}: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(propagationFinalizers.Foreground);

export const ownersOf = (entry: Entry): readonly OwnerReference[] => peek(entry).metadata.ownerReferences ?? [];

/** Events are nobody's dependents, whatever they say. */
export const isEvent = ({key}: Pick<Entry, 'key'>): boolean => key.startsWith(eventRange);
const eventRange = rangeOf(eventSpace);

/** Whatever names an object as its owner, truly or not, in pages; the object itself is left out. */
export async function* dependentsOf(owner: Entry, {store, world}: Surroundings): AsyncGenerator<readonly Entry[]> {
  const {workspace} = parseKey(owner.key);
  for await (const page of pagesOf(terms.owner(workspace, peek(owner).metadata.uid), {store, world}))
    yield page.filter(entry => entry.key !== owner.key && !isEvent(entry));
}

/** Everything under a term, in pages. */
export async function* pagesOf(term: string, {store, world}: Pick<Surroundings, 'store' | 'world'>): AsyncGenerator<readonly Entry[]> {
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.byTerm(term, {limit: pageEntriesMax, ...(after && {after})});
    if (page.entries.length > 0) yield page.entries;
    after = page.entries.at(-1)?.key;
    more = page.more;
    if (more) await world.turn();
  }
}
