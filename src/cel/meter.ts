/** Thrown when an evaluation has used up what it may; nothing in an expression catches it. */
export class BudgetExceeded {
  readonly message = 'operation cancelled: actual cost limit exceeded';
}

/**
 * Steps of real work that an evaluation may take beyond what Kubernetes' cost counts: comparing deep values, counting keys and
 * characters. Some tens of milliseconds; rules on ordinary objects need thousands.
 */
export const stepsMax = 5_000_000;

/** Counts what one evaluation spends, by the numbers of cel-go and Kubernetes (spec kubernetes-api 6.6), and stops it in time. */
export class Meter {
  cost = 0;
  steps = 0;
  readonly #budget: number;
  readonly #stepsMax: number;

  constructor(budget: number, steps: number) {
    this.#budget = budget;
    this.#stepsMax = steps;
  }

  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#budget) throw new BudgetExceeded();
  }

  /** Work that Kubernetes takes for granted. It does not show in the cost. */
  work(steps: number): void {
    this.steps += steps;
    if (this.steps > this.#stepsMax) throw new BudgetExceeded();
  }
}

/** The cost of going over characters, items or bytes once. */
export const traversal = (size: number): number => Math.ceil(size * 0.1);
/** The cost of matching a text with a pattern. */
export const matching = (text: number, pattern: number): number => traversal(1 + text) * Math.ceil(pattern * 0.25);
