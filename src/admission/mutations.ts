/** What a mutating policy wants to have changed (spec kubernetes-api 9.6). */
import type {Json, JsonObject} from '../api/json.ts';
import {Message, misnamed, toJson} from '../cel/messages.ts';
import {Failure, isList, lift, type Value} from '../cel/values.ts';
import type {CompiledMutation} from './compiled.ts';
import {type Evaluation, OutOfBudget} from './evaluation.ts';

/** A change to the object as it is now; or why there is none. */
export type Wanted =
  | {readonly configuration: JsonObject}
  /** A JSON patch. */
  | {readonly patch: Json[]}
  | {readonly error: string};

export function wanted(mutation: CompiledMutation, evaluation: Evaluation): Wanted {
  try {
    const result = evaluation.run(mutation);
    if (!result.ok) return {error: result.error};
    return mutation.patchType === 'JSONPatch' ? patchOf(result.value) : configurationOf(result.value);
  } catch (err) {
    if (err instanceof Failure || err instanceof OutOfBudget) return {error: err.message};
    throw err;
  }
}

function configurationOf(value: Value): Wanted {
  if (!(value instanceof Message)) return {error: 'unsupported return type from ApplyConfiguration expression'};
  const error = misnamed(value);
  if (error !== undefined) return {error};
  return {configuration: toJson(value) as JsonObject};
}

function patchOf(value: Value): Wanted {
  if (!isList(value)) return {error: 'type mismatch: JSONPatchType.expression should evaluate to array'};
  const patch: Json[] = [];
  for (const each of value) {
    const operation = lift(each);
    if (!(operation instanceof Message)) return {error: 'type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch'};
    const written = operation.fields.get('value');
    const error = written instanceof Message ? misnamed(written) : undefined;
    if (error !== undefined) return {error};
    patch.push(operationOf(operation));
  }
  return {patch};
}

function operationOf({fields}: Message): JsonObject {
  const text = (name: string): string => {
    const found = fields.get(name);
    return typeof found === 'string' ? found : '';
  };
  const from = text('from');
  const value = fields.get('value');
  return {op: text('op'), path: text('path'), ...(from && {from}), ...(value !== undefined && {value: toJson(value)})};
}
