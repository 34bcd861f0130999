import type {WorkspaceId} from '../api/cluster.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';
import {byWorkspace} from './by-workspace.ts';
import {contentHash} from './content-hash.ts';
import type {Definition} from './definition-reader.ts';
import type {Fixed} from './fixed-kinds.ts';
import {nameOf} from './fixed-kinds.ts';
import {definitions as space} from './keys.ts';
import type {WorkspaceKinds} from './resource.ts';

/** Of definitions. */
export const workspaceKindsLimits = {
  atOnce: {limit: 200, bytesMax: 1024 * 1024},
  /** Those that are read into one workspace's discovery. */
  ofKindMax: 10_000,
  heldBytesMax: 160 * 1024 * 1024,
  overheadBytes: 4 * 1024,
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

/** The kinds of workspaces, made again when a definition in one changed. */
export function workspaceKinds({store, read, fixedIn, turn}: DefinitionSource): (workspace: WorkspaceId) => Promise<WorkspaceKinds> {
  const toldBy = (entry: Entry): Told => {
    const {hash, kinds, bytes} = read(entry);
    return {hash, kinds, bytes};
  };
  const definitionsOf = byWorkspace({store, spaces: [space], read: toldBy, limits: workspaceKindsLimits, turn});
  const made = new WeakMap<Definitions, WorkspaceKinds>();
  return async workspace => {
    const definitions = await definitionsOf(workspace);
    const known = made.get(definitions);
    if (known) return known;
    const kinds = kindsOf(definitions, fixedIn(workspace));
    made.set(definitions, kinds);
    return kinds;
  };
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
