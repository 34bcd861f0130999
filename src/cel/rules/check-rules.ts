/** Runs the rules of a schema over objects (spec kubernetes-api 6.6, 6.7). */
import type {FieldError} from '../../api/field-error.ts';
import {duplicate, forbiddenField, invalidField, invalidValue, required} from '../../api/field-error.ts';
import type {Json, JsonArray, JsonObject} from '../../api/json.ts';
import {getKey, isObject} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {stepsMax} from '../meter.ts';
import type {Bindings, Outcome, Program} from '../program.ts';
import {callBudget} from '../program.ts';
import {Optional} from '../values.ts';
import type {Ratchet} from './correlation.ts';
import {Correlation, forgives, noRatchet, ratchetOfItem, ratchetOfKey} from './correlation.ts';
import {madeMessage} from './made-message.ts';
import type {RuleProgram} from './rule-program.ts';
import type {RuleNode} from './rule-tree.ts';
import {hasRules, ruleTree} from './rule-tree.ts';

export const ruleLimits = {
  /** What all rules of one request may spend, by Kubernetes' count. */
  requestCostMax: 10_000_000,
  /** Steps of work that they may take beyond what the cost counts. */
  requestStepsMax: 20_000_000,
  /** Steps that go for each time a rule is looked at, even one that costs nothing. */
  stepsPerRule: 5,
  /** The same for somebody with little time: about what running a small rule takes. */
  hurriedStepsPerRule: 100,
  /** Failures that are reported; with more, the rest of the rules does not run. */
  failuresMax: 200,
} as const;

/** The rules of a schema, compiled where objects need them. */
export type CompiledRules = {
  /**
   * What the rules hold against an object that its schema finds valid; `old` is the object before an update, which transition
   * rules see, and for the sake of which unchanged parts are forgiven. Changes nothing. A caller with little time gives its patience.
   */
  readonly check: (object: JsonObject, old?: JsonObject, patience?: Patience) => Findings;
};

/** What a caller can wait for, as cost and as steps; it is used up. Whoever has none left is told, and throws. */
export type Patience = {cost: number; steps: number; readonly lost: () => never};

export type Findings = {
  readonly errors: readonly FieldError[];
  /** What is wrong and was so before: nothing to refuse an update for, but worth telling (spec kubernetes-api 6.7). */
  readonly forgiven: readonly FieldError[];
};

/** The rules of the schema of a whole resource; undefined when it has none. Compiles nothing yet. */
export function compileRules(schema: JsonSchema): CompiledRules | undefined {
  if (!hasRules(schema)) return undefined;
  let tree: RuleNode | undefined;
  return {
    check: (object, old, patience) => {
      tree ??= ruleTree(schema, true) as RuleNode;
      const ratchet: Ratchet = old ? {own: new Correlation(schema, object, old), around: undefined} : noRatchet;
      return checkTree(tree, {value: object, old, ratchet}, {...newPurse(), ...(patience && {patience})});
    },
  };
}

/** What is left for the rules of a request. */
export type Purse = {cost: number; steps: number; readonly patience?: Patience};
export const newPurse = (): Purse => ({cost: ruleLimits.requestCostMax, steps: ruleLimits.requestStepsMax});

/** A value to be judged: what it was, if that is known, and what would forgive its errors. */
export type Judged = {readonly value: Json; readonly old: Json | undefined; readonly ratchet: Ratchet};

/** Runs the rules of a tree, and pays from the purse. Fields of errors begin at the value of the tree. */
export function checkTree(tree: RuleNode, judged: Judged, purse: Purse): Findings {
  const run: Run = {errors: [], forgiven: [], path: [], purse};
  visit(tree, judged, run);
  return run;
}

type Run = {readonly errors: FieldError[]; readonly forgiven: FieldError[]; readonly path: string[]; readonly purse: Purse};

const pathOf = ({path}: Run): string => path.join('').replace(/^\./, '');

/** False when no further rules may run. */
function visit(node: RuleNode, judged: Judged, run: Run): boolean {
  const {value} = judged;
  // Whether null is right is for the rules around to say.
  if (value === null) return true;
  if (!runRules(node, judged, run)) return false;
  if (Array.isArray(value)) return !node.items || visitItems(node, node.items, {...judged, value}, run);
  if (!isObject(value) || (node.fields.size === 0 && !node.others)) return true;
  return visitFields(node, {...judged, value}, run);
}

function visitItems(node: RuleNode, item: RuleNode, {value: list, old, ratchet}: Judged & {readonly value: JsonArray}, run: Run): boolean {
  const oldOf = node.pairing(old);
  return list.every((value, i) => {
    const before = oldOf?.(value);
    run.path.push(`[${i}]`);
    const goesOn = visit(item, {value, old: before, ratchet: ratchetOfItem(ratchet, value, before)}, run);
    run.path.pop();
    return goesOn;
  });
}

