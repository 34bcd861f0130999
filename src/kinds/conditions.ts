/** Conditions in the form that Kubernetes shares between its kinds, metav1.Condition. */
import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, invalidValue, notSupported, required, tooLong} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {qualifiedName} from '../api/names.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {bigInteger, object, string, time} from './build.ts';
import {number, text} from './read.ts';

export const conditionSchema: JsonSchema = object(
  'One observation.',
  {
    type: string('What is observed.'),
    status: string('True, False or Unknown.'),
    observedGeneration: bigInteger('The generation that was observed.'),
    lastTransitionTime: time('When the status last changed.'),
    reason: string('The cause in one word.'),
    message: string('The cause for people.'),
  },
  {required: ['type', 'status', 'lastTransitionTime', 'reason', 'message']},
);

const reasonForm = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonPattern = /^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const reasonText =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' " +
  `(e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${reasonForm}')`;

const reasonBytesMax = 1024;
const messageBytesMax = 32 * 1024;

/** What is wrong with the conditions at `path`. */
export function conditionErrors(path: string, conditions: readonly JsonObject[]): FieldError[] {
  const seen = new Set<string>();
  return conditions.flatMap((condition, i) => {
    const type = text(condition, 'type');
    const repeated = seen.has(type) ? [duplicate(at(path, i, 'type'), type)] : [];
    seen.add(type);
    return [...repeated, ...oneErrors(at(path, i), condition)];
  });
}

function oneErrors(path: string, condition: JsonObject): FieldError[] {
  const [type, status, reason] = [text(condition, 'type'), text(condition, 'status'), text(condition, 'reason')];
  const errors = qualifiedName(type).map(why => invalidValue(at(path, 'type'), type, why));
  const statuses = ['False', 'True', 'Unknown'];
  if (!statuses.includes(status)) errors.push(notSupported(at(path, 'status'), status, statuses));
  const generation = number(condition, 'observedGeneration') ?? 0;
  if (generation < 0) errors.push(invalidValue(at(path, 'observedGeneration'), generation, 'must be greater than or equal to zero'));
  if (!text(condition, 'lastTransitionTime')) errors.push(required(at(path, 'lastTransitionTime')));
  if (!reason) errors.push(required(at(path, 'reason')));
  else if (!reasonPattern.test(reason)) errors.push(invalidValue(at(path, 'reason'), reason, reasonText));
  if (Buffer.byteLength(reason) > reasonBytesMax) errors.push(tooLong(at(path, 'reason'), reasonBytesMax));
  if (Buffer.byteLength(text(condition, 'message')) > messageBytesMax) errors.push(tooLong(at(path, 'message'), messageBytesMax));
  return errors;
}
