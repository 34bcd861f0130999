/**
 * kcp states some rules of its kinds as CEL expressions in their definitions. Here they are code, and answer as the expressions
 * would: the value in the error is the type of the field (spec kubernetes-api 6.6).
 */
import type {FieldError} from '../../api/field-error.ts';
import {invalidValue, tooLong} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import {dig, digString, equal} from '../../api/json.ts';

export const broken = (path: string, message: string, type: 'object' | 'string' = 'object'): FieldError =>
  invalidValue(path, type, message);

/** `self == oldSelf`: holds when either side is absent. */
export function unchanged(object: JsonObject, old: JsonObject, path: readonly string[], message: string): FieldError[] {
  const [now, was] = [dig(object, ...path), dig(old, ...path)];
  if (now === undefined || was === undefined || equal(now, was)) return [];
  return [broken(path.join('.'), message, typeof was === 'string' ? 'string' : 'object')];
}

const workspaceNamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const workspaceNameCharsMax = 63;

/** The names of workspaces and of their types. */
export function workspaceNameErrors(object: JsonObject): FieldError[] {
  const name = digString(object, 'metadata', 'name') ?? '';
  if (name === '') return [];
  const errors: FieldError[] = [];
  if (name.length > workspaceNameCharsMax) errors.push(tooLong('metadata.name', workspaceNameCharsMax));
  if (!workspaceNamePattern.test(name))
    errors.push(invalidValue('metadata.name', name, `metadata.name in body should match '${workspaceNamePattern.source}'`));
  return errors;
}
