import type {Document, LineCounter, Node, Pair, Scalar, YAMLMap} from 'yaml';
import {ApiError, badRequest, tooLarge} from '../api/errors.ts';
import type {Json, JsonArray, JsonObject} from '../api/json.ts';
import {isObject, setKey} from '../api/json.ts';
import type {Decoded} from '../api/json-exact.ts';
import {decodeJson, textOf} from './json.ts';
import {yaml} from './yaml-library.ts';
import {plainScalar} from './yaml-scalar.ts';

/**
 * What a YAML body may cost. Parsing takes microseconds for every token, so bodies are held far shorter than in JSON; clients of
 * Kubernetes turn YAML into JSON themselves, and JSON under the name of YAML is not held to this.
 */
export const yamlLimits = {
  bytesMax: 128 * 1024,
  depthMax: 200,
  /** Values after aliases are expanded. */
  valuesMax: 200_000,
} as const;

/**
 * One YAML document as JSON, as Kubernetes reads it: YAML 1.1 words (`yes`, `0777`), string keys, merge keys. Keys given twice are told
 * as `line 3: key "a" already set in map`, and the last one counts. Whatever cannot be read, or is no JSON, is a BadRequest; a document
 * that is too long RequestEntityTooLarge.
 */
export function decodeYaml(bytes: Uint8Array): Decoded {
  const json = asJson(bytes);
  if (json) return json;
  if (bytes.length > yamlLimits.bytesMax) throw tooLarge(`Request entity too large: limit is ${yamlLimits.bytesMax} for YAML`);
  const lines = new (yaml().LineCounter)();
  // With the failsafe schema all scalars stay text, and what they mean is ours to say.
  const document: Document.Parsed = yaml().parseDocument(textOf(bytes), {
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  const error = document.errors[0];
  if (error) throw broken(`line ${lines.linePos(error.pos[0]).line}: ${error.message}`);
  const reader: Reader = {lines, anchors: new Map(), duplicates: new Set(), values: 0, depth: 0};
  return {value: read(reader, document.contents), duplicates: [...reader.duplicates]};
}

/** Sorted keys, no anchors, and words that YAML 1.1 would take for booleans in quotes. */
export const encodeYaml = (value: Json): string =>
  yaml().stringify(value, {version: '1.1', sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0});

/** JSON is YAML, and most clients that say YAML send it: the quick way. */
function asJson(bytes: Uint8Array): Decoded | undefined {
  if (!looksLikeJson(bytes)) return undefined;
  try {
    const {value, duplicates} = decodeJson(bytes);
    return duplicates.length ? undefined : {value, duplicates};
  } catch (err) {
    if (!(err instanceof ApiError)) throw err;
    return undefined;
  }
}

/** Whether a document is read as JSON first. */
export const looksLikeJson = (bytes: Uint8Array): boolean => bytes[0] === 0x7b;

const broken = (why: string) => badRequest(`error converting YAML to JSON: yaml: ${why}`);

type Reader = {
  readonly lines: LineCounter;
  /** Anchored nodes that have been read whole, so that no alias can stand in itself. */
  readonly anchors: Map<string, Node>;
  readonly duplicates: Set<string>;
  values: number;
  depth: number;
};

function read(reader: Reader, node: unknown): Json {
  if (++reader.values > yamlLimits.valuesMax) throw broken('document contains excessive aliasing');
  if (++reader.depth > yamlLimits.depthMax) throw broken(`nested deeper than ${yamlLimits.depthMax} levels`);
  const value = readNode(reader, node);
  reader.depth--;
  return value;
}

function readNode(reader: Reader, node: unknown): Json {
  if (node === null || node === undefined) return null;
  if (yaml().isAlias(node)) {
    const target = reader.anchors.get(node.source);
    if (!target) throw broken(`unknown anchor '${node.source}' referenced`);
    return read(reader, target);
  }
  let value: Json;
  if (yaml().isScalar(node)) value = readScalar(node);
  else if (yaml().isMap(node)) value = readMap(reader, node);
  else if (yaml().isSeq(node)) value = readItems(reader, node.items);
  else throw broken('unexpected node');
  if (node.anchor) reader.anchors.set(node.anchor, node);
  return value;
}

function readItems(reader: Reader, items: readonly unknown[]): JsonArray {
  return items.map(item => read(reader, item));
}

function readScalar(node: Scalar): Json {
  const text = typeof node.value === 'string' ? node.value : '';
  const plain = node.type === 'PLAIN' && node.tag !== 'tag:yaml.org,2002:str' && node.tag !== '!';
  const value = plain ? plainScalar(text) : text;
  if (value === undefined) throw broken(`${text} has no equal in JSON`);
  return value;
}

function readMap(reader: Reader, node: YAMLMap): JsonObject {
  const object: JsonObject = {};
  const merged: JsonObject[] = [];
  for (const pair of node.items as Pair[]) {
    if (yaml().isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN')
      merged.push(...mergeSources(read(reader, pair.value)));
    else {
      const key = keyOf(reader, pair.key);
      if (Object.hasOwn(object, key)) reportDuplicate(reader, pair.key, key);
      setKey(object, key, read(reader, pair.value));
    }
  }
  // Own keys win over merged ones, and earlier sources over later ones.
  for (const source of merged) for (const key of Object.keys(source)) if (!Object.hasOwn(object, key)) setKey(object, key, source[key]!);
  return object;
}

function mergeSources(value: Json): JsonObject[] {
  const sources = Array.isArray(value) ? value : [value];
  if (!sources.every(isObject)) throw broken('map merge requires map or sequence of maps as the value');
  return sources;
}

function keyOf(reader: Reader, node: unknown): string {
  const key = read(reader, node);
  if (typeof key === 'object' && key !== null) throw broken('a key must be a scalar');
  return String(key);
}

function reportDuplicate(reader: Reader, node: unknown, key: string): void {
  const offset = (node as Node | null)?.range?.[0] ?? 0;
  reader.duplicates.add(`line ${reader.lines.linePos(offset).line}: key ${JSON.stringify(key)} already set in map`);
}
