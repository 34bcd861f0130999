import type {WorkspaceId} from '../api/cluster.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';
import {BoundedCache} from './bounded-cache.ts';
import {contentHash} from './content-hash.ts';
import type {Definition} from './definition-reader.ts';
import type {Fixed} from './fixed-kinds.ts';
import {nameOf} from './fixed-kinds.ts';
import {parseKey, rangeOf, definitions as space} from './keys.ts';
import type {WorkspaceKinds} from './resource.ts';

export const workspaceKindsLimits = {
  /** Definitions that are read in one go. */
  definitionsAtOnce: {limit: 200, bytesMax: 1024 * 1024},
  /** Definitions read into one workspace's discovery: the first ones by key. */
  definitionsPerWorkspaceMax: 10_000,
  /** What is held of all workspaces that somebody asked about, by the bytes it was read from. */
  heldBytesMax: 160 * 1024 * 1024,
  /** What a workspace or a definition takes at least. */
  overheadBytes: 4 * 1024,
  /** Definitions of a workspace that change before it is read as a whole again. */
  changesMax: 200,
} as const;

/** How definitions are read. */
export type DefinitionSource = {
  readonly store: Storage;
  readonly read: (entry: Entry) => Definition;
  /** What a workspace has anyway: a definition cannot take it over. */
  readonly fixedIn: (workspace: WorkspaceId) => Fixed;
  /** Lets others in between pieces of long work. */
  readonly turn: () => Promise<void>;
};

/** What is held of a definition: not what was compiled of it for somebody who writes. */
type Told = Pick<Definition, 'hash' | 'kinds' | 'bytes'>;
type Definitions = ReadonlyMap<Key, Told>;
type Held = {readonly definitions: Definitions; readonly kinds: WorkspaceKinds; readonly changed: Set<Key>};

/**
 * Remembers what was read of workspaces. When a definition changes, which the log tells before the change is acknowledged, that one alone is read again.
 * Who asks while a workspace is being read waits for the same reading.
 */
export function workspaceKinds(source: DefinitionSource): (workspace: WorkspaceId) => Promise<WorkspaceKinds> {
  const {store} = source;
  const {heldBytesMax, overheadBytes, changesMax} = workspaceKindsLimits;
  const known = new BoundedCache<WorkspaceId, Held>(heldBytesMax, ({definitions}) => {
    let bytes = overheadBytes;
    for (const one of definitions.values()) bytes += overheadBytes + one.bytes;
    return bytes;
  });
  const reading = new Map<WorkspaceId, Promise<WorkspaceKinds>>();
  let following = false;

  const follow = (): void => {
    if (following) return;
    following = true;
    store.watch(rangeOf(space), store.revision(), {
      events(batch) {
        for (const {key} of batch) {
          const {workspace} = parseKey(key);
          const changed = known.get(workspace)?.changed.add(key);
          if (changed && changed.size > changesMax) known.delete(workspace);
          reading.delete(workspace);
        }
      },
      ended() {
        following = false;
        known.clear();
        reading.clear();
      },
    });
  };

  return workspace => {
    follow();
    const held = known.get(workspace);
    if (held?.changed.size === 0) return Promise.resolve(held.kinds);
    const under = reading.get(workspace);
    if (under) return under;
    const mine = (held ? readChanged(held, workspace, source) : readAll(workspace, source)).then(
      definitions => {
        const kinds = kindsOf(definitions, source.fixedIn(workspace));
        // A change meanwhile has taken it out.
        if (reading.get(workspace) === mine) {
          reading.delete(workspace);
          known.set(workspace, {definitions, kinds, changed: new Set()});
        }
        return kinds;
      },
      err => {
        if (reading.get(workspace) === mine) reading.delete(workspace);
        throw err;
      },
    );
    reading.set(workspace, mine);
    return mine;
  };
}

const toldBy = ({hash, kinds, bytes}: Definition): Told => ({hash, kinds, bytes});

async function readAll(workspace: WorkspaceId, {store, read, turn}: DefinitionSource): Promise<Definitions> {
  const {definitionsAtOnce, definitionsPerWorkspaceMax} = workspaceKindsLimits;
  const found = new Map<Key, Told>();
  for (let after: Key | undefined, more = true; more && found.size < definitionsPerWorkspaceMax; await turn()) {
    const limit = Math.min(definitionsAtOnce.limit, definitionsPerWorkspaceMax - found.size);
    const page = await store.list(rangeOf(space, workspace), {...definitionsAtOnce, limit, ...(after && {after})});
    for (const entry of page.entries) found.set(entry.key, toldBy(read(entry)));
    after = page.entries.at(-1)?.key;
    more = page.more;
  }
  return found;
}

async function readChanged({definitions, changed}: Held, workspace: WorkspaceId, source: DefinitionSource): Promise<Definitions> {
  // Which ones come first is not known of a part.
  if (definitions.size >= workspaceKindsLimits.definitionsPerWorkspaceMax) return readAll(workspace, source);
  const found = new Map(definitions);
  let added = false;
  for (const key of [...changed]) {
    const entry = await source.store.get(key);
    added ||= !found.has(key);
    if (entry) found.set(key, toldBy(source.read(entry)));
    else found.delete(key);
  }
  // What is new stands at the end.
  return added ? new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1))) : found;
}

function kindsOf(definitions: Definitions, {names, served}: Fixed): WorkspaceKinds {
  const found = [...definitions.values()].filter(one => one.kinds.some(kind => !names.has(nameOf(kind))));
  if (found.length === 0) return served;
  const hashOf = (some: readonly Told[], base: string): string => contentHash([base, ...some.map(one => one.hash)].join());
  const groups = Map.groupBy(found, one => one.kinds[0]?.group ?? '');
  return {
    fixed: served.fixed,
    own: found.flatMap(one => one.kinds),
    hash: hashOf(found, served.hash),
    groups: new Map([
      ...served.groups,
      ...[...groups].map(([group, some]): [string, string] => [group, hashOf(some, served.groups.get(group) ?? '')]),
    ]),
  };
}
