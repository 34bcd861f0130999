/**
 * One step of a field path, as `fieldsV1` writes it (spec kubernetes-api 5.2): `f:<field>`, `k:{<key fields>}` for an item of a list
 * with keys, `v:<json>` for an item of a set, `i:<n>` for an index. In canonical form equal steps are equal texts. Every text has a
 * prefix, so none of them is a name that objects inherit.
 */
import type {Json} from '../../api/json.ts';
import {isObject, stringify} from '../../api/json.ts';
import {parse} from '../../api/parse-json.ts';
import {canonical} from '../../schema/canonical.ts';

export type PathElement = string;

/** The node itself among its children: a member of the set that has children. */
export const self = '.';

export const fieldElement = (name: string): PathElement => `f:${name}`;

/** An item of a set. */
export const valueElement = (value: Json): PathElement => `v:${stringify(value)}`;

/** The name of the field that a step goes to; undefined for items of lists. */
export const fieldName = (element: PathElement): string | undefined => (element.startsWith('f:') ? element.slice(2) : undefined);

/** The canonical form of a step that a client wrote; undefined if it is none. */
export function canonicalElement(text: string): PathElement | undefined {
  if (text.startsWith('f:')) return text;
  const body = text.slice(2);
  if (text.startsWith('i:')) return /^(0|[1-9]\d{0,15})$/.test(body) ? text : undefined;
  if (!text.startsWith('k:') && !text.startsWith('v:')) return undefined;
  try {
    const value = parse(body);
    return text.startsWith('k:') && !isObject(value) ? undefined : text.slice(0, 2) + canonical(value);
  } catch {
    // No JSON, or nested beyond what the stack holds.
    return undefined;
  }
}

/** Steps as people read them: `.spec.ports[port=80,protocol="TCP"].name`, `.tags[="a"]`. */
export function printPath(path: readonly PathElement[]): string {
  return path.map(printElement).join('');
}

function printElement(element: PathElement): string {
  const body = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${body}`;
    case 'k': {
      const fields = Object.entries(parse(body) as {[key: string]: Json});
      return `[${fields.map(([name, value]) => `${name}=${stringify(value)}`).join()}]`;
    }
    case 'v':
      return `[=${body}]`;
    default:
      return `[${body}]`;
  }
}

/** Whether steps are in order for certain: looks at fields only. */
export function isSorted(elements: readonly PathElement[]): boolean {
  for (let i = 0; i < elements.length; i++) {
    if (i > 0 && elements[i - 1]! > elements[i]!) return false;
    if (!isField(elements[i]!) && elements.length > 1 && elements[i] !== self) return elements.length === 2 && elements[0] === self;
  }
  return true;
}

const isField = (element: PathElement): boolean => element.charCodeAt(0) === 0x66;

/** Brings steps into the order of Kubernetes: the node itself, fields, keys, values, indexes. */
export function sortElements(elements: readonly PathElement[]): readonly PathElement[] {
  if (elements.every(element => isField(element) || element === self)) return elements.toSorted();
  const ranked = elements.map(rankedElement);
  ranked.sort((a, b) => a.kind - b.kind || compareParts(a, b));
  return ranked.map(each => each.element);
}

type Ranked = {readonly element: PathElement; readonly kind: number; readonly parts: readonly Json[]};

const kinds = '.fkvi';

function rankedElement(element: PathElement): Ranked {
  const kind = kinds.indexOf(element[0]!);
  const body = element.slice(2);
  if (element[0] === 'f' || element === self) return {element, kind, parts: [body]};
  const value = parse(body);
  return {element, kind, parts: isObject(value) ? Object.entries(value).flat() : [value]};
}

function compareParts(a: Ranked, b: Ranked): number {
  for (let i = 0; i < Math.min(a.parts.length, b.parts.length); i++) {
    const order = compareScalars(a.parts[i]!, b.parts[i]!);
    if (order !== 0) return order;
  }
  return a.parts.length - b.parts.length;
}

/** Numbers before texts before booleans before all else. */
function compareScalars(a: Json, b: Json): number {
  const order = rankOf(a) - rankOf(b);
  if (order !== 0) return order;
  const [left, right] = typeof a === 'object' || typeof b === 'object' ? [stringify(a), stringify(b)] : [a, b];
  return left < right ? -1 : left > right ? 1 : 0;
}

const ranks: {readonly [type: string]: number} = {number: 0, bigint: 0, string: 1, boolean: 2};
const rankOf = (value: Json): number => ranks[typeof value] ?? 3;
