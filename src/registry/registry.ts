/**
 * The room of kinds in workspaces: which exist where, each as one `Resource` value, and what follows from that:
 * keys, stored bytes, discovery and OpenAPI. It never learns who asks, or of HTTP.
 */
import type {WorkspaceId} from '../api/cluster.ts';
import {root} from '../api/cluster.ts';
import type {Entry, Storage} from '../storage/storage.ts';
import type {Wanted} from './definition-reader.ts';
import {definitionReader} from './definition-reader.ts';
import type {Fixed} from './fixed-kinds.ts';
import {address, fixedResources} from './fixed-kinds.ts';
import {definitions, keyOf, parseKey, terms} from './keys.ts';
import type {Resource, WorkspaceKinds} from './resource.ts';
import {workspaceKinds} from './workspace-kinds.ts';

export type Registry = {
  /** The resource under a plural name, as this workspace has it; undefined when it has none. */
  resolve(workspace: WorkspaceId, group: string, version: string, plural: string): Promise<Resource | undefined>;
  /** The same under the name of its kind; undefined also when this version of it is not served. */
  ofKind(workspace: WorkspaceId, group: string, version: string, kind: string): Promise<Resource | undefined>;
  /** The same for kinds that workspaces share, asked of all of them at once. */
  everywhere(group: string, version: string, plural: string): Resource | undefined;
  /** The same for a kind that must exist. */
  fixed(group: string, version: string, plural: string): Resource;
  /**
   * What a workspace serves, its own kinds in the key order of their definitions: what its discovery and OpenAPI are made of. Of all
   * workspaces at once, what can be asked of all of them.
   */
  kindsOf(workspace: WorkspaceId | '*'): Promise<WorkspaceKinds>;
  /** The group and the kind a stored definition wants, whether or not it has them. */
  wanted(definition: Entry): Wanted;
};

export const registryLimits = {
  /** Definitions that want the same kind; one of them has it. */
  definitionsOfKindMax: 100,
} as const;

/** `turn` lets others in between pieces of long work. */
export function createRegistry(store: Storage, turn: () => Promise<void> = async () => {}): Registry {
  const definitionOf = definitionReader();
  const {inRoot, elsewhere} = fixedResources();
  const fixedIn = (workspace: WorkspaceId): Fixed => (workspace === root ? inRoot : elsewhere);

  const resolve: Registry['resolve'] = async (workspace, group, version, plural) => {
    const fixed = fixedIn(workspace);
    const known = fixed.resources.get(address(group, version, plural));
    if (known) return known;
    // A definition cannot take over what the workspace has anyway (spec kcp 3.7).
    if (!group || fixed.names.has(`${plural}.${group}`)) return undefined;
    const key = keyOf(definitions, workspace, undefined, `${plural}.${group}`);
    const hot = store.hot(key);
    const entry = hot === 'wait' ? await store.get(key) : hot;
    return entry && definitionOf(entry).resource(version);
  };

  const served = workspaceKinds({store, read: definitionOf, fixedIn, turn});

  return {
    resolve,
    async ofKind(workspace, group, version, kind) {
      const known = fixedIn(workspace).byKind.get(address(group, version, kind));
      if (known || !group || !kindName.test(kind)) return known;
      // Nearly every plural is formed by rule, and then one read finds the definition.
      for (const plural of likelyPlurals(kind.toLowerCase())) {
        const found = await resolve(workspace, group, version, plural);
        if (found?.kind.names.kind === kind) return found;
      }
      const {entries} = await store.byTerm(terms.definitionOf(workspace, group, kind), {limit: registryLimits.definitionsOfKindMax});
      for (const {key} of entries) {
        const plural = parseKey(key).path[0]?.slice(0, -group.length - 1) as string;
        const found = await resolve(workspace, group, version, plural);
        if (found?.kind.names.kind === kind) return found;
      }
      return undefined;
    },
    everywhere: (group, version, plural) => inRoot.resources.get(address(group, version, plural)),
    fixed(group, version, plural) {
      const found = inRoot.resources.get(address(group, version, plural));
      if (!found) throw new Error(`no such kind: ${plural}.${version}.${group}`);
      return found;
    },
    kindsOf: workspace => (workspace === '*' ? Promise.resolve(inRoot.served) : served(workspace)),
    wanted: definition => definitionOf(definition).wanted,
  };
}

/** What may be the kind of a definition, as far as it keeps its plurals short enough to be names. */
const kindName = /^[A-Za-z0-9-]{1,63}$/;

function likelyPlurals(name: string): readonly string[] {
  if (/(s|x|z|ch|sh)$/.test(name)) return [`${name}es`, name];
  return name.endsWith('y') ? [`${name.slice(0, -1)}ies`, `${name}s`] : [`${name}s`];
}
