import type {FieldError} from '../api/field-error.ts';
import {at, forbiddenField} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {beyondBounds} from './bounds.ts';
import type {JsonSchema} from './json-schema.ts';
import {checkCompleteness} from './structural-completeness.ts';
import {checkDefaults} from './structural-defaults.ts';
import {checkInvariants} from './structural-invariants.ts';
import {checkKeywords} from './structural-keywords.ts';
import {readSchema} from './written-schema.ts';

/** Errors told of one schema; the rest would not help anyone. */
const errorsMax = 200;

/**
 * Everything that keeps `written` from being the schema of a CustomResourceDefinition (spec kubernetes-api 6.2, 6.4), with
 * paths below `path` (`spec.versions[0].schema.openAPIV3Schema`). A schema without errors can be given to `readSchema` and
 * `compileSchema`. Rules of CEL are not looked at, nor what the status subresource demands of the root.
 */
export function checkStructural(written: JsonObject, path: string): FieldError[] {
  const tooLarge = beyondBounds(written);
  if (tooLarge !== undefined) return [forbiddenField(path, tooLarge)];
  const {schema, errors} = readSchema(written, path);
  const found: FieldError[] = [];
  if (schema.nullable) found.push(forbiddenField(at(path, 'nullable'), 'nullable cannot be true at the root'));
  if (errors.length === 0) found.push(...checkStructure(schema, path));
  found.push(...errors, ...checkKeywords(schema, path));
  return found.slice(0, errorsMax);
}

/** Defaults are only looked at in a schema that is structural otherwise. */
function checkStructure(schema: JsonSchema, path: string): FieldError[] {
  const errors = [...checkInvariants(schema, path), ...checkCompleteness(schema, path)];
  return errors.length > 0 ? errors.sort(byText) : checkDefaults(schema, path);
}

const byText = (a: FieldError, b: FieldError): number => (textOf(a) < textOf(b) ? -1 : 1);
const textOf = (error: FieldError): string => `${error.field}: ${error.message}`;
