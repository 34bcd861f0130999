/**
 * The room of kinds in workspaces: which exist where, each as one `Resource` value, and what follows from that:
 * keys, stored bytes, discovery and OpenAPI. It never learns who asks, or of HTTP.
 */
import type {WorkspaceId} from '../api/cluster.ts';
import {compareVersions} from '../api/version-order.ts';
import {builtIn, system} from '../kinds/all.ts';
import type {Kind} from '../kinds/kind.ts';
import {compileSchema} from '../schema/compile.ts';
import type {Entry, Storage} from '../storage/storage.ts';
import {revisionOf} from '../storage/storage.ts';
import type {Wanted} from './definition-reader.ts';
import {definitionReader} from './definition-reader.ts';
import {builtInSection, definitions, keyOf, parseKey, terms} from './keys.ts';
import type {Resource} from './resource.ts';
import {apiVersionOf} from './resource.ts';
import {bareHead, headOf} from './stored.ts';
import type {CustomKinds} from './workspace-kinds.ts';
import {workspaceKinds} from './workspace-kinds.ts';

export type Registry = {
  /** The resource under a plural name, as this workspace has it; undefined when it has none. */
  resolve(workspace: WorkspaceId, group: string, version: string, plural: string): Promise<Resource | undefined>;
  /** The same under the name of its kind; undefined also when this version of it is not served. */
  ofKind(workspace: WorkspaceId, group: string, version: string, kind: string): Promise<Resource | undefined>;
  /** The same for kinds that all workspaces share. */
  everywhere(group: string, version: string, plural: string): Resource | undefined;
  /** The same for a kind that must exist. */
  fixed(group: string, version: string, plural: string): Resource;
  /** The established definitions of a workspace, in key order. What discovery and OpenAPI of the workspace depend on, with its hash. */
  customKinds(workspace: WorkspaceId): Promise<CustomKinds>;
  /** The group and the kind a stored definition wants, whether or not it has them. */
  wanted(definition: Entry): Wanted;
};

export const registryLimits = {
  /** Definitions that want the same kind; one of them has it. */
  definitionsOfKindMax: 100,
} as const;

/** Kinds every workspace has: Kubernetes' own and kcp's. */
export const fixedKinds: readonly Kind[] = [...builtIn, ...system];

/** `turn` lets others in between pieces of long work. */
export function createRegistry(store: Storage, turn: () => Promise<void> = async () => {}): Registry {
  const fixed = new Map(fixedKinds.map(kind => [address(kind.group, kind.version, kind.names.plural), resourceOf(kind)]));
  const fixedPlurals = new Set(fixedKinds.map(kind => `${kind.names.plural}.${kind.group}`));
  const fixedByKind = new Map([...fixed.values()].map(one => [address(one.gr.group, one.kind.version, one.kind.names.kind), one]));
  const definitionOf = definitionReader();

  const resolve: Registry['resolve'] = async (workspace, group, version, plural) => {
    const known = fixed.get(address(group, version, plural));
    if (known) return known;
    // A definition cannot take over what every workspace has (spec kcp 3.7).
    if (!group || fixedPlurals.has(`${plural}.${group}`)) return undefined;
    const key = keyOf(definitions, workspace, undefined, `${plural}.${group}`);
    const hot = store.hot(key);
    const entry = hot === 'wait' ? await store.get(key) : hot;
    return entry && definitionOf(entry).resource(version);
  };

  return {
    resolve,
    async ofKind(workspace, group, version, kind) {
      const known = fixedByKind.get(address(group, version, kind));
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
    everywhere: (group, version, plural) => fixed.get(address(group, version, plural)),
    fixed(group, version, plural) {
      const found = fixed.get(address(group, version, plural));
      if (!found) throw new Error(`no such kind: ${plural}.${version}.${group}`);
      return found;
    },
    customKinds: workspaceKinds({
      store,
      read: definitionOf,
      serves: kind => !fixedPlurals.has(`${kind.names.plural}.${kind.group}`),
      turn,
    }),
    wanted: definition => definitionOf(definition).wanted,
  };
}

const address = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;

/** What may be the kind of a definition, as far as it keeps its plurals short enough to be names. */
const kindName = /^[A-Za-z0-9-]{1,63}$/;

function likelyPlurals(name: string): readonly string[] {
  if (/(s|x|z|ch|sh)$/.test(name)) return [`${name}es`, name];
  return name.endsWith('y') ? [`${name.slice(0, -1)}ies`, `${name}s`] : [`${name}s`];
}

/** A built-in kind, ready to serve. */
export function resourceOf(kind: Kind): Resource {
  const versions = fixedKinds.filter(k => k.group === kind.group && k.names.plural === kind.names.plural).map(k => k.version);
  const storageVersion = versions.sort(compareVersions)[0] ?? kind.version;
  const apiVersion = apiVersionOf(kind.group, kind.version);
  const of = kind.view ?? kind;
  return {
    kind,
    gr: {group: kind.group, resource: kind.names.plural},
    apiVersion,
    space: {group: of.group, resource: kind.names.plural, section: builtInSection},
    schema: compileSchema(kind.schema),
    head: headOf(apiVersion, kind.names.kind),
    itemHead: kind.custom ? headOf(apiVersion, kind.names.kind) : bareHead,
    storageVersion,
    verbatimAfter: revisionOf(0),
    terminating: false,
  };
}
