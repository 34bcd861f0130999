/**
 * The room of kinds in workspaces: which exist where, each as one `Resource` value, and what follows from that:
 * keys, stored bytes, discovery and OpenAPI. It never learns who asks, or of HTTP.
 */
import type {WorkspaceId} from '../api/cluster.ts';
import {root} from '../api/cluster.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, stringify} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {CompiledRules} from '../cel/rules/check-rules.ts';
import {compileRules} from '../cel/rules/check-rules.ts';
import {isEstablished, isTerminating, kindsOfCrd, storageVersionOf, versionSchema} from '../kinds/crd.ts';
import {webhookConversionOf} from '../kinds/crd-conversion.ts';
import type {Kind} from '../kinds/kind.ts';
import type {CompiledSchema} from '../schema/compile.ts';
import {compileSchema} from '../schema/compile.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';
import {BoundedCache} from './bounded-cache.ts';
import {contentHash} from './content-hash.ts';
import type {Fixed} from './fixed-kinds.ts';
import {address, fixedResources, nameOf} from './fixed-kinds.ts';
import {builtInSection, customSection, keyOf, parseKey, rangeOf, terms} from './keys.ts';
import type {Conversion, Resource} from './resource.ts';
import {apiVersionOf} from './resource.ts';
import {decodeStored, headOf} from './stored.ts';
import type {WorkspaceKinds} from './workspace-kinds.ts';
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
};

export const registryLimits = {
  /** Definitions compiled at a time, shared by content; a compiled one takes tens of kilobytes. */
  compiledDefinitionsMax: 4_000,
  /** Definitions that are read and parsed in one go. */
  definitionsAtOnce: {limit: 200, bytesMax: 512 * 1024},
  /** Definitions read into one workspace's discovery. */
  definitionsPerWorkspaceMax: 10_000,
  /** Definitions that want the same kind; one of them has it. */
  definitionsOfKindMax: 100,
} as const;

export const definitions = {group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', section: builtInSection} as const;

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

  const served = workspaceKinds(store, rangeOf(definitions), async workspace => {
    const found: Definition[] = [];
    for (let after: Key | undefined, more = true, read = 0; more && read < registryLimits.definitionsPerWorkspaceMax; await turn()) {
      const page = await store.list(rangeOf(definitions, workspace), {...registryLimits.definitionsAtOnce, ...(after && {after})});
      found.push(...page.entries.map(definitionOf));
      read += page.entries.length;
      after = page.entries.at(-1)?.key;
      more = page.more;
    }
    const fixed = fixedIn(workspace);
    const own = found.filter(d => d.kinds.some(kind => !fixed.names.has(nameOf(kind))));
    return servedKinds(fixed, own);
  });

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
  };
}

function servedKinds({served}: Fixed, found: readonly Definition[]): WorkspaceKinds {
  if (found.length === 0) return served;
  const hashOf = (some: readonly Definition[], base: string): string => contentHash([base, ...some.map(d => d.hash)].join());
  const groups = Map.groupBy(found, d => d.kinds[0]?.group ?? '');
  return {
    fixed: served.fixed,
    own: found.flatMap(d => d.kinds),
    hash: hashOf(found, served.hash),
    groups: new Map([
      ...served.groups,
      ...[...groups].map(([group, some]): [string, string] => [group, hashOf(some, served.groups.get(group) ?? '')]),
    ]),
  };
}

/** What may be the kind of a definition, as far as it keeps its plurals short enough to be names. */
const kindName = /^[A-Za-z0-9-]{1,63}$/;

function likelyPlurals(name: string): readonly string[] {
  if (/(s|x|z|ch|sh)$/.test(name)) return [`${name}es`, name];
  return name.endsWith('y') ? [`${name.slice(0, -1)}ies`, `${name}s`] : [`${name}s`];
}

/** What is made of a definition's content; shared by all workspaces that have the same one. */
type Compiled = {
  readonly hash: string;
  readonly kinds: readonly Kind[];
  /** Of a served version; compiled when it is first asked for. */
  readonly partsOf: (kind: Kind) => CompiledParts;
  readonly conversion: () => Conversion | undefined;
};
type CompiledParts = {readonly schema: CompiledSchema; readonly rules: CompiledRules | undefined};
type Definition = {
  readonly hash: string;
  readonly kinds: readonly Kind[];
  readonly resource: (version: string) => Resource | undefined;
};

/** Reads definitions, compiling each content once. */
function definitionReader(): (entry: Entry) => Definition {
  const compiled = new BoundedCache<string, Compiled>(registryLimits.compiledDefinitionsMax);
  const byValue = new WeakMap<Uint8Array, Definition>();

  const compile = (crd: JsonObject): Compiled => {
    const hash = contentHash(stringify([crd['spec'], dig(crd, 'status', 'acceptedNames'), isTerminating(crd)] as Json));
    return compiled.getOrMake(hash, () => compiledOf(crd, hash));
  };

  return entry => {
    let definition = byValue.get(entry.value);
    if (!definition) {
      // What was parsed is not kept: it is many times the size of what is made of it.
      const crd = asJson(decodeStored(entry));
      definition = isEstablished(crd) ? established(entry, crd, compile(crd)) : nothing;
      byValue.set(entry.value, definition);
    }
    return definition;
  };
}

function compiledOf(crd: JsonObject, hash: string): Compiled {
  const kinds = kindsOfCrd(crd);
  const parts = new Map<Kind, CompiledParts>();
  const partsOf = (kind: Kind): CompiledParts =>
    getOrMake(parts, kind, () => ({schema: compileSchema(kind.schema), rules: compileRules(kind.schema)}));
  const webhook = webhookConversionOf(crd);
  if (!webhook) return {hash, kinds, partsOf, conversion: () => undefined};

  const version = storageVersionOf(crd);
  const storage = kinds.find(kind => kind.version === version);
  const apiVersion = apiVersionOf(digString(crd, 'spec', 'group') ?? '', version);
  const unserved = storage ? undefined : compileSchema(versionSchema(crd, version));
  const conversion = (): Conversion => ({...webhook, storage: {apiVersion, schema: unserved ?? partsOf(storage as Kind).schema}});
  return {hash, kinds, partsOf, conversion};
}

const nothing: Definition = {hash: '', kinds: [], resource: () => undefined};

function established(entry: Entry, crd: JsonObject, {hash, kinds, partsOf, conversion}: Compiled): Definition {
  const {key, revision} = entry;
  const [storageVersion, terminating] = [storageVersionOf(crd), isTerminating(crd)];
  const resources = new Map<string, Resource>();
  const serve = (kind: Kind): Resource => {
    const apiVersion = apiVersionOf(kind.group, kind.version);
    const head = headOf(apiVersion, kind.names.kind);
    const converted = conversion();
    return {
      kind,
      gr: {group: kind.group, resource: kind.names.plural},
      apiVersion,
      space: {group: kind.group, resource: kind.names.plural, section: customSection},
      ...partsOf(kind),
      head,
      itemHead: head,
      storageVersion,
      // Writes check that the definition is the one they were judged by, so whatever came after it was shaped by it.
      verbatimAfter: revision,
      definition: {key, revision},
      ...(converted && {conversion: converted}),
      terminating,
    };
  };
  return {
    hash,
    kinds,
    resource(version) {
      const kind = kinds.find(one => one.version === version);
      return kind && getOrMake(resources, version, () => serve(kind));
    },
  };
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) {
    found = make();
    map.set(key, found);
  }
  return found;
}
