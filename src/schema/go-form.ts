import type {Json, JsonObject} from '../api/json.ts';
import {isObject} from '../api/json.ts';
import type {Precision} from './go-time.ts';
import {goTime, microTimeFormat} from './go-time.ts';
import type {JsonSchema} from './json-schema.ts';
import {rootFields} from './prune.ts';

/** Gives the value in Go's form, undefined where Go leaves the field out. Objects and lists are changed in place. */
type Restate = (value: Json) => Json | undefined;

/**
 * Compiles what a trip through Go's structs does to objects of built-in kinds, of which clients see the traces: lists and maps that
 * are empty and not required are gone, times are in UTC and as precise as their type. The result changes the object, which could be
 * decoded (`decode.ts`), and leaves its apiVersion, kind and metadata alone.
 */
export function compileGoForm(schema: JsonSchema): (object: JsonObject) => void {
  const restate = objectForm(schema, rootFields);
  return object => void restate?.(object);
}

const noFields: ReadonlySet<string> = new Set();

/** Undefined where there is nothing to do. */
function formOf(schema: JsonSchema, isRequired: boolean): Restate | undefined {
  if (schema['x-kubernetes-preserve-unknown-fields'] || schema['x-kubernetes-int-or-string']) return undefined;
  if (schema.type === 'string') return timeForm(schema.format);
  const inner = schema.type === 'array' ? listForm(schema) : schema.type === 'object' ? objectForm(schema, noFields) : undefined;
  const mayGo = !isRequired && (schema.type === 'array' || schema.additionalProperties !== undefined);
  if (!mayGo) return inner;
  return value => (isEmpty(value) ? undefined : inner ? inner(value) : value);
}

const isEmpty = (value: Json): boolean => (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

function timeForm(format: string | undefined): Restate | undefined {
  const precision: Precision | undefined = format === 'date-time' ? 'seconds' : format === microTimeFormat ? 'micros' : undefined;
  return precision && (value => (typeof value === 'string' ? goTime(value, precision) : value));
}

function objectForm(schema: JsonSchema, skipped: ReadonlySet<string>): Restate | undefined {
  const required = new Set(schema.required);
  const fields = new Map<string, Restate>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const form = skipped.has(name) ? undefined : formOf(property, required.has(name));
    if (form) fields.set(name, form);
  }
  // What a map holds is there, however empty.
  const others = typeof schema.additionalProperties === 'object' ? formOf(schema.additionalProperties, true) : undefined;
  if (fields.size === 0 && !others) return undefined;
  return value => {
    if (!isObject(value)) return value;
    for (const key of Object.keys(value)) {
      const form = fields.get(key) ?? others;
      if (!form) continue;
      const restated = form(value[key]!);
      if (restated === undefined) delete value[key];
      else value[key] = restated;
    }
    return value;
  };
}

function listForm(schema: JsonSchema): Restate | undefined {
  const item = schema.items && formOf(schema.items, true);
  if (!item) return undefined;
  return value => {
    if (!Array.isArray(value)) return value;
    for (let i = 0; i < value.length; i++) value[i] = item(value[i]!) ?? null;
    return value;
  };
}
