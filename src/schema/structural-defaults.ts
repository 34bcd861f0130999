import type {FieldError} from '../api/field-error.ts';
import {at, atKey, invalidValue} from '../api/field-error.ts';
import {clone} from '../api/json.ts';
import type {KnownChecks} from './embedded.ts';
import {embeddedCheck} from './embedded.ts';
import type {JsonSchema} from './json-schema.ts';
import {compilePruneValue, rootFields} from './prune.ts';
import {newReport} from './report.ts';
import {valueCheck} from './validate.ts';

/**
 * Default values must be valid, and hold nothing that pruning would remove (spec kubernetes-api 6.4). Those of what every
 * object has are forbidden elsewhere. Recursion ends at additionalProperties, as in Kubernetes.
 */
export function checkDefaults(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(schema, path, {root: true, known: new Map(), errors});
  return errors;
}

type Walk = {readonly root: boolean; readonly known: KnownChecks; readonly errors: FieldError[]};

function checkNode(schema: JsonSchema, path: string, walk: Walk): void {
  if (schema.default !== undefined) checkDefault(schema, at(path, 'default'), walk);
  const below = walk.root ? {...walk, root: false} : walk;
  if (schema.items) checkNode(schema.items, at(path, 'items'), below);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (walk.root && rootFields.has(name)) continue;
    checkNode(property, atKey(at(path, 'properties'), name), below);
  }
}

function checkDefault(schema: JsonSchema, path: string, {known, errors}: Walk): void {
  const value = schema.default!;
  if (compilePruneValue(schema)(clone(value)).length > 0) errors.push(invalidValue(path, value, 'must not have unknown fields'));
  const before = errors.length;
  embeddedCheck(schema, known)?.(value, path, errors);
  if (errors.length > before) return;
  const report = newReport();
  valueCheck(schema)(value, undefined, report);
  for (const error of report.errors) errors.push({...error, field: error.field ? at(path, error.field) : path});
}
