import type {Count, Key, Op, Range} from './storage.ts';

const slash = 47;

/** Whether the range is a prefix; otherwise it is one whole key. */
export const isPrefix = (range: Range): boolean => range.charCodeAt(range.length - 1) === slash;

/** Whether a key lies in a range. */
export const holds = (range: Range, key: Key): boolean => (isPrefix(range) ? key.startsWith(range) : key === range);

/** The part of a range behind a key, as an interval: `from` belongs to it, `to` does not. */
export function bounds(range: Range, after = ''): {readonly from: string; readonly to: string} {
  // `0` is the character after `/`.
  const to = isPrefix(range) ? `${range.slice(0, -1)}0` : behind(range);
  return {from: after < range ? range : behind(after), to};
}

/** No key lies between a key and this. */
const behind = (key: string): string => `${key}\u0001`;

/** Calls `visit` with every range that holds the key, the widest first. */
export function eachRangeOf(key: Key, visit: (range: Range) => void): void {
  for (let at = 0; at >= 0; at = key.indexOf('/', at + 1)) visit(key.slice(0, at + 1));
  visit(key);
}

/** Printable ASCII that starts with `/` and does not end with it. */
const shape = /^\/[!-~]*[!-.0-~]$/;

const word = /^[!-~]+$/;

/** Refuses what no caller may ask (ST5). */
export function checkOps(ops: readonly Op[]): void {
  if (ops.length === 0) throw new TypeError('a commit needs an op');
  const seen = ops.length > 1 ? new Set<string>() : undefined;
  let counts = 0;
  for (const op of ops) {
    if ('count' in op) {
      if (!word.test(op.count)) throw new TypeError(`not a term: ${op.count}`);
      counts++;
      continue;
    }
    const key = keyOf(op);
    if (!shape.test(key)) throw new TypeError(`not a key: ${key}`);
    seen?.add(key);
  }
  if (seen && seen.size + counts < ops.length) throw new TypeError('a key may appear in one op of a commit only');
}

/** The key an op is about, if it is about one. */
export const keyOf = (op: Exclude<Op, Count>): Key => ('put' in op ? op.put : 'delete' in op ? op.delete : op.check);
