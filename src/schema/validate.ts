import {invalidValue, required, tooMany} from '../api/field-error.ts';
import type {Json, JsonArray, JsonObject} from '../api/json.ts';
import {getKey, isObject} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';
import {itemPairing} from './list-types.ts';
import type {Check, Report} from './report.ts';
import {fail, forget, isFull, pathOf, visit} from './report.ts';
import {enumCheck, numberCheck, stringCheck, typeCheck} from './scalars.ts';
import {isUnchanged} from './unchanged.ts';

/**
 * Compiles everything of spec kubernetes-api 6.3 that holds for one value and what is in it. The order of the checks is
 * Kubernetes' own, so that errors come in the order clients know. A node that did not change is forgiven whatever is wrong
 * with it (6.7). Rules of CEL (6.6) come after all this, and elsewhere.
 */
export function valueCheck(schema: JsonSchema): Check {
  const type = typeCheck(schema);
  const junctors = junctorCheck(schema);
  const string = stringCheck(schema);
  const number = numberCheck(schema);
  const list = listCheck(schema);
  const oneOfEnum = enumCheck(schema);
  const object = objectCheck(schema);

  return (value, old, report) => {
    const {failures} = report;
    const errors = report.errors.length;
    if (!visit(report)) return;
    type?.(value, old, report);
    if (value === null) {
      oneOfEnum?.(value, old, report);
    } else {
      junctors?.(value, old, report);
      if (typeof value === 'string') string?.(value, old, report);
      else if (typeof value === 'number' || typeof value === 'bigint') number?.(value, old, report);
      else if (Array.isArray(value)) list?.(value, old, report);
      oneOfEnum?.(value, old, report);
      if (isObject(value)) object?.(value, old, report);
    }
    if (report.failures > failures && old !== undefined && isUnchanged(schema, value, old)) forget(report, failures, errors);
  };
}

/** Compiles when the first value comes: most of a large schema is never met. */
function whenMet(schema: JsonSchema): Check {
  let check: Check | undefined;
  return (value, old, report) => {
    check ??= valueCheck(schema);
    check(value, old, report);
  };
}

function listCheck(schema: JsonSchema): Check | undefined {
  const {minItems, maxItems} = schema;
  const item = schema.items && whenMet(schema.items);
  const pairing = itemPairing(schema);
  if (!item && minItems === undefined && maxItems === undefined) return undefined;

  return (value, old, report) => {
    const list = value as JsonArray;
    if (item && list.length > 0) {
      const oldOf = pairing(old);
      const depth = report.path.length;
      for (let i = 0; i < list.length; i++) {
        report.path[depth] = i;
        item(list[i]!, oldOf?.(list[i]!), report);
      }
      report.path.length = depth;
    }
    if (minItems !== undefined && list.length < minItems) {
      const path = pathOf(report);
      fail(report, invalidValue(path, list.length, `${path} in body should have at least ${minItems} items`));
    }
    if (maxItems !== undefined && list.length > maxItems) fail(report, tooMany(pathOf(report), list.length, maxItems));
  };
}

function objectCheck(schema: JsonSchema): Check | undefined {
  const size = sizeCheck(schema);
  const fields = fieldsCheck(schema);
  const missing = schema.required ?? [];
  if (!size && !fields && missing.length === 0) return undefined;

  return (value, old, report) => {
    const object = value as JsonObject;
    const depth = report.path.length;
    size?.(object, report);
    fields?.(object, old, report);
    for (const name of missing) {
      if (Object.hasOwn(object, name)) continue;
      report.path[depth] = name;
      fail(report, required(pathOf(report)));
      report.path.length = depth;
      if (isFull(report)) break;
    }
  };
}

/** Old and new come in one version, so that these never seem to change: what is wrong with them is not forgiven. */
const typeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind']);

