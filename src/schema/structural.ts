import type {FieldError} from '../api/field-error.ts';
import {at, forbiddenField, invalidValue} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {beyondBounds} from './bounds.ts';
import type {JsonSchema} from './json-schema.ts';
import {errorsMax} from './report.ts';
import {checkCompleteness} from './structural-completeness.ts';
import {checkDefaults} from './structural-defaults.ts';
import {checkInvariants} from './structural-invariants.ts';
import {checkKeywords} from './structural-keywords.ts';
import {readSchema} from './written-schema.ts';

/**
 * Everything that keeps `written` from being the schema of a CustomResourceDefinition (spec kubernetes-api 6.2, 6.4), with
 * paths below `path` (`spec.versions[0].schema.openAPIV3Schema`). With `status`, for a version that has the status subresource.
 * A schema without errors can be given to `readSchema` and `compileSchema`. Rules of CEL are not looked at.
 */
export function checkStructural(written: JsonObject, path: string, status = false): FieldError[] {
  const tooLarge = beyondBounds(written);
  if (tooLarge !== undefined) return [forbiddenField(path, tooLarge)];
  const {schema, errors} = readSchema(written, path);
  const structure = errors.length === 0 ? checkStructure(schema, path) : [];
  return [...checkRoot(schema, path, status), ...structure, ...errors, ...checkKeywords(schema, path)].slice(0, errorsMax);
}

/** Defaults are only looked at in a schema that is structural otherwise. */
function checkStructure(schema: JsonSchema, path: string): FieldError[] {
  const errors = [...checkInvariants(schema, path), ...checkCompleteness(schema, path)];
  return errors.length > 0 ? errors.slice(0, errorsMax).sort(byText) : checkDefaults(schema, path);
}

const byText = (a: FieldError, b: FieldError): number => (textOf(a) < textOf(b) ? -1 : 1);
const textOf = (error: FieldError): string => `${error.field}: ${error.message}`;

/** Keywords beside `status` at the root, by their names in errors; with them its subschema can stand alone. */
const rootKeywords: ReadonlyMap<string, string> = new Map([
  ['description', 'Description'],
  ['type', 'Type'],
  ['format', 'Format'],
  ['title', 'Title'],
  ['maximum', 'Maximum'],
  ['exclusiveMaximum', 'ExclusiveMaximum'],
  ['minimum', 'Minimum'],
  ['exclusiveMinimum', 'ExclusiveMinimum'],
  ['maxLength', 'MaxLength'],
  ['minLength', 'MinLength'],
  ['pattern', 'Pattern'],
  ['maxItems', 'MaxItems'],
  ['minItems', 'MinItems'],
  ['uniqueItems', 'UniqueItems'],
  ['multipleOf', 'MultipleOf'],
  ['required', 'Required'],
  ['items', 'Items'],
  ['properties', 'Properties'],
  ['externalDocs', 'ExternalDocs'],
  ['example', 'Example'],
  ['x-kubernetes-preserve-unknown-fields', 'XPreserveUnknownFields'],
  ['x-kubernetes-validations', 'XValidations'],
]);

const atRoot = 'at the root of the schema if the status subresource is enabled';

function checkRoot(schema: JsonSchema, path: string, status: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (status) {
    const stranger = Object.entries(schema).find(([key, value]) => !rootKeywords.has(key) && value !== false && value !== '');
    if (schema.type !== undefined && schema.type !== 'object') {
      errors.push(invalidValue(at(path, 'type'), schema.type, `only "object" is allowed as the type ${atRoot}`));
    } else if (stranger) {
      const names = [...rootKeywords.values()].join(' ');
      errors.push(invalidValue(path, schema as unknown as Json, `only [${names}] fields are allowed ${atRoot}`));
    }
  }
  if (schema.nullable) errors.push(forbiddenField(at(path, 'nullable'), 'nullable cannot be true at the root'));
  return errors;
}
