import type {FieldError} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {assertBounded} from './bounds.ts';
import {compileDecode} from './decode.ts';
import {compileDefaults} from './defaults.ts';
import {embeddedCheck} from './embedded.ts';
import {compileGoForm} from './go-form.ts';
import type {JsonSchema} from './json-schema.ts';
import {listTypeCheck} from './list-types.ts';
import {compilePrune} from './prune.ts';
import {errorsMax, newReport} from './report.ts';
import {valueCheck} from './validate.ts';

/**
 * A schema ready for use. It describes whole objects; apiVersion, kind and metadata at their root are known to everyone and
 * left alone, but for what the schema demands of `metadata.name`.
 */
export type CompiledSchema = {
  /** Removes unknown fields from the object and gives their sorted paths (`spec.items[0].foo`), at most 1000. */
  readonly prune: (object: JsonObject) => string[];
  /** Fills in defaults; removes nulls where neither null nor a default is allowed (spec kubernetes-api 6.4). */
  readonly applyDefaults: (object: JsonObject) => void;
  /**
   * What is wrong with the object, in Kubernetes' words; the first few hundred mistakes. With `old`, the object before this
   * update, values that did not change are forgiven (spec kubernetes-api 6.7). Changes nothing.
   */
  readonly validate: (object: JsonObject, old?: JsonObject) => FieldError[];
  /** The same of a write of `/status`, which is held to the part of the schema that is about the status. */
  readonly validateStatus: (object: JsonObject, old?: JsonObject) => FieldError[];
  /** The first value that a built-in kind's Go struct could not hold, as Go words it; `kind` is the root struct's name. */
  readonly decodeError: (object: JsonObject, kind: string) => string | undefined;
  /** Brings an object that Go's structs can hold into the form in which they give it back. */
  readonly goForm: (object: JsonObject) => void;
};

/**
 * Compiles a schema once for many objects. Each part is compiled when first used. Throws RangeError for a schema beyond the
 * limits of `bounds.ts`; a bad pattern is a SyntaxError at the first validation. Schemas that passed `checkStructural` do neither.
 */
export function compileSchema(schema: JsonSchema): CompiledSchema {
  assertBounded(schema);
  const prune = once(() => compilePrune(schema));
  const defaults = once(() => compileDefaults(schema));
  const validate = once(() => compileValidate(schema));
  const decode = once(() => compileDecode(schema));
  const goForm = once(() => compileGoForm(schema));
  return {
    prune: object => prune()(object),
    applyDefaults: object => defaults()(object),
    validate: (object, old) => validate().whole(object, old),
    validateStatus: (object, old) => validate().status(object, old),
    decodeError: (object, kind) => decode()(object, kind),
    goForm: object => goForm()(object),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

type Validate = (object: JsonObject, old?: JsonObject) => FieldError[];

function compileValidate(schema: JsonSchema): {readonly whole: Validate; readonly status: Validate} {
  const values = valueCheck(schema);
  const status = schema.properties?.['status'];
  const statusValues = status && valueCheck(status);
  // The root is a resource of its own, checked elsewhere.
  const embedded = embeddedCheck({...schema, 'x-kubernetes-embedded-resource': false});
  const lists = listTypeCheck(schema);

  const listErrors: Validate = (object, old) => {
    const found: FieldError[] = [];
    lists?.(object, '', found);
    return lists && found.length > 0 && old && hasErrors(lists, old) ? [] : found;
  };
  return {
    whole: (object, old) => {
      const report = newReport();
      values(object, old, report);
      const {errors} = report;
      embedded?.(object, '', errors);
      return [...errors, ...listErrors(object, old)].slice(0, errorsMax);
    },
    status: (object, old) => {
      const report = newReport();
      report.path.push('status');
      const value = object['status'];
      if (value !== undefined) statusValues?.(value, old?.['status'], report);
      return [...report.errors, ...listErrors(object, old)].slice(0, errorsMax);
    },
  };
}

function hasErrors(lists: NonNullable<ReturnType<typeof listTypeCheck>>, old: JsonObject): boolean {
  const errors: FieldError[] = [];
  lists(old, '', errors);
  return errors.length > 0;
}
