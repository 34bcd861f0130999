/** Whether the match conditions of a webhook hold for a request (spec kubernetes-api 9.2.5). */
import {compileAdmission} from '../cel/admission.ts';
import type {Bindings, Program} from '../cel/program.ts';
import {callBudget} from '../cel/program.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import type {MatchCondition} from './hooks.ts';

export const conditionLimits = {
  /** What all conditions of a webhook may spend, by Kubernetes' count. */
  budget: 2_500_000,
  /** Characters of the expressions that are kept compiled. */
  compiledCharsMax: 512 * 1024,
} as const;

/** How long this thread can wait for one expression. */
export type Patience = {readonly cost: number; readonly steps: number; readonly lost: () => never};

type Compiled = {readonly chars: number; readonly program: ReturnType<typeof compileAdmission>};
const programs = new BoundedCache<string, Compiled>(conditionLimits.compiledCharsMax, ({chars}) => chars);
const programOf = (source: string): Program | undefined => {
  const {program} = programs.getOrMake(source, () => ({
    chars: source.length + 256,
    program: compileAdmission(source, {params: false, authorizer: true}),
  }));
  return program.ok ? program : undefined;
};

/** `false` when any condition is false; else what went wrong, if anything did. */
export function conditionsHold(
  conditions: readonly MatchCondition[],
  bindings: Bindings,
  patience?: Patience,
): boolean | {readonly error: string} {
  let left: number = conditionLimits.budget;
  const errors: string[] = [];
  for (const {name, expression} of conditions) {
    const program = programOf(expression);
    if (!program) {
      errors.push(`match condition ${JSON.stringify(name)} does not compile`);
      continue;
    }
    const budget = Math.min(left, callBudget);
    const outcome = patience
      ? program.evaluate(bindings, Math.min(budget, patience.cost), patience.steps)
      : program.evaluate(bindings, budget);
    left -= outcome.cost;
    if (outcome.ok) {
      if (outcome.value !== true) return false;
    } else if (outcome.exhausted && patience && patience.cost < budget) patience.lost();
    else errors.push(`expression '${expression}' resulted in error: ${outcome.error}`);
    if (left <= 0) break;
  }
  if (left <= 0) errors.push('validation failed due to running out of cost budget, no further validation rules will be run');
  return errors.length === 0 ? true : {error: errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`};
}
