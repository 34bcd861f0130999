/** Whether the match conditions of a webhook or a policy hold for a request (spec kubernetes-api 9.2.5). */
import type {Bindings} from '../cel/program.ts';
import type {Allowance} from './allowance.ts';
import {expressionLimits, outOfBudget} from './allowance.ts';
import type {Compiled} from './compiled.ts';

/** `false` when any condition is false; else what went wrong, if anything did. */
export function conditionsHold(
  conditions: readonly Compiled[],
  bindings: Bindings,
  allowance: Allowance,
): boolean | {readonly error: string} {
  const purse = {left: expressionLimits.conditionsBudget as number};
  const errors: string[] = [];
  for (const {source, program} of conditions) {
    if (!program.ok) {
      errors.push(`compilation error: ${program.report}`);
      continue;
    }
    const outcome = allowance.run(program, bindings, purse);
    if (!outcome.ok) errors.push(`expression '${source}' resulted in error: ${outcome.error}`);
    else if (outcome.value !== true) return false;
    if (purse.left < 0) return {error: outOfBudget};
  }
  return errors.length === 0 ? true : {error: errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`};
}
