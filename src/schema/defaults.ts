import type {Json, JsonObject} from '../api/json.ts';
import {clone, setKey} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';
import {rootFields} from './prune.ts';

type Fill = (value: Json) => void;
type Field = {readonly fill: Fill; readonly nullable: boolean; readonly fallback: Json | undefined};

/**
 * Compiles the filling in of defaults (spec kubernetes-api 6.4). The result changes the object: what is missing gets a copy of
 * its default, a null that may not be one becomes the default or goes, and defaults are filled in within defaults.
 * Of the root it leaves apiVersion, kind and metadata alone.
 */
export function compileDefaults(schema: JsonSchema): (object: JsonObject) => void {
  return fillOf(schema, rootFields);
}

const nothing: Fill = () => undefined;
const noFields: ReadonlySet<string> = new Set();

function fillOf(schema: JsonSchema, skipped: ReadonlySet<string>): Fill {
  const fields = new Map<string, Field>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) if (!skipped.has(name)) fields.set(name, fieldOf(property));
  const defaulted = [...fields].filter(([, field]) => field.fallback !== undefined);
  const others = typeof schema.additionalProperties === 'object' ? fieldOf(schema.additionalProperties) : undefined;
  const items = schema.items && fieldOf(schema.items);
  if (fields.size === 0 && !others && !items) return nothing;

  return value => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      if (items) fillList(value, items);
      return;
    }
    for (const [name, {fallback}] of defaulted) {
      if (!Object.hasOwn(value, name)) setKey(value, name, clone(fallback!));
    }
    for (const key of Object.keys(value)) {
      if (skipped.has(key)) continue;
      const field = fields.get(key) ?? others;
      if (field) fillChild(value, key, field);
    }
  };
}

const fieldOf = (schema: JsonSchema): Field => ({
  fill: fillOf(schema, noFields),
  nullable: schema.nullable === true,
  // A default of null is none: Kubernetes cannot tell it from absence.
  fallback: schema.default ?? undefined,
});

function fillChild(object: JsonObject, key: string, field: Field): void {
  const value = object[key]!;
  if (value !== null) {
    field.fill(value);
  } else if (field.fallback !== undefined && !field.nullable) {
    const filled = clone(field.fallback);
    setKey(object, key, filled);
    field.fill(filled);
  } else if (!field.nullable) delete object[key];
}

function fillList(list: Json[], items: Field): void {
  for (let i = 0; i < list.length; i++) {
    if (list[i] === null && !items.nullable && items.fallback !== undefined) list[i] = clone(items.fallback);
    items.fill(list[i]!);
  }
}
