import type {Type} from '../types.ts';
import {optionalName} from '../types.ts';
import type {Size} from './size.ts';
import {atMost, capped, countMax, exactly, factored, plus, times} from './size.ts';

/** What is known of the arguments of a call by their position; the target of a method is the first. */
export type CallArguments = {
  readonly size: (i: number) => Size;
  readonly type: (i: number) => Type;
  /** The size of each item of a list. */
  readonly itemSize: (i: number) => Size;
  /** The value, where it is spelled out. */
  readonly integer: (i: number) => number | undefined;
};
/** What a call costs at most beyond its arguments, and the size of its result where that is known. */
export type CallCost = {readonly cost: number; readonly size?: Size};

/** Going over a character, and trying a character of a pattern. */
const charCost = 0.1;
const patternCharCost = 0.25;
/** What Kubernetes takes for the longest pattern of its named formats. */
const formatPatternChars = 128;
const addressBytesMax = 16;
const listCost = 10;

/** The cost of a call by name; `params` are the types of the overload. Operators have names like `_+_`. */
export const callCost = (name: string, params: readonly Type[], args: CallArguments): CallCost => costs.get(name)?.(args, params) ?? once;

type Cost = (args: CallArguments, params: readonly Type[]) => CallCost | undefined;

const once: CallCost = {cost: 1};

const over =
  (position: number, factor = charCost): Cost =>
  ({size}) => ({cost: factored(size(position).max, factor)});

const sameSize: Cost = ({size}) => ({cost: factored(size(0).max, charCost), size: size(0)});

/** Each item of a list is looked at, strings and bytes as a whole. Strings have some of these methods too. */
const eachItem: Cost = args => {
  const type = args.type(0);
  const {max} = args.size(0);
  if (type.kind !== 'list' && type.kind !== 'map') return {cost: factored(max, charCost)};
  const item = type.kind === 'list' ? type.item : type.key;
  const text = item.kind === 'string' || item.kind === 'bytes' ? factored(args.itemSize(0).max, charCost) : 0;
  return {cost: capped(max * (1 + text))};
};

const matching: Cost = ({size}) => {
  const text = factored(size(0).max + 1, charCost);
  return {cost: capped(text * factored(size(1).max, patternCharCost)), size: atMost(size(0).max)};
};

/** Two values of which the shorter is gone over. */
const comparing: Cost = ({size}) => ({cost: factored(Math.min(size(0).max, size(1).max), charCost)});

const ordering: Cost = (args, params) => (params[0]!.kind === 'string' || params[0]!.kind === 'bytes' ? comparing(args, params) : once);

const equality: Cost = (args, params) => {
  const type = args.type(0);
  return type.kind === 'opaque' && type.name !== optionalName ? once : comparing(args, params);
};

const addition: Cost = ({size}, [left]) => {
  if (left!.kind !== 'string' && left!.kind !== 'bytes' && left!.kind !== 'list') return once;
  const both = plus(size(0), size(1));
  return {cost: left!.kind === 'list' ? 1 : factored(both.max, charCost), size: both};
};

/** The longest result has the shortest parts replaced by the longest, the shortest the other way round. */
const replacement: Cost = ({size}) => {
  const [text, old, by] = [size(0), size(1), size(2)];
  const longest =
    old.min === 0 ? text.max + (text.max + 1) * by.max : by.max <= old.min ? text.max : Math.ceil(text.max / old.min) * by.max;
  const shortest =
    old.max === 0 ? text.min + (text.min + 1) * by.min : old.max <= by.min ? text.min : Math.ceil(text.min / old.max) * by.min;
  return {cost: factored(text.max, 2 * charCost), size: {min: capped(shortest), max: capped(longest)}};
};

const splitting: Cost = ({size, integer}) => ({cost: factored(size(0).max, 2 * charCost), size: atMost(integer(2) ?? size(0).max)});

const joining: Cost = (args, params) => {
  const list = args.size(0);
  const items = times(list, args.itemSize(0));
  const separators = {min: Math.max(0, list.min - 1), max: Math.max(0, list.max - 1)};
  const size = params.length > 1 ? plus(items, times(args.size(1), separators)) : items;
  return {cost: factored(size.max, charCost), size};
};

/** A call that makes a list. */
const making = (factor: number, size: Size, worked = size): CallCost => ({cost: capped(1 + listCost + factored(worked.max, factor)), size});

