import {badRequest} from './errors.ts';
import {invalidValue, summary} from './field-error.ts';
import type {Json, JsonObject} from './json.ts';
import {getKey, isObject} from './json.ts';
import {parseRequirements, type Requirement, requirementErrors} from './selector-parser.ts';

/** What a selector may cost: it is parsed on each list and matched against each object. */
export const selectorLimits = {charsMax: 65_536, requirementsMax: 1_000} as const;

export type Labels = {readonly [key: string]: Json};

/** A compiled label selector (spec kubernetes-api 4.3). */
export type LabelSelector = {
  /** It selects everything. */
  readonly empty: boolean;
  readonly requirements: readonly Requirement[];
  /** Absent labels count as none. */
  matches(labels: Labels | undefined): boolean;
};

export type FieldRequirement = {readonly field: string; readonly op: '=' | '!='; readonly value: string};

/** A parsed field selector. Whether a kind knows the fields is for the caller to judge by `requirements`. */
export type FieldSelector = {
  readonly empty: boolean;
  readonly requirements: readonly FieldRequirement[];
  /** `textOf` gives the text of a field, '' when it is missing. */
  matches(textOf: (field: string) => string): boolean;
};

/** The selector that selects nothing: an absent LabelSelector object. */
export const nothing: LabelSelector = {empty: false, requirements: [], matches: () => false};
/** The selector that selects everything. */
export const everything: LabelSelector = {empty: true, requirements: [], matches: () => true};

/** Parses `a=b,c in (d,e),!f`. Anything else is a BadRequest with Kubernetes' text. */
export function parseLabelSelector(text: string): LabelSelector {
  checkSize(text);
  const parsed = parseRequirements(text);
  if (typeof parsed === 'string') throw badRequest(parsed);
  return labelSelectorOf(parsed);
}

/**
 * Compiles a LabelSelector object (`matchLabels`, `matchExpressions`): absent selects nothing, `{}` everything.
 * A malformed one is a BadRequest with Kubernetes' text.
 */
export function selectorFromObject(json: Json | undefined): LabelSelector {
  if (json === undefined || json === null) return nothing;
  if (!isObject(json)) throw badRequest('a label selector must be an object');
  const requirements = [...labelRequirements(getKey(json, 'matchLabels')), ...expressionRequirements(getKey(json, 'matchExpressions'))];
  const errors = requirements.flatMap(requirementErrors);
  if (errors.length) throw badRequest(summary(errors));
  return labelSelectorOf(requirements);
}

/** Parses `metadata.name=x,status.phase!=Active`. Anything else is a BadRequest with Kubernetes' text. */
export function parseFieldSelector(text: string): FieldSelector {
  checkSize(text);
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === '') continue;
    const equals = term.indexOf('=');
    if (equals < 0) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const negated = term[equals - 1] === '!';
    requirements.push({
      field: term.slice(0, negated ? equals - 1 : equals),
      op: negated ? '!=' : '=',
      value: unescapeValue(term.slice(!negated && term[equals + 1] === '=' ? equals + 2 : equals + 1)),
    });
  }
  checkCount(requirements);
  return {
    empty: requirements.length === 0,
    requirements,
    matches: textOf => requirements.every(r => (textOf(r.field) === r.value) === (r.op === '=')),
  };
}

/** The one value that `field` must have, if the selector says so. */
export const exactValue = (selector: FieldSelector, field: string): string | undefined =>
  selector.requirements.find(r => r.field === field && r.op === '=')?.value;

function checkSize(text: string): void {
  if (text.length > selectorLimits.charsMax) {
    throw badRequest(`selectors may not be longer than ${selectorLimits.charsMax} characters`);
  }
}

function checkCount(requirements: readonly unknown[]): void {
  if (requirements.length > selectorLimits.requirementsMax) {
    throw badRequest(`selectors may not have more than ${selectorLimits.requirementsMax} requirements`);
  }
}

function labelSelectorOf(requirements: readonly Requirement[]): LabelSelector {
  checkCount(requirements);
  if (requirements.length === 0) return everything;
  const tests = requirements.map(compile);
  const matches = (labels: Labels | undefined): boolean => tests.every(test => test(labels ?? {}));
  return {empty: false, requirements, matches};
}

/** `!=` and `notin` also match objects that lack the key. */
function compile({key, op, values}: Requirement): (labels: Labels) => boolean {
  const set = new Set<Json | undefined>(values);
  const first = values[0] ?? '';
  switch (op) {
    case '=':
    case '==':
      return labels => Object.hasOwn(labels, key) && labels[key] === first;
    case 'in':
      return labels => Object.hasOwn(labels, key) && set.has(labels[key]);
    case '!=':
    case 'notin':
      return labels => !Object.hasOwn(labels, key) || !set.has(labels[key]);
    case 'exists':
      return labels => Object.hasOwn(labels, key);
    case '!':
      return labels => !Object.hasOwn(labels, key);
    case 'gt':
      return labels => compareIntegers(labels, key, first) > 0;
    case 'lt':
      return labels => compareIntegers(labels, key, first) < 0;
  }
}

/** NaN when the label is absent or no integer: then neither order holds. */
function compareIntegers(labels: Labels, key: string, than: string): number {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (typeof value !== 'string' || !/^[+-]?[0-9]{1,19}$/.test(value)) return Number.NaN;
  const [a, b] = [BigInt(value.replace('+', '')), BigInt(than.replace('+', ''))];
  return a < b ? -1 : a > b ? 1 : 0;
}

function labelRequirements(matchLabels: Json | undefined): Requirement[] {
  if (matchLabels === undefined || matchLabels === null) return [];
  if (!isObject(matchLabels)) throw badRequest('matchLabels must be an object');
  return Object.entries(matchLabels).map(([key, value]) => ({key, op: '=', values: [stringIn(value, 'matchLabels')]}));
}

const operators = {In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!'} as const;

function expressionRequirements(expressions: Json | undefined): Requirement[] {
  if (expressions === undefined || expressions === null) return [];
  if (!Array.isArray(expressions)) throw badRequest('matchExpressions must be an array');
  return expressions.map(expression => {
    if (!isObject(expression)) throw badRequest('an entry of matchExpressions must be an object');
    return expressionRequirement(expression);
  });
}

function expressionRequirement(expression: JsonObject): Requirement {
  const operator = getKey(expression, 'operator');
  if (typeof operator !== 'string' || !Object.hasOwn(operators, operator)) {
    throw badRequest(summary([invalidValue('operator', operator, 'not a valid label selector operator')]));
  }
  const values = getKey(expression, 'values') ?? [];
  if (!Array.isArray(values)) throw badRequest('values of a label selector must be an array');
  return {
    key: stringIn(getKey(expression, 'key'), 'key'),
    op: operators[operator as keyof typeof operators],
    values: values.map(value => stringIn(value, 'values')),
  };
}

function stringIn(value: Json | undefined, where: string): string {
  if (typeof value !== 'string') throw badRequest(`${where} of a label selector must hold strings`);
  return value;
}

/** Splits at commas that no backslash protects. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let value = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '=') throw badRequest(`invalid field selector: unescaped character in value: ${c.charCodeAt(0)}`);
    if (c !== '\\') {
      value += c;
      continue;
    }
    const next = text[++i] ?? '';
    if (next !== '\\' && next !== ',' && next !== '=') throw badRequest(`invalid field selector: invalid escape sequence: \\${next}`);
    value += next;
  }
  return value;
}
