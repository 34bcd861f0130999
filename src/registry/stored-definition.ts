import type {JsonObject} from '../api/json.ts';
import {getKey, isObject} from '../api/json.ts';
import {parse} from '../api/parse-json.ts';
import type {WrittenSchema} from '../kinds/crd.ts';

/**
 * A stored definition, read but for its long parts. Thousands of definitions are read to say which kinds there are, and nearly all their bytes are schemas,
 * which only matter to who writes objects or reads their documentation.
 */
export type StoredDefinition = {
  /** The definition. Annotations and managed fields are null, and in place of each schema stands what `schema` finds it by. */
  readonly crd: JsonObject;
  /** The bytes of `spec`; empty when there is none. */
  readonly spec: Uint8Array;
  /** What stands under `openAPIV3Schema` of one of the versions in `crd`: read at each call, empty when it is no object. Holds the bytes. */
  readonly schema: WrittenSchema;
};

/**
 * Reads the bytes of a stored definition (`encodeStored`), for as long as they do not change. Throws a plain error when they are no JSON
 * without white space.
 */
export function readDefinition(value: Uint8Array): StoredDefinition {
  const scan = new Scan(value);
  const pieces: string[] = [];
  let from = 0;
  scan.cuts.forEach((cut, i) => {
    pieces.push(textOf(value, from, cut.from), cut.what === 'schema' ? String(i) : 'null');
    from = cut.to;
  });
  pieces.push(textOf(value, from, value.length));
  const crd = parse(pieces.join('')) as JsonObject;
  return {
    crd,
    spec: scan.spec,
    schema({schema}) {
      const cut = isObject(schema) ? scan.cuts[getKey(schema, 'openAPIV3Schema') as number] : undefined;
      return cut ? reading(value, cut) : () => ({});
    },
  };
}

/** What is cut out below a key: all of it, or something deeper. Lists are looked through, one level deep. */
type Cutter = 'schema' | 'nothing' | Within;
type Within = {readonly names: readonly (readonly [name: Uint8Array, cutter: Cutter])[]; readonly notes?: 'spec'};
type Cut = {readonly what: 'schema' | 'nothing'; readonly from: number; readonly to: number};

const within = (members: {readonly [name: string]: Cutter}, more: Pick<Within, 'notes'> = {}): Within => ({
  names: Object.entries(members).map(([name, cutter]) => [Buffer.from(name), cutter]),
  ...more,
});
const wholeDefinition = within({
  metadata: within({annotations: 'nothing', managedFields: 'nothing'}),
  spec: within({versions: within({schema: within({openAPIV3Schema: 'schema'})})}, {notes: 'spec'}),
});

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Goes once over the bytes. All that counts in JSON is ASCII, and no byte of a longer character looks like it. */
class Scan {
  readonly cuts: Cut[] = [];
  spec: Uint8Array;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.spec = bytes.subarray(0, 0);
    this.#object(wholeDefinition);
    if (this.#at !== bytes.length) throw new Error('bytes behind a stored definition');
  }

  #object({names}: Within): void {
    this.#take(openObject);
    if (this.#bytes[this.#at] === closeObject) return void this.#at++;
    do {
      const nameFrom = this.#at + 1;
      this.#skipString();
      const cutter = this.#cutterOf(names, nameFrom, this.#at - 1);
      this.#take(colon);
      this.#member(cutter);
    } while (this.#goesOn(closeObject));
  }

  #member(cutter: Cutter | undefined): void {
    const from = this.#at;
    if (typeof cutter !== 'object') {
      this.#at = endOfValue(this.#bytes, from);
      if (cutter !== undefined) this.cuts.push({what: cutter, from, to: this.#at});
      return;
    }
    if (this.#bytes[from] === openList) this.#list(cutter);
    else this.#walk(cutter);
    if (cutter.notes) this.spec = this.#bytes.subarray(from, this.#at);
  }

  #list(cutter: Within): void {
    this.#at++;
    if (this.#bytes[this.#at] === closeList) this.#at++;
    else
      do this.#walk(cutter);
      while (this.#goesOn(closeList));
  }

  #walk(cutter: Within): void {
    if (this.#bytes[this.#at] === openObject) this.#object(cutter);
    else this.#at = endOfValue(this.#bytes, this.#at);
  }

  #cutterOf(names: Within['names'], from: number, to: number): Cutter | undefined {
    const bytes = this.#bytes;
    for (const [name, cutter] of names) if (isEqual(bytes, from, to, name)) return cutter;
    if (bytes.subarray(from, to).indexOf(backslash) < 0) return undefined;
    const written = Buffer.from(parse(textOf(bytes, from - 1, to + 1)) as string);
    return names.find(([name]) => isEqual(written, 0, written.length, name))?.[1];
  }

  #skipString(): void {
    this.#take(quote);
    this.#at = endOfString(this.#bytes, this.#at);
  }

  /** Passes over a comma and tells that there is more, or over the end. */
  #goesOn(end: number): boolean {
    const byte = this.#bytes[this.#at];
    if (byte !== comma) this.#take(end);
    else this.#at++;
    return byte === comma;
  }

  #take(byte: number): void {
    if (this.#bytes[this.#at] !== byte) throw new Error(`a stored definition has no ${String.fromCharCode(byte)} at byte ${this.#at}`);
    this.#at++;
  }
}

/** Where a value ends. Nearly all the time goes here: of what is skipped each byte is looked at once, and no more than that. */
function endOfValue(bytes: Uint8Array, from: number): number {
  const {length} = bytes;
  let depth = 0;
  for (let at = from; at < length; ) {
    const byte = bytes[at++] as number;
    if (byte === quote) {
      at = endOfString(bytes, at);
      if (depth === 0) return at;
    } else if (byte === openObject || byte === openList) depth++;
    else if (byte === closeObject || byte === closeList) {
      // A number or a word ends where what holds it does.
      if (depth === 0) return at - 1;
      if (--depth === 0) return at;
    } else if (byte === comma && depth === 0) return at - 1;
  }
  throw new Error('a stored definition breaks off');
}

/** Where a text ends, from behind its opening quote to behind its closing one. */
function endOfString(bytes: Uint8Array, from: number): number {
  const {length} = bytes;
  for (let at = from; at < length; ) {
    const byte = bytes[at++];
    if (byte === quote) return at;
    if (byte === backslash) at++;
  }
  throw new Error('a text of a stored definition breaks off');
}

function isEqual(bytes: Uint8Array, from: number, to: number, other: Uint8Array): boolean {
  if (to - from !== other.length) return false;
  for (let i = 0; i < other.length; i++) if (bytes[from + i] !== other[i]) return false;
  return true;
}

const reading =
  (value: Uint8Array, {from, to}: Cut): (() => JsonObject) =>
  () => {
    const found = parse(textOf(value, from, to));
    return isObject(found) ? found : {};
  };

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();
