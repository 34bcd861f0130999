import {stepsMax} from '../cel/meter.ts';
import type {Bindings, Outcome, Program} from '../cel/program.ts';
import {callBudget} from '../cel/program.ts';

export const expressionLimits = {
  /** What all conditions of a webhook or a policy may spend, by Kubernetes' count. */
  conditionsBudget: 2_500_000,
  /** What all validations or mutations of a policy may spend for one binding and one of its params. */
  bindingBudget: 10_000_000,
  /** What all expressions that look at a request may spend, and the steps that Kubernetes does not count: about a second. */
  requestBudget: 100_000_000,
  requestStepsMax: 100_000_000,
} as const;

/** How much this thread can wait for, all in all; `lost` gives up. */
export type Patience = {readonly cost: number; readonly steps: number; readonly lost: () => never};

/** What a webhook's conditions or a binding's expressions may still spend. */
export type Purse = {left: number};

export const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** What the expressions that look at one request may still spend. */
export class Allowance {
  readonly #patience: Patience | undefined;
  #cost: number;
  #steps: number;

  constructor(patience: Patience | undefined) {
    this.#patience = patience;
    this.#cost = patience?.cost ?? expressionLimits.requestBudget;
    this.#steps = patience?.steps ?? expressionLimits.requestStepsMax;
  }

  /** Evaluates within the purse, from which the cost is taken. What is too much for this thread is given up as a whole. */
  run(program: Program, bindings: Bindings, purse: Purse): Outcome {
    const outcome = program.evaluate(bindings, Math.min(callBudget, purse.left, this.#cost), Math.min(stepsMax, this.#steps));
    if (!outcome.ok && outcome.exhausted) this.#patience?.lost();
    this.#cost = Math.max(0, this.#cost - outcome.cost);
    this.#steps = Math.max(0, this.#steps - outcome.steps);
    purse.left -= outcome.cost;
    return outcome;
  }
}
