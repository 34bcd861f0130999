import {ApiError, badRequest, tooLarge} from '../api/errors.ts';
import {jsonType} from '../api/go-type.ts';
import type {Json, JsonArray, JsonObject} from '../api/json.ts';
import {clone, getKey, isObject, setKey, stringify} from '../api/json.ts';

/** What a JSON patch may cost. */
export const jsonPatchLimits = {
  operationsMax: 10_000,
  /** By how much all `copy` operations together may make the object grow. */
  copiedBytesMax: 3 * 1024 * 1024,
  /** Elements of lists moved and members compared, over all operations: each may touch a long list. */
  elementsTouchedMax: 20_000_000,
} as const;

/**
 * A JSON patch (RFC 6902), as Kubernetes takes it: negative indexes count from the end, and a `test` for null holds for a missing
 * member. The result shares nothing with what went in. Throws BadRequest for what is no patch, RequestEntityTooLarge for one that is
 * too long, and DoesNotApply (422) for one that cannot be applied to `target` (spec kubernetes-api 3.5).
 */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch))
    throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonType(patch)} into Go value of type []handlers.jsonPatchOp`);
  if (patch.length > jsonPatchLimits.operationsMax) {
    const counts = `${jsonPatchLimits.operationsMax}, got ${patch.length}`;
    throw tooLarge(`Request entity too large: The allowed maximum operations in a JSON patch is ${counts}`);
  }
  const operations = patch.map(operationOf);
  const work: Work = {root: clone(target), copiedBytes: 0, elementsTouched: 0};
  for (const operation of operations) {
    try {
      apply(work, operation);
    } catch (err) {
      throw err === misfit || err === nowhere ? reasonOf(operation, err === nowhere) : err;
    }
  }
  return work.root;
}

/** The one answer to every patch that does not fit the object; Kubernetes tells no more to those who send one. */
export class DoesNotApply extends ApiError {
  /** Why, in the words of Kubernetes' library. */
  readonly why: string;
  /** It was a test, and what it looked at is there and is something else. */
  readonly tested: boolean;

  constructor(why: string, tested = false) {
    super('Invalid', 'the server rejected our request due to an error in our request', {});
    this.why = why;
    this.tested = tested;
  }
}

/** Thrown within, where it is not known which operation is at work: they have no stacks of their own. */
const misfit = new Error('a patch does not fit');
const nowhere = new Error('what should hold the place is not there');

function reasonOf({op, path, ...operation}: Operation, missing: boolean): DoesNotApply {
  const shown = printPointer(path);
  switch (op) {
    case 'test':
      return missing
        ? new DoesNotApply(`test operation does not apply: is missing path: ${shown}: missing value`)
        : new DoesNotApply(`testing value ${shown} failed: test failed`, true);
    case 'replace':
      return new DoesNotApply(`replace operation does not apply: doc is missing path: ${shown}: missing value`);
    case 'remove':
      return new DoesNotApply(missing ? missingPath(op, shown) : noSuchKey(op, path));
    case 'move':
    case 'copy': {
      const {from = []} = operation as {from?: Pointer};
      return new DoesNotApply(missing ? missingPath(op, printPointer(from)) : noSuchKey(op, from));
    }
    default:
      return new DoesNotApply(missingPath(op, shown));
  }
}

const printPointer = (path: Pointer): string => path.map(part => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
const missingPath = (op: string, path: string): string =>
  `${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`;
const noSuchKey = (op: string, path: Pointer): string =>
  `error in ${op} for path: '${printPointer(path)}': Unable to remove nonexistent key: ${path.at(-1) ?? ''}: missing value`;

type Operation =
  | {readonly op: 'add' | 'replace' | 'test'; readonly path: Pointer; readonly value: Json}
  | {readonly op: 'remove'; readonly path: Pointer}
  | {readonly op: 'move' | 'copy'; readonly path: Pointer; readonly from: Pointer};

type Pointer = readonly string[];

/** The document as patched so far, and what that cost. */
type Work = {root: Json; copiedBytes: number; elementsTouched: number};

function operationOf(json: Json): Operation {
  if (!isObject(json)) throw badRequest('error decoding patch: an operation must be an object');
  const op = getKey(json, 'op');
  const path = pointerIn(json, 'path');
  switch (op) {
    case 'add':
    case 'replace':
    case 'test': {
      const value = getKey(json, 'value');
      if (value === undefined) throw badRequest(`error decoding patch: operation ${op} needs a value`);
      return {op, path, value};
    }
    case 'remove':
      return {op, path};
    case 'move':
    case 'copy':
      return {op, path, from: pointerIn(json, 'from')};
    default:
      throw new DoesNotApply(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`);
  }
}

