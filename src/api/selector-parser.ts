import type {FieldError} from './field-error.ts';
import {at, atKey, invalidValue, summary} from './field-error.ts';
import {labelValue, qualifiedName} from './names.ts';

export type Operator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';
export type Requirement = {readonly key: string; readonly op: Operator; readonly values: readonly string[]};

/** The grammar of label selectors (spec kubernetes-api 4.3). Gives the requirements, or what is wrong in Kubernetes' words. */
export function parseRequirements(text: string): readonly Requirement[] | string {
  try {
    return requirementList(cursorOver(text));
  } catch (err) {
    if (err instanceof Unparsable) return err.message;
    throw err;
  }
}

/** What the grammar allows and the rules of labels do not. */
export function requirementErrors({key, op, values}: Requirement): FieldError[] {
  const errors = keyErrors('key', key);
  const fault = valueCountFault(op, values.length);
  if (fault) errors.push(invalidValue('values', [...values], fault));
  if (op === 'gt' || op === 'lt') {
    values.forEach((value, i) => {
      if (!isInt64(value)) errors.push(invalidValue(at('values', i), value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    });
  }
  values.forEach((value, i) => {
    const faults = labelValue(value);
    if (faults.length) errors.push(invalidValue(atKey(at('values', i), key), value, faults.join('; ')));
  });
  return errors;
}

function valueCountFault(op: Operator, count: number): string | undefined {
  switch (op) {
    case 'in':
    case 'notin':
      return count === 0 ? "for 'in', 'notin' operators, values set can't be empty" : undefined;
    case 'exists':
    case '!':
      return count > 0 ? 'values set must be empty for exists and does not exist' : undefined;
    case 'gt':
    case 'lt':
      return count !== 1 ? "for 'Gt', 'Lt' operators, exactly one value is required" : undefined;
    default:
      return count !== 1 ? 'exact-match compatibility requires one single value' : undefined;
  }
}

function keyErrors(field: string, key: string): FieldError[] {
  const faults = qualifiedName(key);
  return faults.length ? [invalidValue(field, key, faults.join('; '))] : [];
}

const int64Max = 2n ** 63n - 1n;

function isInt64(text: string): boolean {
  if (!/^[+-]?[0-9]{1,19}$/.test(text)) return false;
  const value = BigInt(text.replace('+', ''));
  return value <= int64Max && value >= -int64Max - 1n;
}

class Unparsable extends Error {}

type Token = {readonly type: 'word' | 'symbol' | 'error' | 'end'; readonly text: string};
type Cursor = {readonly tokens: readonly Token[]; next: number};

const symbols = '=!(),><';
const spaces = ' \t\r\n';

function cursorOver(text: string): Cursor {
  const tokens: Token[] = [];
  for (let i = 0; i < text.length; ) {
    const c = text[i]!;
    if (spaces.includes(c)) {
      i++;
      continue;
    }
    let end = i + 1;
    if (!symbols.includes(c)) {
      while (end < text.length && !symbols.includes(text[end]!) && !spaces.includes(text[end]!)) end++;
      tokens.push({type: 'word', text: text.slice(i, end)});
    } else {
      if ((c === '=' || c === '!') && text[end] === '=') end++;
      tokens.push({type: 'symbol', text: text.slice(i, end)});
    }
    i = end;
  }
  return {tokens, next: 0};
}

const end: Token = {type: 'end', text: ''};
const peek = (cursor: Cursor): Token => cursor.tokens[cursor.next] ?? end;
const take = (cursor: Cursor): Token => cursor.tokens[cursor.next++] ?? end;
const is = (token: Token, symbol: string): boolean => token.type === 'symbol' && token.text === symbol;

function requirementList(cursor: Cursor): Requirement[] {
  const found: Requirement[] = [];
  for (;;) {
    const first = peek(cursor);
    if (first.type === 'end') return found;
    if (first.type !== 'word' && !is(first, '!'))
      throw new Unparsable(`found '${first.text}', expected: !, identifier, or 'end of string'`);
    found.push(requirement(cursor));
    const after = take(cursor);
    if (after.type === 'end') return found;
    if (!is(after, ',')) throw new Unparsable(`found '${after.text}', expected: ',' or 'end of string'`);
    const next = peek(cursor);
    if (next.type !== 'word' && !is(next, '!')) throw new Unparsable(`found '${next.text}', expected: identifier after ','`);
  }
}

const refuse = (why: string): Unparsable => new Unparsable(`unable to parse requirement: ${why}`);

function requirement(cursor: Cursor): Requirement {
  const negated = is(peek(cursor), '!');
  if (negated) cursor.next++;
  const key = take(cursor);
  if (key.type !== 'word') throw refuse(`found '${key.text}', expected: identifier`);
  const keyFaults = keyErrors('', key.text);
  if (keyFaults.length) throw refuse(summary(keyFaults));
  const after = peek(cursor);
  // As in Kubernetes, a `!` before a key that is followed by an operator is not looked at.
  const alone = after.type === 'end' || is(after, ',');
  const made = alone ? ({key: key.text, op: negated ? '!' : 'exists', values: []} as const) : comparison(cursor, key.text);
  const errors = requirementErrors(made);
  if (errors.length) throw refuse(summary(errors));
  return made;
}

const operators: ReadonlyMap<string, Operator> = new Map([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

function comparison(cursor: Cursor, key: string): Requirement {
  const token = take(cursor);
  const op = operators.get(token.text);
  if (!op) throw refuse(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
  return {key, op, values: op === 'in' || op === 'notin' ? valueList(cursor) : [exactWord(cursor)]};
}

function exactWord(cursor: Cursor): string {
  const next = peek(cursor);
  if (next.type === 'end' || is(next, ',')) return '';
  const word = take(cursor);
  if (word.type !== 'word') throw refuse(`found '${word.text}', expected: identifier`);
  return word.text;
}

/** `(a,b)`; an empty place between commas is the empty value. */
function valueList(cursor: Cursor): string[] {
  const open = take(cursor);
  if (!is(open, '(')) throw refuse(`found '${open.text}' expected: '('`);
  if (is(peek(cursor), ')')) {
    cursor.next++;
    return [];
  }
  const values = new Set<string>();
  for (;;) {
    const word = peek(cursor);
    if (word.type === 'word') cursor.next++;
    else if (!is(word, ',') && !is(word, ')')) throw refuse(`found '${word.text}', expected: ',', ')' or identifier`);
    values.add(word.type === 'word' ? word.text : '');
    const after = take(cursor);
    if (is(after, ')')) return [...values].sort();
    if (!is(after, ',')) throw refuse(`found '${after.text}', expected: ',' or ')'`);
  }
}
