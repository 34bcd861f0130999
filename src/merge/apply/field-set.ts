/**
 * Sets of fields, held in the form in which they travel: the trie of `fieldsV1` (spec kubernetes-api 5.2). A node without children
 * is a member; a node with children is one if `.` is among them; the root is never one. Sets are values: nothing changes them, and
 * what an operation leaves alone it shares, down to giving back the set itself. Children stand in Kubernetes' order.
 */
import {ApiError} from '../../api/errors.ts';
import type {Json} from '../../api/json.ts';
import {isObject} from '../../api/json.ts';
import type {PathElement} from './path-element.ts';
import {canonicalElement, isSorted, self, sortElements} from './path-element.ts';

export type FieldSet = {readonly [element: PathElement]: FieldSet};
/** A set while it is built. */
export type Trie = {[element: PathElement]: FieldSet};

/** What a set that a client wrote may hold. */
export const fieldSetLimits = {depthMax: 500, nodesMax: 100_000} as const;

export const emptySet: FieldSet = Object.freeze({});
/** The node of a member that has no children. */
export const leaf: FieldSet = emptySet;

const has = (node: FieldSet): boolean => {
  for (const _ in node) return true;
  return false;
};

export const isEmpty = (set: FieldSet): boolean => !has(set);

/** Whether a node below the root is itself a member. */
export const isMember = (node: FieldSet): boolean => node[self] !== undefined || !has(node);

/** Where a node that will get children begins: a member says so first. */
export const startOf = (member: boolean): Trie => (member ? {[self]: leaf} : {});

/** A node out of its children, which may be none; undefined if nothing is left of it. */
export function nodeOf(children: Trie | undefined, member: boolean): FieldSet | undefined {
  if (!children || !has(children)) return member ? leaf : undefined;
  return member ? {[self]: leaf, ...children} : children;
}

/** Everything that is in either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  return isEmpty(a) ? b : unionNodes(a, b, false);
}

function unionNodes(a: FieldSet, b: FieldSet, member: boolean): FieldSet {
  let changed = member && a[self] === undefined;
  let grown = false;
  const result: Trie = {...a};
  if (changed) grown = has(a);
  for (const element in b) {
    const left = a[element];
    const right = b[element]!;
    if (element === self || left === right) continue;
    const node = left === undefined ? right : unionNodes(left, right, isMember(left) || isMember(right));
    if (left === undefined) grown = true;
    if (node !== left) {
      result[element] = node;
      changed = true;
    }
  }
  // A leaf is a member without saying so.
  if (!changed || !(has(result) || grown)) return a;
  if (member) result[self] = leaf;
  return grown || member ? ordered(result) : result;
}

/** Everything in `a` that is not in `b`. Children of a member of `b` stay. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet =>
  isEmpty(a) || isEmpty(b) ? a : (differenceOf(a, b, {member: false, deep: false}) ?? emptySet);

/** Everything in `a` that is neither in `b` nor below a member of it. */
export const withoutBelow = (a: FieldSet, b: FieldSet): FieldSet =>
  isEmpty(a) || isEmpty(b) ? a : (differenceOf(a, b, {member: false, deep: true}) ?? emptySet);

/** `member`: whether the node stays one. */
function differenceOf(a: FieldSet, b: FieldSet, {member, deep}: {member: boolean; deep: boolean}): FieldSet | undefined {
  let changed = !member && a[self] !== undefined;
  let kept: Trie | undefined;
  for (const element in a) {
    if (element === self) continue;
    const left = a[element]!;
    const right = b[element];
    let node: FieldSet | undefined = left;
    if (right !== undefined) {
      const taken = isMember(right);
      node = taken && deep ? undefined : differenceOf(left, right, {member: isMember(left) && !taken, deep});
    }
    if (node !== left) changed = true;
    if (node !== undefined) {
      kept ??= {};
      kept[element] = node;
    }
  }
  if (!changed && (has(a) || member)) return a;
  return nodeOf(kept, member);
}

/** Everything that is in both sets. */
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => intersectionOf(a, b, false) ?? emptySet;

function intersectionOf(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  let kept: Trie | undefined;
  for (const element in a) {
    const left = a[element]!;
    const right = b[element];
    if (element === self || right === undefined) continue;
    const node = intersectionOf(left, right, isMember(left) && isMember(right));
    if (node !== undefined) {
      kept ??= {};
      kept[element] = node;
    }
  }
  return nodeOf(kept, member);
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const element in a) {
    const right = b[element];
    if (right === undefined || !equalSets(a[element]!, right)) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}

/** The same children in order. */
function ordered<T extends FieldSet>(children: T): T | Trie {
  const before = Object.keys(children);
  if (isSorted(before)) return children;
  const result: Trie = {};
  for (const element of sortElements(before)) result[element] = children[element]!;
  return result;
}

/** The same set with everything in order: what was built up is not, everything else here is. */
export function sorted(set: FieldSet): FieldSet {
  if (isEmpty(set)) return set;
  let result: Trie | undefined;
  for (const element in set) {
    const node = set[element]!;
    const after = sorted(node);
    if (after === node) continue;
    result ??= {...set};
    result[element] = after;
  }
  return ordered(result ?? set);
}

/** The paths of all members, a node before its children. */
export function* pathsOf(set: FieldSet, path: readonly PathElement[] = []): Generator<readonly PathElement[]> {
  for (const element of Object.keys(set)) {
    if (element === self) continue;
    const node = set[element]!;
    const below = [...path, element];
    if (isMember(node)) yield below;
    yield* pathsOf(node, below);
  }
}

/** Reads `fieldsV1` that a client wrote. Throws BadRequest for what is none, and for what is beyond the limits. */
export function readFieldSet(json: Json): FieldSet {
  const room = {nodes: 0};
  return sorted(readNode(json, 0, room));
}

function readNode(json: Json, depth: number, room: {nodes: number}): FieldSet {
  if (!isObject(json)) throw new ApiError('BadRequest', 'fieldsV1 must be an object');
  if (depth > fieldSetLimits.depthMax) throw new ApiError('BadRequest', `fieldsV1 is deeper than ${fieldSetLimits.depthMax}`);
  const node: Trie = {};
  for (const text of Object.keys(json)) {
    if (++room.nodes > fieldSetLimits.nodesMax)
      throw new ApiError('BadRequest', `fieldsV1 has more than ${fieldSetLimits.nodesMax} fields`);
    if (text === self) {
      if (depth > 0) node[self] = leaf;
      continue;
    }
    const element = canonicalElement(text);
    if (element === undefined) throw new ApiError('BadRequest', `fieldsV1 has a key that is no path element: ${text.slice(0, 100)}`);
    node[element] = readNode(json[text]!, depth + 1, room);
  }
  // A member that says so although it has no children is a plain leaf.
  const keys = Object.keys(node);
  return keys.length === 0 || (keys.length === 1 && keys[0] === self) ? leaf : node;
}
