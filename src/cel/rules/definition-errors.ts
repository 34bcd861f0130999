/** What is wrong with the rules of a schema, found when it is written (spec kubernetes-api 6.6). */
import type {FieldError} from '../../api/field-error.ts';
import {at, atKey, forbiddenField, invalidValue} from '../../api/field-error.ts';
import type {Json} from '../../api/json.ts';
import type {JsonSchema, ValidationRule} from '../../schema/json-schema.ts';
import {rootFields} from '../../schema/prune.ts';
import {errorsMax} from '../../schema/report.ts';
import {estimateCost} from '../cost/estimate.ts';
import {occurrencesMax} from '../cost/schema-sizes.ts';
import {capped} from '../cost/size.ts';
import {inspect} from '../program.ts';
import type {KnownTypes} from '../schema-types.ts';
import type {Type} from '../types.ts';
import {checkTree, newPurse} from './check-rules.ts';
import {noRatchet} from './correlation.ts';
import {formErrors} from './form-errors.ts';
import {environmentOf, untyped} from './rule-program.ts';
import type {RuleNode} from './rule-tree.ts';
import {hasRules, ruleTree} from './rule-tree.ts';

/** What expressions may cost by estimate: each, times how often it runs; and all of a schema together. */
const expressionCostMax = 10_000_000;
const schemaCostMax = 100_000_000;
/** Of a schema that costs too much, rules with at least this part of what it may cost are named, as many at most. */
const namedPart = 0.01;
const namedMax = 4;

/**
 * Everything wrong with the rules of a schema that is structural; `path` is where it stands. With them goes what they say of
 * the schema's defaults.
 */
export function ruleErrors(schema: JsonSchema, path: string): FieldError[] {
  if (!hasRules(schema)) return [];
  const defaults = defaultErrors(schema, path);
  if (defaults.length > 0) return defaults.slice(0, errorsMax);
  const walk: Walk = {forms: [], found: [], total: 0, costly: [], known: new Map()};
  checkNode(schema, {path, name: 'object', root: true, times: 1, uncorrelated: undefined}, walk);
  return [...walk.forms, ...walk.found, ...totalErrors(walk, path)].slice(0, errorsMax);
}

type Walk = {
  /** What is wrong with the form of rules, and with what they mean. */
  readonly forms: FieldError[];
  readonly found: FieldError[];
  readonly costly: {readonly path: string; readonly cost: number}[];
  readonly known: KnownTypes;
  total: number;
};

/** Where a node stands. */
type Where = {
  readonly path: string;
  readonly name: string;
  readonly root: boolean;
  /** How often its values occur in an object at most; undefined where nothing bounds it. */
  readonly times: number | undefined;
  /** The list around it whose items cannot be told from each other in an update. */
  readonly uncorrelated: string | undefined;
};

function checkNode(schema: JsonSchema, where: Where, walk: Walk): void {
  const before = walk.forms.length;
  const {path, name} = where;
  const {additionalProperties, properties, items} = schema;
  const times = timesWithin(schema, where.times);
  const below = {root: false, times, uncorrelated: where.uncorrelated};
  if (typeof additionalProperties === 'object')
    checkNode(additionalProperties, {...below, path: at(path, 'additionalProperties'), name: `${name}.@elem`}, walk);
  for (const [key, property] of Object.entries(properties ?? {})) {
    checkNode(property, {...below, path: atKey(at(path, 'properties'), key), name: `${name}.${key}`}, walk);
  }
  if (items) {
    const told = schema['x-kubernetes-list-type'] === 'map';
    const uncorrelated = where.uncorrelated ?? (told ? undefined : path);
    checkNode(items, {...below, uncorrelated, path: at(path, 'items'), name: `${name}.@idx`}, walk);
  }
  const rules = schema['x-kubernetes-validations'] ?? [];
  rules.forEach((rule, i) => {
    walk.forms.push(...formErrors(rule, schema, at(path, 'x-kubernetes-validations', i)));
  });
  // What rules mean is looked at where all is in form: it may be a consequence.
  if (walk.forms.length > before || walk.found.length > errorsMax) return;
  rules.forEach((rule, i) => {
    checkRule(rule, schema, {...where, path: at(path, 'x-kubernetes-validations', i)}, walk);
  });
}

function timesWithin({type, additionalProperties, maxProperties, maxItems}: JsonSchema, times: number | undefined): number | undefined {
  const each = type === 'array' ? maxItems : type === 'object' && additionalProperties !== undefined ? maxProperties : 1;
  return times === undefined || each === undefined ? undefined : capped(times * Math.max(0, each));
}

