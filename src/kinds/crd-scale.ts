/** Objects that can be scaled hold numbers where their scale looks for them (spec kubernetes-api 6.8). */
import type {FieldError} from '../api/field-error.ts';
import {invalidValue} from '../api/field-error.ts';
import {goType} from '../api/go-type.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {getKey, isObject, stringify} from '../api/json.ts';
import type {ScalePaths, Strategy} from './kind.ts';

/** The part of a kind's strategy that follows from its scale. */
export function scaleStrategy(scale: ScalePaths | undefined): Pick<Strategy, 'validateCreate' | 'validateUpdate' | 'validateStatus'> {
  if (!scale) return {};
  const {specReplicasPath, statusReplicasPath, labelSelectorPath} = scale;
  const status = (object: JsonObject): FieldError[] => [
    ...countErrors(object, statusReplicasPath),
    ...(labelSelectorPath ? textErrors(object, labelSelectorPath) : []),
  ];
  const all = (object: JsonObject): FieldError[] => [...countErrors(object, specReplicasPath), ...status(object)];
  return {validateCreate: all, validateUpdate: all, validateStatus: status};
}

const replicasMax = 2_147_483_647;

function countErrors(object: JsonObject, path: string): FieldError[] {
  const found = find(object, path);
  if (found === undefined) return [];
  if ('problem' in found) return [invalidValue(path, 0, found.problem)];
  const {value} = found;
  if (typeof value !== 'bigint' && !Number.isInteger(value)) return [invalidValue(path, 0, mismatch(path, value, 'int64'))];
  const count = value as number | bigint;
  if (count < 0) return [invalidValue(path, count, 'should be a non-negative integer')];
  return count > replicasMax ? [invalidValue(path, count, `should be less than or equal to ${replicasMax}`)] : [];
}

function textErrors(object: JsonObject, path: string): FieldError[] {
  const found = find(object, path);
  if (found === undefined) return [];
  if ('problem' in found) return [invalidValue(path, '', found.problem)];
  return typeof found.value === 'string' ? [] : [invalidValue(path, '', mismatch(path, found.value, 'string'))];
}

/** The value at a path, or what stands in its way. */
function find(object: JsonObject, path: string): {readonly value: Json} | {readonly problem: string} | undefined {
  const steps = path.split('.').slice(1);
  let at: Json = object;
  for (const [i, step] of steps.entries()) {
    if (at === null) return undefined;
    if (!isObject(at)) return {problem: mismatch(`.${steps.slice(0, i + 1).join('.')}`, at, 'map[string]interface{}')};
    const next: Json | undefined = getKey(at, step);
    if (next === undefined) return undefined;
    at = next;
  }
  return {value: at};
}

const printedCharsMax = 100;

function mismatch(path: string, value: Json, wanted: string): string {
  const printed = value === null ? '<nil>' : typeof value === 'string' ? value : stringify(value);
  return `${path} accessor error: ${printed.slice(0, printedCharsMax)} is of the type ${goType(value)}, expected ${wanted}`;
}