const squared = (args: CallArguments, position: number, item: Type): CallCost => {
  const size = args.size(position);
  const factor = item.kind === 'string' || item.kind === 'bytes' ? 2 + charCost : 2;
  return making(factor, times(size, size));
};
const itemOf = (type: Type | undefined): Type => (type?.kind === 'list' ? type.item : {kind: 'dyn'});

const slicing: Cost = ({size, integer}) => making(1, exactly(Math.max(0, (integer(2) ?? size(0).max) - (integer(1) ?? 0))));
const reversing: Cost = ({size}, [type]) => (type!.kind === 'list' ? making(1, size(0)) : once);
const flattening: Cost = ({size, integer}, params) => making(params.length > 1 ? (integer(1) ?? countMax) : 1, size(0));

const product =
  (factor: number): Cost =>
  ({size}) => ({cost: capped(1 + factored(times(size(0), size(1)).max, factor))});

/**
 * The text of a number or the like. Kubernetes says nothing of its length, and so takes every message that names a number for too
 * costly, those of its own documentation among them; here it is known to be short.
 */
const scalarChars = 64;
const scalarKinds: ReadonlySet<Type['kind']> = new Set(['bool', 'int', 'uint', 'double', 'timestamp', 'duration']);

const converting: Cost = ({size}, [from]) => {
  if (scalarKinds.has(from!.kind)) return {cost: 1, size: atMost(scalarChars)};
  if (from!.kind !== 'bytes') return once;
  return {cost: factored(size(0).max, charCost), size: {min: Math.floor(size(0).min / 4), max: size(0).max}};
};
const encoding: Cost = ({size}, [from]) => {
  if (from!.kind !== 'string') return once;
  return {cost: factored(size(0).max, charCost), size: {min: size(0).min, max: capped(size(0).max * 4)}};
};
const quoting: Cost = ({size}) => {
  const {min, max} = size(0);
  return {cost: factored(max, charCost), size: {min: min + 2, max: capped(max * 2 + 2)}};
};

/** An address or network is parsed first when it comes as a string. */
const containing =
  (compared: number): Cost =>
  ({size}, params) => ({cost: capped(compared + (params[1]!.kind === 'string' ? factored(size(1).max, charCost) : 0))});
const addresses = factored(2 * addressBytesMax, charCost);

const validating: Cost = ({size}) => ({cost: factored(factored(size(1).max, charCost), formatPatternChars * patternCharCost)});
const finding: Cost = ({size}) => ({cost: capped(factored(size(0).max, charCost) * factored(size(1).max, charCost))});

/** Whatever is not listed costs 1. */
const costs: ReadonlyMap<string, Cost> = new Map<string, Cost>([
  ...['isSorted', 'sum', 'min', 'max', 'indexOf', 'lastIndexOf'].map((name): [string, Cost] => [name, eachItem]),
  ...['lowerAscii', 'upperAscii', 'substring', 'trim', 'url'].map((name): [string, Cost] => [name, sameSize]),
  ...['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver'].map((name): [string, Cost] => [name, over(0)]),
  ...['_<_', '_<=_', '_>_', '_>=_'].map((name): [string, Cost] => [name, ordering]),
  ['_==_', equality],
  ['_!=_', comparing],
  ['_+_', addition],
  ['@in', ({size}, [, within]) => (within!.kind === 'list' ? {cost: size(1).max} : once)],
  ['contains', finding],
  ['startsWith', over(1)],
  ['endsWith', over(1)],
  ['matches', matching],
  ['find', matching],
  ['findAll', matching],
  ['format', over(0)],
  ['replace', replacement],
  ['split', splitting],
  ['join', joining],
  ['string', converting],
  ['bytes', encoding],
  ['strings.quote', quoting],
  ['ip', (args, params) => (params[0]!.kind === 'string' ? over(0)(args, params) : once)],
  ['ip.isCanonical', over(0, 2 * charCost)],
  ['containsIP', containing(addresses)],
  ['containsCIDR', containing(addresses + factored(addressBytesMax, charCost) + 1)],
  ['validate', validating],
  ['slice', slicing],
  ['reverse', reversing],
  ['flatten', flattening],
  ['distinct', ({size}) => making(2, times(size(0), size(0)))],
  ['sort', (args, params) => squared(args, 0, itemOf(params[0]))],
  ['@sortByAssociatedKeys', (args, params) => squared(args, 1, itemOf(params[1]))],
  ['lists.range', ({integer}) => making(1, exactly(integer(0) ?? countMax))],
  ['sets.contains', product(1)],
  ['sets.intersects', product(1)],
  ['sets.equivalent', product(2)],
]);