function visitFields(node: RuleNode, {value: object, old, ratchet}: Judged & {readonly value: JsonObject}, run: Run): boolean {
  const before = isObject(old) ? old : undefined;
  for (const key of Object.keys(object)) {
    const field = node.fields.get(key);
    const child = field ?? node.others;
    if (!child) continue;
    run.path.push(field ? `.${key}` : `[${key}]`);
    const goesOn = visit(child, {value: object[key]!, old: before && getKey(before, key), ratchet: ratchetOfKey(ratchet, key)}, run);
    run.path.pop();
    if (!goesOn) return false;
  }
  return true;
}

const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

function runRules(node: RuleNode, judged: Judged, run: Run): boolean {
  const rules = node.rules();
  if (rules.length === 0) return true;
  const typeName = node.schema.type ?? '';
  run.purse.steps -= rules.length * ruleLimits.stepsPerRule;
  wait(run.purse.patience, 0, rules.length * ruleLimits.hurriedStepsPerRule);
  if (run.purse.cost <= 0 || run.purse.steps <= 0) return stop(run, invalidValue(pathOf(run), typeName, outOfBudget));
  for (const rule of rules) {
    if (!runRule(rule, typeName, judged, run)) return false;
  }
  return true;
}

function runRule(rule: RuleProgram, typeName: string, judged: Judged, run: Run): boolean {
  const {errors, purse} = run;
  if (rule.trouble !== undefined) {
    errors.push(invalidValue(pathOf(run), typeName, `rule compile error: ${rule.trouble}`));
    return hasRoom(run);
  }
  const {program} = rule;
  const known = judged.old !== undefined && judged.old !== null;
  if (!program || (rule.usesOldSelf && !known && !rule.optionalOldSelf)) return true;

  const bindings = bindingsOf(rule, judged);
  const outcome = pay(program, bindings, purse);
  const fail = (detail: string): FieldError => invalidValue(pathOf(run), typeName, detail);
  if (!outcome) return stop(run, fail(outOfBudget));
  if (!outcome.ok) {
    if (outcome.exhausted) return stop(run, fail(exhaustedText(outcome.error, rule)));
    errors.push(fail(failedText(outcome.error, rule)));
    return hasRoom(run);
  }
  if (outcome.value === true) return true;

  const field = (pathOf(run) + rule.place).replace(/^\./, '');
  const made = rule.message ? madeMessage(pay(rule.message, bindings, purse), rule.messageSource) : {};
  if (made.fatal !== undefined) return stop(run, invalidValue(field, typeName, made.fatal));
  const error = failure(rule.reason, field, judged.value, made.message ?? rule.fixedMessage);
  if (!rule.usesOldSelf && forgives(judged.ratchet)) run.forgiven.push(error);
  else errors.push(error);
  return hasRoom(run);
}

function bindingsOf(rule: RuleProgram, {value, old}: Judged): Bindings {
  if (rule.optionalOldSelf) return {self: value, oldSelf: new Optional(old ?? undefined)};
  return old === undefined || old === null ? {self: value} : {self: value, oldSelf: old};
}

/** Runs a program; undefined when the purse does not suffice. */
function pay(program: Program, bindings: Bindings, purse: Purse): Outcome | undefined {
  const {patience} = purse;
  const outcome = patience
    ? program.evaluate(bindings, Math.min(callBudget, patience.cost), Math.min(stepsMax, patience.steps))
    : program.evaluate(bindings, callBudget);
  wait(patience, outcome.cost, outcome.steps);
  if (outcome.cost > purse.cost || outcome.steps > purse.steps) return undefined;
  purse.cost -= outcome.cost;
  purse.steps -= outcome.steps;
  return outcome;
}

function wait(patience: Patience | undefined, cost: number, steps: number): void {
  if (!patience) return;
  patience.cost -= cost;
  patience.steps -= steps;
  if (patience.cost < 0 || patience.steps < 0) patience.lost();
}

function stop(run: Run, error: FieldError): false {
  run.errors.push(error);
  return false;
}

const hasRoom = ({errors, forgiven}: Run): boolean => errors.length + forgiven.length < ruleLimits.failuresMax;

const exhaustedText = (error: string, {shown}: RuleProgram): string =>
  `'${error}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown}`;

/** Why a rule came to no result. The checker finds most calls that do not fit; what is left comes from values of any type. */
const failedText = (error: string, {shown}: RuleProgram): string =>
  error.startsWith('no such overload')
    ? `'${error}': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`
    : `${error} evaluating rule: ${shown}`;

function failure(reason: string | undefined, field: string, value: Json, detail: string): FieldError {
  const compound = typeof value === 'object' && value !== null;
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenField(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return compound ? {type: 'Duplicate', field, message: 'Duplicate value'} : duplicate(field, value);
    default:
      return compound ? invalidField(field, detail) : invalidValue(field, value, detail);
  }
}