function checkRule(rule: ValidationRule, schema: JsonSchema, where: Where, walk: Walk): void {
  const {path} = where;
  const environment = environmentOf(schema, {...where, known: walk.known}, rule.optionalOldSelf === true);
  if (!environment) {
    walk.found.push({type: 'InternalError', field: path.replace(/\[\d+\]$/, ''), message: `Internal error: ${untyped}`});
    return;
  }
  const resource = where.root || schema['x-kubernetes-embedded-resource'] === true;
  const look = (source: string, wanted: Type['kind']): Look => {
    const found = inspect(source, environment);
    if (!found.ok) return {trouble: `compilation failed: ${found.report}`, uses: none, cost: 0};
    const {expr, checked} = found;
    if (checked.type(expr).kind !== wanted) return {trouble: `must evaluate to a ${wanted}`, uses: none, cost: 0};
    return {trouble: undefined, uses: checked.uses, cost: estimateCost(expr, checked, {schema, resource})};
  };

  const here = at(path, 'rule');
  const found = look(rule.rule ?? '', 'bool');
  const cost = capped(found.cost * (where.times ?? occurrencesMax(schema)));
  observe(walk, here, cost, 'estimated rule cost');
  if (found.trouble !== undefined) {
    const lead = found.trouble.startsWith('must') ? 'cel expression ' : '';
    walk.found.push(invalidValue(here, shownRule(rule), lead + found.trouble));
    return;
  }
  if (rule.messageExpression) checkMessage(rule, path, look(rule.messageExpression, 'string'), walk);
  if (!found.uses.has('oldSelf')) {
    if (rule.optionalOldSelf !== undefined)
      walk.found.push(invalidValue(at(path, 'optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'));
  } else if (where.uncorrelated !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${where.uncorrelated}`;
    walk.found.push(invalidValue(here, rule.rule, detail));
  }
}

/** What was found out about an expression. */
type Look = {readonly trouble: string | undefined; readonly uses: ReadonlySet<string>; readonly cost: number};
const none: ReadonlySet<string> = new Set();

function checkMessage(rule: ValidationRule, path: string, {trouble, cost}: Look, walk: Walk): void {
  const here = at(path, 'messageExpression');
  if (trouble === undefined) observe(walk, here, cost, 'estimated messageExpression cost');
  else walk.found.push(invalidValue(here, shownRule(rule), `messageExpression ${trouble}`));
}

/** Errors show a rule as Kubernetes keeps it inside. */
const shownRule = ({rule, message, messageExpression, reason, fieldPath, optionalOldSelf}: ValidationRule): Json => ({
  Rule: rule ?? '',
  Message: message ?? '',
  MessageExpression: messageExpression ?? '',
  Reason: reason ?? null,
  FieldPath: fieldPath ?? '',
  OptionalOldSelf: optionalOldSelf ?? null,
});

function observe(walk: Walk, path: string, cost: number, what: string): void {
  if (cost > expressionCostMax) walk.found.push(forbiddenField(path, excessText(what, cost / expressionCostMax)));
  walk.total = capped(walk.total + cost);
  if (cost < schemaCostMax * namedPart) return;
  walk.costly.push({path, cost});
  walk.costly.sort((a, b) => b.cost - a.cost);
  walk.costly.splice(namedMax);
}

function totalErrors({total, costly}: Walk, path: string): FieldError[] {
  if (total <= schemaCostMax) return [];
  const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
  return [
    ...costly.map(rule =>
      forbiddenField(rule.path, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'),
    ),
    forbiddenField(path, excessText(what, total / schemaCostMax)),
  ];
}

function excessText(what: string, factor: number): string {
  const shown = factor > 100 ? 'more than 100' : factor.toFixed(factor < 1.5 ? 6 : 1);
  const advice = 'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  return `${what} exceeds budget by factor of ${shown}x (${advice})`;
}

/** Defaults must satisfy the rules on them: as a value that is new, and as one that stays. Recursion ends at additionalProperties. */
function defaultErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const purse = newPurse();
  const visit = (node: RuleNode, where: string, root: boolean): void => {
    const value = node.schema.default ?? null;
    if (value !== null) {
      const found = [value, undefined]
        .map(old => checkTree(node, {value, old, ratchet: noRatchet}, purse).errors)
        .find(all => all.length > 0);
      for (const error of found ?? []) errors.push({...error, field: fieldWithin(at(where, 'default'), error.field)});
    }
    if (node.items) visit(node.items, at(where, 'items'), false);
    for (const [key, field] of node.fields) {
      if (!(root && rootFields.has(key))) visit(field, atKey(at(where, 'properties'), key), false);
    }
  };
  const tree = ruleTree(schema, true);
  if (tree) visit(tree, path, true);
  return errors;
}

const fieldWithin = (path: string, field: string): string => (field === '' || field.startsWith('[') ? path + field : at(path, field));