/** What is in the fields. The walk is over the object: schemas may have many more properties than objects have fields. */
function fieldsCheck(schema: JsonSchema): Check | undefined {
  const {additionalProperties} = schema;
  const properties = new Map(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, whenMet(property)]));
  const others = typeof additionalProperties === 'object' ? whenMet(additionalProperties) : undefined;
  const closed = additionalProperties === false;
  if (properties.size === 0 && !others && !closed) return undefined;

  return (value, old, report) => {
    const object = value as JsonObject;
    const before = isObject(old) ? old : undefined;
    const depth = report.path.length;
    for (const key of Object.keys(object)) {
      const check = properties.get(key) ?? others;
      if (check) {
        report.path[depth] = key;
        check(object[key]!, before && !(depth === 0 && typeFields.has(key)) ? getKey(before, key) : undefined, report);
        report.path.length = depth;
      } else if (closed) {
        const path = pathOf(report);
        fail(report, invalidValue(path, key, `${path}.${key} in body is a forbidden property`));
      }
    }
  };
}

function sizeCheck({minProperties, maxProperties}: JsonSchema): ((object: JsonObject, report: Report) => void) | undefined {
  if (minProperties === undefined && maxProperties === undefined) return undefined;
  return (object, report) => {
    const count = Object.keys(object).length;
    if (minProperties !== undefined && count < minProperties) {
      const path = pathOf(report);
      fail(report, invalidValue(path, count, `${path} in body should have at least ${minProperties} properties`));
    }
    if (maxProperties !== undefined && count > maxProperties) fail(report, tooMany(pathOf(report), count, maxProperties));
  };
}

/** What one alternative found, taken out of the report again. */
type Outcome = {readonly errors: Report['errors']; readonly failures: number; readonly nodes: number};

/** Tries an alternative. Its values have no old ones: junctors are not ratcheted (spec kubernetes-api 6.7). */
function attempt(check: Check, value: Json, report: Report): Outcome {
  const {failures, nodes} = report;
  const kept = report.errors.length;
  check(value, undefined, report);
  const outcome = {errors: report.errors.slice(kept), failures: report.failures - failures, nodes: report.nodes - nodes};
  forget(report, failures, kept);
  return outcome;
}

const best = (outcomes: readonly Outcome[]): Outcome | undefined =>
  outcomes.reduce<Outcome | undefined>((top, outcome) => (top === undefined || outcome.nodes > top.nodes ? outcome : top), undefined);

function merge(report: Report, outcome: Outcome | undefined): void {
  for (const error of outcome?.errors ?? []) fail(report, error);
}

/** allOf, anyOf, oneOf and not. Their own errors have no field, only a text that names it. */
function junctorCheck(schema: JsonSchema): Check | undefined {
  const anyOf = schema.anyOf?.map(valueCheck) ?? [];
  const oneOf = schema.oneOf?.map(valueCheck) ?? [];
  const allOf = schema.allOf?.map(valueCheck) ?? [];
  const not = schema.not && valueCheck(schema.not);
  if (!not && anyOf.length + oneOf.length + allOf.length === 0) return undefined;

  const say = (report: Report, text: string): void => fail(report, invalidValue('', '', `${JSON.stringify(pathOf(report))} must ${text}`));

  return (value, _, report) => {
    if (anyOf.length > 0) someOf(anyOf, value, report, say);
    if (oneOf.length > 0) {
      const outcomes = oneOf.map(check => attempt(check, value, report));
      const valid = outcomes.filter(outcome => outcome.failures === 0).length;
      if (valid !== 1) {
        const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
        say(report, `validate one and only one schema (oneOf). ${found}`);
        if (valid === 0) merge(report, best(outcomes));
      }
    }
    if (allOf.length > 0) {
      const outcomes = allOf.map(check => attempt(check, value, report));
      for (const outcome of outcomes) merge(report, outcome);
      const valid = outcomes.filter(outcome => outcome.failures === 0).length;
      if (valid < outcomes.length) say(report, `validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
    }
    if (not && attempt(not, value, report).failures === 0) say(report, 'not validate the schema (not)');
  };
}

function someOf(checks: readonly Check[], value: Json, report: Report, say: (report: Report, text: string) => void): void {
  const outcomes: Outcome[] = [];
  for (const check of checks) {
    const outcome = attempt(check, value, report);
    if (outcome.failures === 0) return;
    outcomes.push(outcome);
  }
  say(report, 'validate at least one schema (anyOf)');
  merge(report, best(outcomes));
}
