/**
 * The room of CEL, the Common Expression Language, as Kubernetes speaks it (spec kubernetes-api 6.6): an expression is parsed, its
 * types checked, and compiled to closures, which run over plain JSON under a budget.
 */
import type {Json} from '../api/json.ts';
import {adapterOf} from './adapter.ts';
import {check} from './checker.ts';
import type {Step} from './compiler.ts';
import {compileExpr} from './compiler.ts';
import type {Issue} from './issue.ts';
import {formatIssues, SyntaxIssue} from './issue.ts';
import {BudgetExceeded, Meter} from './meter.ts';
import {parse} from './parser.ts';
import type {Environment} from './scope.ts';
import type {Type} from './types.ts';
import type {Value} from './values.ts';
import {Failure, lift} from './values.ts';

/** What one expression may spend when it runs, by Kubernetes' count. */
export const callBudget = 1_000_000;

/** The end of an evaluation. Either way it tells what was spent. */
export type Outcome =
  | {readonly ok: true; readonly value: Value; readonly cost: number}
  | {
      readonly ok: false;
      /** As users know it from Kubernetes: `no such key: x`. */
      readonly error: string;
      /** The budget ran out, rather than the expression failed. */
      readonly exhausted: boolean;
      readonly cost: number;
    };

export type Program = {
  readonly ok: true;
  /** What the checker found the value to be; `dyn` when that depends. */
  readonly type: Type;
  /**
   * Runs the expression. Each variable of the environment has a value in `bindings`; one that is missing fails the expression
   * where it is used. Neither throws nor changes what is bound.
   */
  readonly evaluate: (bindings: {readonly [variable: string]: Json | Value}, budget: number) => Outcome;
};
export type Malformed = {
  readonly ok: false;
  readonly issues: readonly Issue[];
  /** The issues with their places, in lines for people. */
  readonly report: string;
};

/** Compiles an expression that may use the variables and functions of the environment. Never throws. */
export function compile(source: string, environment: Environment): Program | Malformed {
  try {
    const expr = parse(source);
    const checked = check(expr, environment);
    if (checked.issues.length > 0) return malformed(source, checked.issues);
    return program(compileExpr(expr, checked), checked.type(expr), checked.slots, environment);
  } catch (err) {
    if (err instanceof SyntaxIssue) return malformed(source, [{at: err.at, message: err.message}]);
    throw err;
  }
}

const malformed = (source: string, issues: readonly Issue[]): Malformed => ({ok: false, issues, report: formatIssues(source, issues)});

function program(step: Step, type: Type, count: number, environment: Environment): Program {
  const variables = Array.from(environment.variables, ([name, declared]) => ({name, adapt: adapterOf(declared)}));
  return {
    ok: true,
    type,
    evaluate: (bindings, budget) => {
      const meter = new Meter(budget);
      try {
        const slots: (Value | Failure)[] = Array(count);
        variables.forEach(({name, adapt}, slot) => {
          const value = Object.hasOwn(bindings, name) ? lift(bindings[name]!) : new Failure(`no such attribute(s): ${name}`);
          slots[slot] = adapt && !(value instanceof Failure) ? adapt(value, meter) : value;
        });
        return {ok: true, value: step({slots, meter}), cost: meter.cost};
      } catch (err) {
        if (err instanceof Failure) return {ok: false, error: err.message, exhausted: false, cost: meter.cost};
        if (err instanceof BudgetExceeded) return {ok: false, error: err.message, exhausted: true, cost: meter.cost};
        throw err;
      }
    },
  };
}
