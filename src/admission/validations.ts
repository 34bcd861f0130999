/** What a validating policy says of a request (spec kubernetes-api 9.5). */
import type {JsonObject} from '../api/json.ts';
import type {Allowance} from './allowance.ts';
import {expressionLimits} from './allowance.ts';
import type {RequestBindings} from './bindings.ts';
import {withoutAuthorizer} from './bindings.ts';
import type {CompiledExpressions, CompiledNamed, CompiledValidation} from './compiled.ts';
import {conditionsHold} from './conditions.ts';
import {Evaluation, OutOfBudget, type Result} from './evaluation.ts';

export const validationLimits = {messageBytesMax: 5 * 1024, noteCharsMax: 10 * 1024} as const;

/** A validation that does not hold, or could not be evaluated. */
export type Failed = {readonly index: number; readonly message: string; readonly reason: string};

export type Judgement = {
  readonly failed: readonly Failed[];
  /** For the audit log, by the ends of their keys. */
  readonly notes: readonly (readonly [string, string])[];
  /** What went wrong with notes: the request is refused for it. */
  readonly troubles: readonly string[];
};

/** What a policy is evaluated with. */
export type Invoked = {
  /** Those of the request. */
  readonly bindings: RequestBindings;
  readonly param: JsonObject | null;
  readonly namespace: JsonObject | null;
  readonly allowance: Allowance;
  /** What cannot be evaluated is passed over. */
  readonly ignoresFailure: boolean;
};

export function judgement(compiled: CompiledExpressions, {bindings, param, namespace, allowance, ignoresFailure}: Invoked): Judgement {
  const failing = (message: string): Judgement => ({
    failed: ignoresFailure ? [] : [{index: 0, message, reason: ''}],
    notes: [],
    troubles: [],
  });
  const withParam = {...bindings, params: param};
  const holds = conditionsHold(compiled.conditions, withParam, allowance);
  if (typeof holds === 'object') return failing(holds.error);
  if (!holds) return {failed: [], notes: [], troubles: []};
  const all = {...withParam, namespaceObject: namespace};
  const evaluation = (seen: RequestBindings) => new Evaluation(compiled.variables, seen, allowance, expressionLimits.bindingBudget);
  try {
    const failed = validated(compiled.validations, evaluation(all), ignoresFailure);
    return {failed, ...noted(compiled.notes, evaluation(withoutAuthorizer(all)), ignoresFailure)};
  } catch (err) {
    if (err instanceof OutOfBudget) return failing(err.message);
    throw err;
  }
}

function noted(all: readonly CompiledNamed[], evaluation: Evaluation, ignoresFailure: boolean): Pick<Judgement, 'notes' | 'troubles'> {
  const notes: (readonly [string, string])[] = [];
  const troubles: string[] = [];
  for (const note of all) {
    const found = textOf(note, evaluation.run(note));
    if ('trouble' in found) troubles.push(found.trouble);
    else if (found.text) notes.push([note.name, found.text.slice(0, validationLimits.noteCharsMax)]);
  }
  return {notes, troubles: ignoresFailure ? [] : troubles};
}

function validated(validations: readonly CompiledValidation[], evaluation: Evaluation, ignoresFailure: boolean): Failed[] {
  const failed: Failed[] = [];
  // All of them come before any message, which is paid for by what they leave.
  const results = validations.map(validation => evaluation.run(validation));
  for (const [index, result] of results.entries()) {
    const validation = validations[index] as CompiledValidation;
    if (!result.ok) {
      if (!ignoresFailure) failed.push({index, message: result.error, reason: ''});
    } else if (result.value !== true) {
      failed.push({index, message: messageOf(validation, evaluation), reason: validation.reason || 'Invalid'});
    }
  }
  return failed;
}

function messageOf({source, message, messageBy}: CompiledValidation, evaluation: Evaluation): string {
  const made = messageBy && evaluation.run({source: '', program: messageBy});
  const text = made?.ok && typeof made.value === 'string' ? made.value.trim() : '';
  if (text && !text.includes('\n') && Buffer.byteLength(text) <= validationLimits.messageBytesMax) return text;
  return message || `failed expression: ${source.trim()}`;
}

function textOf({source}: CompiledNamed, result: Result): {readonly text: string} | {readonly trouble: string} {
  if (!result.ok) return {trouble: result.error};
  if (result.value === null) return {text: ''};
  if (typeof result.value === 'string') return {text: result.value.trim()};
  return {trouble: `valueExpression '${source}' resulted in unsupported return type. Return type must be either string or null.`};
}