function pointerIn(json: JsonObject, field: 'path' | 'from'): Pointer {
  const text = getKey(json, field);
  if (typeof text !== 'string') throw badRequest(`error decoding patch: ${field} must be a string`);
  if (text === '') return [];
  if (!text.startsWith('/')) throw badRequest(`error decoding patch: ${field} must be a JSON pointer`);
  return text
    .slice(1)
    .split('/')
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function apply(work: Work, operation: Operation): void {
  const {path} = operation;
  switch (operation.op) {
    case 'add':
      add(work, path, clone(operation.value));
      return;
    case 'remove':
      remove(work, path);
      return;
    case 'replace':
      replace(work, path, clone(operation.value));
      return;
    case 'move': {
      const {from} = operation;
      const intoItself = path.length > from.length && from.every((part, i) => part === path[i]);
      if (intoItself) throw misfit;
      if (from.length !== path.length || from.some((part, i) => part !== path[i])) add(work, path, remove(work, from));
      else if (find(work, from) === undefined) throw misfit;
      return;
    }
    case 'copy':
      add(work, path, copyOf(work, operation.from));
      return;
    case 'test':
      if (!same(work, operation.value, find(work, path) ?? null)) throw misfit;
  }
}

/** The value at `path`; undefined when only its last step is missing. */
function find(work: Work, path: Pointer): Json | undefined {
  if (path.length === 0) return work.root;
  const {parent, key} = parentOf(work, path);
  return Array.isArray(parent) ? parent[indexIn(parent.length, key)] : getKey(parent, key);
}

function parentOf(work: Work, path: Pointer): {parent: JsonArray | JsonObject; key: string} {
  let at: Json | undefined = work.root;
  for (const key of path.slice(0, -1)) at = Array.isArray(at) ? at[indexIn(at.length, key)] : isObject(at) ? getKey(at, key) : undefined;
  if (typeof at !== 'object' || at === null) throw nowhere;
  return {parent: at, key: path[path.length - 1]!};
}

/** The place that `key` names among `length` ones. */
function indexIn(length: number, key: string): number {
  if (!/^-?(0|[1-9][0-9]{0,8})$/.test(key)) throw misfit;
  const index = Number(key) < 0 ? Number(key) + length : Number(key);
  if (index < 0 || index >= length) throw misfit;
  return index;
}

function add(work: Work, path: Pointer, value: Json): void {
  if (path.length === 0) {
    work.root = value;
    return;
  }
  const {parent, key} = parentOf(work, path);
  if (!Array.isArray(parent)) {
    setKey(parent, key, value);
    return;
  }
  const index = key === '-' ? parent.length : indexIn(parent.length + 1, key);
  touch(work, parent.length - index);
  parent.splice(index, 0, value);
}

function remove(work: Work, path: Pointer): Json {
  if (path.length === 0) throw misfit;
  const {parent, key} = parentOf(work, path);
  if (Array.isArray(parent)) {
    const index = indexIn(parent.length, key);
    touch(work, parent.length - index);
    return parent.splice(index, 1)[0]!;
  }
  const value = getKey(parent, key);
  if (value === undefined) throw misfit;
  delete parent[key];
  return value;
}

function replace(work: Work, path: Pointer, value: Json): void {
  if (path.length === 0) {
    work.root = value;
    return;
  }
  const {parent, key} = parentOf(work, path);
  if (Array.isArray(parent)) parent[indexIn(parent.length, key)] = value;
  // Kubernetes' library takes a missing member for one that is null.
  else setKey(parent, key, value);
}

function copyOf(work: Work, from: Pointer): Json {
  const value = find(work, from) ?? null;
  work.copiedBytes += stringify(value).length;
  if (work.copiedBytes > jsonPatchLimits.copiedBytesMax) throw misfit;
  return clone(value);
}

/** Deep equality that pays for what it looks at: the wanted value is small, the found one may not be. */
function same(work: Work, wanted: Json, found: Json): boolean {
  if (typeof wanted !== 'object' || typeof found !== 'object' || wanted === null || found === null) return wanted === found;
  if (Array.isArray(wanted) || Array.isArray(found)) {
    if (!Array.isArray(wanted) || !Array.isArray(found) || wanted.length !== found.length) return false;
    return wanted.every((item, i) => same(work, item, found[i]!));
  }
  const keys = Object.keys(found);
  touch(work, keys.length);
  return (
    keys.length === Object.keys(wanted).length && keys.every(key => Object.hasOwn(wanted, key) && same(work, wanted[key]!, found[key]!))
  );
}

function touch(work: Work, elements: number): void {
  work.elementsTouched += elements;
  if (work.elementsTouched > jsonPatchLimits.elementsTouchedMax) {
    throw tooLarge('Request entity too large: the JSON patch moves or compares too many elements');
  }
}
