import {tooLarge} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {clone, setKey, stringify} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';
import {rootFields} from './prune.ts';

/** Characters of all defaults filled into one object, as JSON: small schemas could fill in gigabytes otherwise. */
const filledCharsMax = 3 * 1024 * 1024;

type Fill = (value: Json, budget: Budget) => void;
type Budget = {charsLeft: number};
type Field = {readonly fill: Fill; readonly nullable: boolean; readonly fallback: Default | undefined};
type Default = {readonly value: Json; readonly chars: number};

/**
 * Compiles the filling in of defaults (spec kubernetes-api 6.4). The result changes the object: what is missing gets a copy of
 * its default, a null that may not be one becomes the default or goes, and defaults are filled in within defaults.
 * Of the root it leaves apiVersion, kind and metadata alone. Defaults of more than three megabytes are an ApiError (413).
 */
export function compileDefaults(schema: JsonSchema): (object: JsonObject) => void {
  const fill = fillOf(schema, rootFields);
  return object => fill(object, {charsLeft: filledCharsMax});
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

  return (value, budget) => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      if (items) fillList(value, items, budget);
      return;
    }
    for (const [name, {fallback}] of defaulted) {
      if (!Object.hasOwn(value, name)) setKey(value, name, copyOf(fallback!, budget));
    }
    for (const key of Object.keys(value)) {
      if (skipped.has(key)) continue;
      const field = fields.get(key) ?? others;
      if (field) fillChild(value, key, field, budget);
    }
  };
}

const fieldOf = (schema: JsonSchema): Field => ({
  fill: fillOf(schema, noFields),
  nullable: schema.nullable === true,
  fallback: defaultOf(schema),
});

/** A default of null is none: Kubernetes cannot tell it from absence. */
function defaultOf({default: value}: JsonSchema): Default | undefined {
  return value === undefined || value === null ? undefined : {value, chars: stringify(value).length};
}

function copyOf(fallback: Default, budget: Budget): Json {
  budget.charsLeft -= fallback.chars;
  if (budget.charsLeft < 0) throw tooLarge(`Request entity too large: the defaults of its schema exceed ${filledCharsMax} characters`);
  return clone(fallback.value);
}

function fillChild(object: JsonObject, key: string, field: Field, budget: Budget): void {
  const value = object[key]!;
  if (value !== null) {
    field.fill(value, budget);
  } else if (field.fallback !== undefined && !field.nullable) {
    const filled = copyOf(field.fallback, budget);
    setKey(object, key, filled);
    field.fill(filled, budget);
  } else if (!field.nullable) delete object[key];
}

function fillList(list: Json[], items: Field, budget: Budget): void {
  for (let i = 0; i < list.length; i++) {
    if (list[i] === null && !items.nullable && items.fallback !== undefined) list[i] = copyOf(items.fallback, budget);
    items.fill(list[i]!, budget);
  }
}
