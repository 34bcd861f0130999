/**
 * The room of kinds in workspaces: which exist where, each as one `Resource` value, and what follows from that:
 * keys, stored bytes, discovery and OpenAPI. It never learns who asks, or of HTTP.
 */
import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import {compareVersions} from '../api/version-order.ts';
import {builtIn, system} from '../kinds/all.ts';
import {isEstablished, isTerminating, kindsOfCrd, storageVersionOf, versionSchema} from '../kinds/crd.ts';
import {webhookConversionOf} from '../kinds/crd-conversion.ts';
import type {Kind} from '../kinds/kind.ts';
import type {CompiledSchema} from '../schema/compile.ts';
import {compileSchema} from '../schema/compile.ts';
import type {Entry, Storage} from '../storage/storage.ts';
import {revisionOf} from '../storage/storage.ts';
import {BoundedCache} from './bounded-cache.ts';
import {contentHash} from './content-hash.ts';
import {builtInSection, customSection, keyOf, parseKey, rangeOf, terms} from './keys.ts';
import type {Conversion, Resource} from './resource.ts';
import {apiVersionOf} from './resource.ts';
import {bareHead, headOf, peek} from './stored.ts';

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
};

export type CustomKinds = {
  readonly kinds: readonly Kind[];
  /** Equal for workspaces with equal definitions; '' when there are none. */
  readonly hash: string;
};

export const registryLimits = {
  /** Definitions compiled at a time, shared by content; a compiled one takes tens of kilobytes. */
  compiledDefinitionsMax: 4_000,
  /** Definitions read into one workspace's discovery. */
  definitionsPerWorkspaceMax: 10_000,
  /** Definitions that want the same kind; one of them has it. */
  definitionsOfKindMax: 100,
} as const;

export const definitions = {group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', section: builtInSection} as const;

/** Kinds every workspace has: Kubernetes' own and kcp's. */
export const fixedKinds: readonly Kind[] = [...builtIn, ...system];

export function createRegistry(store: Storage): Registry {
  const fixed = new Map(fixedKinds.map(kind => [address(kind.group, kind.version, kind.names.plural), fixedResource(kind)]));
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
    return entry && definitionOf(entry).resources.get(version);
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
    async customKinds(workspace) {
      const {entries} = await store.list(rangeOf(definitions, workspace), {limit: registryLimits.definitionsPerWorkspaceMax});
      const found = entries.map(definitionOf).filter(d => d.kinds.some(kind => !fixedPlurals.has(`${kind.names.plural}.${kind.group}`)));
      return {kinds: found.flatMap(d => d.kinds), hash: found.length ? contentHash(found.map(d => d.hash).join()) : ''};
    },
  };
}

const address = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;

/** What may be the kind of a definition, as far as it keeps its plurals short enough to be names. */
const kindName = /^[A-Za-z0-9-]{1,63}$/;

function likelyPlurals(name: string): readonly string[] {
  if (/(s|x|z|ch|sh)$/.test(name)) return [`${name}es`, name];
  return name.endsWith('y') ? [`${name.slice(0, -1)}ies`, `${name}s`] : [`${name}s`];
}

function fixedResource(kind: Kind): Resource {
  const versions = fixedKinds.filter(k => k.group === kind.group && k.names.plural === kind.names.plural).map(k => k.version);
  const storageVersion = versions.sort(compareVersions)[0] as string;
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

/** What is made of a definition's content; shared by all workspaces that have the same one. */
type Compiled = {
  readonly hash: string;
  readonly kinds: readonly Kind[];
  readonly schemas: ReadonlyMap<string, CompiledSchema>;
  readonly conversion: Conversion | undefined;
};
type Definition = {readonly hash: string; readonly kinds: readonly Kind[]; readonly resources: ReadonlyMap<string, Resource>};

/** Reads definitions, compiling each content once. */
function definitionReader(): (entry: Entry) => Definition {
  const compiled = new BoundedCache<string, Compiled>(registryLimits.compiledDefinitionsMax);
  const byValue = new WeakMap<Uint8Array, Definition>();

  const compile = (crd: JsonObject): Compiled => {
    const hash = contentHash(JSON.stringify([crd['spec'], dig(crd, 'status', 'acceptedNames'), isTerminating(crd)]));
    return compiled.getOrMake(hash, () => {
      const kinds = kindsOfCrd(crd);
      const schemas = new Map(kinds.map(kind => [kind.version, compileSchema(kind.schema)]));
      return {hash, kinds, schemas, conversion: conversionOf(crd, schemas)};
    });
  };

  return entry => {
    let definition = byValue.get(entry.value);
    if (!definition) {
      const crd = asJson(peek(entry));
      definition = isObject(crd) && isEstablished(crd) ? established(entry, crd, compile(crd)) : nothing;
      byValue.set(entry.value, definition);
    }
    return definition;
  };
}

function conversionOf(crd: JsonObject, schemas: ReadonlyMap<string, CompiledSchema>): Conversion | undefined {
  const webhook = webhookConversionOf(crd);
  if (!webhook) return undefined;
  const version = storageVersionOf(crd);
  const schema = schemas.get(version) ?? compileSchema(versionSchema(crd, version));
  return {...webhook, storage: {apiVersion: apiVersionOf(digString(crd, 'spec', 'group') ?? '', version), schema}};
}

const nothing: Definition = {hash: '', kinds: [], resources: new Map()};

function established(entry: Entry, crd: JsonObject, {hash, kinds, schemas, conversion}: Compiled): Definition {
  const storageVersion = storageVersionOf(crd);
  const resources = kinds.map((kind): [string, Resource] => {
    const apiVersion = apiVersionOf(kind.group, kind.version);
    const head = headOf(apiVersion, kind.names.kind);
    return [
      kind.version,
      {
        kind,
        gr: {group: kind.group, resource: kind.names.plural},
        apiVersion,
        space: {group: kind.group, resource: kind.names.plural, section: customSection},
        schema: schemas.get(kind.version) as CompiledSchema,
        head,
        itemHead: head,
        storageVersion,
        // Writes check that the definition is the one they were judged by, so whatever came after it was shaped by it.
        verbatimAfter: entry.revision,
        definition: {key: entry.key, revision: entry.revision},
        ...(conversion && {conversion}),
        terminating: isTerminating(crd),
      },
    ];
  });
  return {hash, kinds, resources: new Map(resources)};
}
