/** Half open. Negative numbers count from the end; `one` is the end of a single index, undefined that of the list. */
export type Slice = {readonly kind: 'slice'; readonly start: number; readonly end: number | 'one' | undefined; readonly step: number};

export type Filter = {
  readonly kind: 'filter';
  readonly left: readonly Step[];
  readonly operator: 'exists' | '==' | '!=' | '<' | '<=' | '>' | '>=';
  readonly right: readonly Step[];
};

export type Step =
  | {readonly kind: 'field'; readonly name: string}
  | {readonly kind: 'all'}
  | {readonly kind: 'descend'}
  | Slice
  | Filter
  | {readonly kind: 'union'; readonly paths: readonly (readonly Step[])[]}
  | {readonly kind: 'constant'; readonly value: string | number | boolean};

const pathCharsMax = 2000;
/** Filters in filters, unions in unions. */
const nestingMax = 10;

type Cursor = {readonly text: string; readonly depth: number; at: number};

/** Parses kubectl's dialect of JSON paths, as it stands within the braces. Throws an Error for what is malformed. */
export function parseJsonPath(path: string): Step[] {
  if (path.length > pathCharsMax) throw new Error(`path is longer than ${pathCharsMax} characters`);
  return parse(path, 0);
}

function parse(text: string, depth: number): Step[] {
  if (depth > nestingMax) throw new Error(`path nests deeper than ${nestingMax} levels`);
  const cursor: Cursor = {text, depth, at: 0};
  const steps: Step[] = [];
  while (cursor.at < text.length) steps.push(...parseNext(cursor, steps));
  return steps;
}

function parseNext(cursor: Cursor, before: readonly Step[]): Step[] {
  const {text, at} = cursor;
  const c = text[at]!;
  if (text.startsWith('[?(', at)) return [parseFilter(cursor)];
  if (text.startsWith('..', at)) return parseDescent(cursor, before);
  if (c === ' ' || c === '@' || c === '$') {
    cursor.at++;
    return [];
  }
  if (c === '.') {
    cursor.at++;
    return parseField(cursor);
  }
  if (c === '[') return parseBrackets(cursor);
  if (c === '"' || c === "'") return [parseQuoted(cursor, c)];
  if (/[-+\d]/.test(c)) return [parseNumber(cursor)];
  if (/[\p{L}_]/u.test(c)) return [parseWord(cursor)];
  throw new Error(`unrecognized character in action: ${JSON.stringify(c)}`);
}

function parseDescent(cursor: Cursor, before: readonly Step[]): Step[] {
  if (before.at(-1)?.kind === 'descend') throw new Error('invalid multiple recursive descent');
  cursor.at += 2;
  const next = cursor.text[cursor.at] ?? '';
  return [{kind: 'descend'}, ...(/[\p{L}\p{Nd}_]/u.test(next) ? parseField(cursor) : [])];
}

const terminators = new Set([...' \t\r\n.,[]$@{}']);

/** The name after a dot. A backslash takes the next character as it is. A dot alone stays where it is. */
function parseField(cursor: Cursor): Step[] {
  let name = '';
  for (; cursor.at < cursor.text.length; cursor.at++) {
    let c = cursor.text[cursor.at]!;
    if (terminators.has(c)) break;
    if (c === '\\') c = cursor.text[++cursor.at] ?? '';
    name += c;
  }
  if (name === '*') return [{kind: 'all'}];
  return name === '' ? [] : [{kind: 'field', name}];
}

function parseBrackets(cursor: Cursor): Step[] {
  const close = cursor.text.indexOf(']', cursor.at);
  if (close < 0) throw new Error('unterminated array');
  const inside = cursor.text.slice(cursor.at + 1, close);
  cursor.at = close + 1;
  if (inside.includes(',')) {
    const paths = inside.split(',').map(part => parse(`[${part.trim()}]`, cursor.depth + 1));
    return [{kind: 'union', paths}];
  }
  // As in kubectl a dot within the quotes separates names, unless escaped.
  const quoted = /^'([^']*)'$/.exec(inside)?.[1];
  return quoted === undefined ? [parseSlice(inside === '*' ? ':' : inside)] : parse(`.${quoted}`, cursor.depth + 1);
}

function parseSlice(inside: string): Slice {
  const match = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(inside);
  if (!match) throw new Error(`invalid array index ${inside}`);
  const [start, end, step] = match
    .slice(1)
    .map(part => part?.replace(':', ''))
    .map(part => (part ? indexOf(part) : undefined));
  if (step !== undefined && step <= 0) throw new Error('step must be > 0');
  return {kind: 'slice', start: start ?? 0, end: match[2] === undefined ? 'one' : end, step: step ?? 1};
}

function indexOf(digits: string): number {
  const index = Number(digits);
  if (!Number.isSafeInteger(index)) throw new Error(`array index ${digits} is not a number`);
  return index;
}

const operators: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

function parseFilter(cursor: Cursor): Filter {
  const start = cursor.at + 3;
  const end = endOfFilter(cursor.text, start);
  if (cursor.text[end + 1] !== ']') throw new Error('unclosed array expect ]');
  const inside = cursor.text.slice(start, end);
  cursor.at = end + 2;
  const match = /^([^!<>=]+)([!<>=]+)(.+)$/.exec(inside);
  if (!match) return {kind: 'filter', left: parse(inside, cursor.depth + 1), operator: 'exists', right: []};
  const operator = match[2]!;
  if (!operators.has(operator)) throw new Error(`unrecognized filter operator ${operator}`);
  return {
    kind: 'filter',
    left: parse(match[1]!, cursor.depth + 1),
    operator: operator as Filter['operator'],
    right: parse(match[3]!, cursor.depth + 1),
  };
}

/** The parenthesis that closes the filter: the first outside of quotes. */
function endOfFilter(text: string, start: number): number {
  let quote = '';
  for (let i = start; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\') i++;
    else if (quote) quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    else if (c === ')') return i;
  }
  throw new Error('unterminated filter');
}

function parseQuoted(cursor: Cursor, quote: string): Step {
  let value = '';
  for (let i = cursor.at + 1; i < cursor.text.length; i++) {
    const c = cursor.text[i]!;
    if (c === quote) {
      cursor.at = i + 1;
      return {kind: 'constant', value};
    }
    value += c === '\\' ? (cursor.text[++i] ?? '') : c;
  }
  throw new Error('unterminated quoted string');
}

function parseNumber(cursor: Cursor): Step {
  const digits = /^[-+]?[\d.]*/.exec(cursor.text.slice(cursor.at))![0];
  const value = Number(digits);
  if (!/\d/.test(digits) || Number.isNaN(value)) throw new Error(`cannot parse number ${digits}`);
  cursor.at += digits.length;
  return {kind: 'constant', value};
}

function parseWord(cursor: Cursor): Step {
  let end = cursor.at;
  while (end < cursor.text.length && !terminators.has(cursor.text[end]!)) end++;
  const word = cursor.text.slice(cursor.at, end);
  cursor.at = end;
  if (word === 'true' || word === 'false') return {kind: 'constant', value: word === 'true'};
  throw new Error(`unrecognized identifier ${word}`);
}
