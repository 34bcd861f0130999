/**
 * The room of CEL, the Common Expression Language, as Kubernetes speaks it (spec kubernetes-api 6.6): an expression is parsed, its
 * types checked, and compiled to closures, which run over plain JSON under a budget.
 */
import type {Json} from '../api/json.ts';
import {adapterOf} from './adapter.ts';
import type {Expr} from './ast.ts';
import type {Checked} from './checker.ts';
import {check} from './checker.ts';
import type {Step} from './compiler.ts';
import {compileExpr} from './compiler.ts';
import type {Issue} from './issue.ts';
import {formatIssues, SyntaxIssue} from './issue.ts';
import {BudgetExceeded, Meter, stepsMax} from './meter.ts';
import {parse} from './parser.ts';
import type {Environment} from './scope.ts';
import type {Type} from './types.ts';
import type {Value} from './values.ts';
import {Failure, lift} from './values.ts';

/** What one expression may spend when it runs, by Kubernetes' count. */
export const callBudget = 1_000_000;

/** What an evaluation spent: by Kubernetes' count, and in steps of the meter. */
export type Spent = {readonly cost: number; readonly steps: number};

/** The end of an evaluation. Either way it tells what was spent. */
export type Outcome = Spent &
  (
    | {readonly ok: true; readonly value: Value}
    | {
        readonly ok: false;
        /** As users know it from Kubernetes: `no such key: x`. */
        readonly error: string;
        /** The budget ran out, rather than the expression failed. */
        readonly exhausted: boolean;
      }
  );

export type Program = {
  readonly ok: true;
  /** What the checker found the value to be; `dyn` when that depends. */
  readonly type: Type;
  /** The variables of the environment that it uses. */
  readonly uses: ReadonlySet<string>;
  /**
   * Runs the expression. Each variable of the environment has a value in `bindings`; one that is missing fails the expression
   * where it is used. Neither throws nor changes what is bound. `steps` bounds the work that the cost does not count.
   */
  readonly evaluate: (bindings: Bindings, budget: number, steps?: number) => Outcome;
};
export type Bindings = {readonly [variable: string]: Json | Value};
export type Malformed = {
  readonly ok: false;
  readonly issues: readonly Issue[];
  /** The issues with their places, in lines for people. */
  readonly report: string;
};

/** An expression in which nothing is wrong: its tree, and what the checker found out. */
export type Sound = {readonly ok: true; readonly expr: Expr; readonly checked: Checked};

/** Parses an expression and checks its types, no more. Never throws. */
export function inspect(source: string, environment: Environment): Sound | Malformed {
  try {
    const expr = parse(source);
    const checked = check(expr, environment);
    return checked.issues.length > 0 ? malformed(source, checked.issues) : {ok: true, expr, checked};
  } catch (err) {
    if (err instanceof SyntaxIssue) return malformed(source, [{at: err.at, message: err.message}]);
    throw err;
  }
}

/** Compiles an expression that may use the variables and functions of the environment. Never throws. */
export function compile(source: string, environment: Environment): Program | Malformed {
  const found = inspect(source, environment);
  return found.ok ? program(compileExpr(found.expr, found.checked), found, environment) : found;
}

const malformed = (source: string, issues: readonly Issue[]): Malformed => ({ok: false, issues, report: formatIssues(source, issues)});

function program(step: Step, {expr, checked}: Sound, environment: Environment): Program {
  const count = checked.slots;
  const variables = Array.from(environment.variables, ([name, declared]) => ({name, adapt: adapterOf(declared)}));
  return {
    ok: true,
    type: checked.type(expr),
    uses: checked.uses,
    evaluate: (bindings, budget, steps = stepsMax) => {
      const meter = new Meter(budget, steps);
      try {
        const slots: (Value | Failure)[] = Array(count);
        variables.forEach(({name, adapt}, slot) => {
          const value = Object.hasOwn(bindings, name) ? lift(bindings[name]!) : new Failure(`no such attribute(s): ${name}`);
          slots[slot] = adapt && !(value instanceof Failure) ? adapt(value, meter) : value;
        });
        const value = step({slots, meter});
        return {ok: true, value, cost: meter.cost, steps: meter.steps};
      } catch (err) {
        if (!(err instanceof Failure || err instanceof BudgetExceeded)) throw err;
        const exhausted = err instanceof BudgetExceeded;
        return {ok: false, error: err.message, exhausted, cost: meter.cost, steps: meter.steps};
      }
    },
  };
}
