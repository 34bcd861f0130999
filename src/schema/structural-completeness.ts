import type {FieldError} from '../api/field-error.ts';
import {at, atKey, required} from '../api/field-error.ts';
import type {JsonSchema} from './json-schema.ts';

/** Where the structural part is, and where the junctor is that speaks of it. */
type Paths = {readonly structure: string; readonly junctor: string};

/**
 * Every field and list that a junctor at the root speaks of must be specified outside of junctors too (spec kubernetes-api 6.2.4).
 * Junctors further down are not held to it: Kubernetes never did, and definitions rely on that.
 */
export function checkCompleteness(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  compareJunctors(schema, schema, {structure: path, junctor: path}, errors);
  return errors;
}

function compareJunctors(schema: JsonSchema, structure: JsonSchema, paths: Paths, errors: FieldError[]): void {
  const below = (...steps: (string | number)[]): Paths => ({...paths, junctor: at(paths.junctor, ...steps)});
  if (schema.not) compare(schema.not, structure, below('not'), errors);
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, nested] of (schema[junctor] ?? []).entries()) compare(nested, structure, below(junctor, i), errors);
  }
}

function compare(nested: JsonSchema, structure: JsonSchema, paths: Paths, errors: FieldError[]): void {
  compareJunctors(nested, structure, paths, errors);
  if (nested.items) {
    compareOrMiss(nested.items, structure.items, {structure: at(paths.structure, 'items'), junctor: at(paths.junctor, 'items')}, errors);
  }
  for (const [name, property] of Object.entries(nested.properties ?? {})) {
    const known = structure.properties && Object.hasOwn(structure.properties, name) ? structure.properties[name] : undefined;
    const further: Paths = {
      structure: atKey(at(paths.structure, 'properties'), name),
      junctor: atKey(at(paths.junctor, 'properties'), name),
    };
    compareOrMiss(property, known, further, errors);
  }
}

function compareOrMiss(nested: JsonSchema, structure: JsonSchema | undefined, paths: Paths, errors: FieldError[]): void {
  if (structure) compare(nested, structure, paths, errors);
  else errors.push(required(paths.structure, `because it is defined in ${paths.junctor}`));
}
