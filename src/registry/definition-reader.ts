import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, stringify} from '../api/json.ts';
import type {CompiledRules} from '../cel/rules/check-rules.ts';
import {compileRules} from '../cel/rules/check-rules.ts';
import {isEstablished, isTerminating, kindsOfCrd, storageVersionOf, versionSchema} from '../kinds/crd.ts';
import {webhookConversionOf} from '../kinds/crd-conversion.ts';
import type {Kind} from '../kinds/kind.ts';
import type {CompiledSchema} from '../schema/compile.ts';
import {compileSchema} from '../schema/compile.ts';
import type {Entry} from '../storage/storage.ts';
import {BoundedCache} from './bounded-cache.ts';
import {contentHash} from './content-hash.ts';
import {customSection} from './keys.ts';
import type {Conversion, Resource} from './resource.ts';
import {apiVersionOf} from './resource.ts';
import {headOf} from './stored.ts';
import type {StoredDefinition} from './stored-definition.ts';
import {readDefinition} from './stored-definition.ts';

/** What one stored definition says. */
export type Definition = {
  /** Equal for definitions with equal kinds; '' of one that has none. */
  readonly hash: string;
  readonly kinds: readonly Kind[];
  readonly wanted: Wanted;
  /** The stored bytes that are held with it. */
  readonly bytes: number;
  /** A served version, ready to serve. */
  readonly resource: (version: string) => Resource | undefined;
};

/** What a definition wants to be the definition of. */
export type Wanted = {readonly group: string; readonly kind: string};

/** Definitions compiled at a time, by the bytes they were read from: what is made of them takes several times as much where all of them are written to. */
const compiledBytesMax = 32 * 1024 * 1024;

/** What is made of a definition's content; shared by all workspaces that have the same one. */
type Compiled = {
  readonly hash: string;
  readonly kinds: readonly Kind[];
  readonly bytes: number;
  /** Of a served version; compiled when it is first asked for. */
  readonly partsOf: (kind: Kind) => CompiledParts;
  readonly conversion: () => Conversion | undefined;
};
type CompiledParts = {readonly schema: CompiledSchema; readonly rules: CompiledRules | undefined};

/** Reads definitions: each value once for as long as somebody holds it, and compiles each content once. Schemas are not looked at before they are needed. */
export function definitionReader(): (entry: Entry) => Definition {
  const compiled = new BoundedCache<string, Compiled>(compiledBytesMax, ({bytes}) => bytes);
  const byValue = new WeakMap<Uint8Array, Definition>();

  const compile = (stored: StoredDefinition, bytes: number): Compiled => {
    const {crd, spec} = stored;
    const rest = stringify([dig(crd, 'status', 'acceptedNames'), isTerminating(crd)] as Json);
    const hash = contentHash(`${contentHash(spec)} ${rest}`);
    return compiled.getOrMake(hash, () => compiledOf(stored, hash, bytes));
  };

  return entry => {
    let definition = byValue.get(entry.value);
    if (!definition) {
      const stored = readDefinition(entry.value);
      definition = isEstablished(stored.crd)
        ? established(entry, stored.crd, compile(stored, entry.value.length))
        : {hash: '', kinds: [], wanted: wantedOf(stored.crd), bytes: 0, resource: () => undefined};
      byValue.set(entry.value, definition);
    }
    return definition;
  };
}

const wantedOf = (crd: JsonObject): Wanted => ({
  group: digString(crd, 'spec', 'group') ?? '',
  kind: digString(crd, 'spec', 'names', 'kind') ?? '',
});

function compiledOf({crd, schema}: StoredDefinition, hash: string, bytes: number): Compiled {
  const kinds = kindsOfCrd(crd, schema);
  const parts = new Map<Kind, CompiledParts>();
  const partsOf = (kind: Kind): CompiledParts =>
    getOrMake(parts, kind, () => ({schema: compileSchema(kind.schema), rules: compileRules(kind.schema)}));
  const webhook = webhookConversionOf(crd);
  if (!webhook) return {hash, kinds, bytes, partsOf, conversion: () => undefined};

  const version = storageVersionOf(crd);
  const storage = kinds.find(kind => kind.version === version);
  const apiVersion = apiVersionOf(digString(crd, 'spec', 'group') ?? '', version);
  const unserved = storage ? undefined : compileSchema(versionSchema(crd, version, schema));
  const conversion = (): Conversion => ({...webhook, storage: {apiVersion, schema: unserved ?? partsOf(storage as Kind).schema}});
  return {hash, kinds, bytes, partsOf, conversion};
}

function established(entry: Entry, crd: JsonObject, {hash, kinds, bytes, partsOf, conversion}: Compiled): Definition {
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
    wanted: wantedOf(crd),
    bytes,
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
