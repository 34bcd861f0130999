/** Evaluating the expressions of a policy for one request, one binding and one of its params (spec kubernetes-api 9.5). */
import type {Json, JsonObject} from '../api/json.ts';
import type {Bindings} from '../cel/program.ts';
import type {Value} from '../cel/values.ts';
import {Failure} from '../cel/values.ts';
import type {Allowance, Purse} from './allowance.ts';
import {outOfBudget} from './allowance.ts';
import type {Compiled, CompiledNamed} from './compiled.ts';

export type Result = {readonly ok: true; readonly value: Value} | {readonly ok: false; readonly error: string};

/** Thrown when nothing more may be spent. */
export class OutOfBudget {
  readonly message = outOfBudget;
}

export class Evaluation {
  readonly #allowance: Allowance;
  readonly #purse: Purse;
  readonly #bindings: Bindings;

  /** `variables` are evaluated when first asked for; who asks pays. */
  constructor(variables: readonly CompiledNamed[], bindings: Bindings, allowance: Allowance, budget: number) {
    this.#allowance = allowance;
    this.#purse = {left: budget};
    const values: JsonObject = {};
    this.#bindings = {...bindings, variables: values};
    for (const variable of variables) this.#declare(values, variable);
  }

  /** @throws OutOfBudget */
  run({source, program}: Compiled): Result {
    if (!program.ok) return {ok: false, error: `compilation error: ${program.report}`};
    const outcome = this.#allowance.run(program, this.#bindings, this.#purse);
    if (this.#purse.left < 0) throw new OutOfBudget();
    return outcome.ok ? outcome : {ok: false, error: `expression '${source}' resulted in error: ${outcome.error}`};
  }

  #declare(values: JsonObject, {name, program}: CompiledNamed): void {
    let known: Value | Failure | undefined;
    const evaluate = (): Value | Failure => {
      if (!program.ok) return new Failure(`composited variable ${JSON.stringify(name)} fails to compile: ${program.report}`);
      const outcome = this.#allowance.run(program, this.#bindings, this.#purse);
      return outcome.ok ? outcome.value : new Failure(`composited variable ${JSON.stringify(name)} fails to evaluate: ${outcome.error}`);
    };
    const get = (): Json => {
      known ??= evaluate();
      if (known instanceof Failure) throw known;
      return known as Json;
    };
    Object.defineProperty(values, name, {get, enumerable: true});
  }
}
