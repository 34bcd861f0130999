import type {Json, JsonArray, JsonObject} from '../api/json.ts';
import {isObject} from '../api/json.ts';
import {quantityError, quantityText} from '../api/quantity.ts';
import {microTimeFormat, timeError} from './go-time.ts';
import type {JsonSchema} from './json-schema.ts';
import {fitsInt32, isInteger, isNumber} from './numbers.ts';
import {rootFields} from './prune.ts';

/** Where a value stands in the Go structs that clients know from error texts: innermost struct, then the fields down to it. */
type Place = {readonly struct: string; readonly path: string};
/** The first mistake in a value, or undefined. */
type Decode = (value: Json, place: Place) => string | undefined;

/**
 * Compiles the check that a built-in kind could be decoded into Go's structs (400 there, not 422). The result gives the first
 * mistake in Go's words, such as `json: cannot unmarshal number into Go struct field ConfigMap.data of type string`.
 * Names of inner structs are guesses: a schema's title, or the field's own name.
 */
export function compileDecode(schema: JsonSchema): (object: JsonObject, kind: string) => string | undefined {
  const fields = fieldsOf(schema, rootFields);
  return (object, kind) => {
    for (const key of Object.keys(object)) {
      const error = fields.get(key)?.(object[key]!, {struct: kind, path: key});
      if (error !== undefined) return error;
    }
    return undefined;
  };
}

function fieldsOf(schema: JsonSchema, skipped: ReadonlySet<string>): Map<string, Decode> {
  const fields = new Map<string, Decode>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (!skipped.has(name)) fields.set(name, decodeOf(property, name));
  }
  return fields;
}

const noFields: ReadonlySet<string> = new Set();

function decodeOf(schema: JsonSchema, name: string): Decode {
  if (schema['x-kubernetes-int-or-string']) return schema.format === quantityFormat ? decodeQuantity : decodeIntOrString;
  const type = goType(schema, name);
  if (schema.type === 'object') return decodeObject(schema, name, type);
  if (schema.type === 'array') return decodeArray(schema, name, type);
  const accepts = scalarCheck(schema);
  if (!accepts) return () => undefined;
  return (value, place) => {
    if (value === null || accepts(value)) return decodeText(value, schema.format);
    return mismatch(value, place, type);
  };
}

function decodeObject(schema: JsonSchema, name: string, type: string): Decode {
  const fields = fieldsOf(schema, noFields);
  const additional = typeof schema.additionalProperties === 'object' ? decodeOf(schema.additionalProperties, name) : undefined;
  const struct = structName(schema, name);

  return (value, place) => {
    if (value === null) return undefined;
    if (!isObject(value)) return mismatch(value, place, type.startsWith('v1.') ? `v1.${rootedStruct(struct, place)}` : type);
    for (const key of Object.keys(value)) {
      const field = fields.get(key);
      const child = value[key]!;
      const error = field ? field(child, {struct: rootedStruct(struct, place), path: `${place.path}.${key}`}) : additional?.(child, place);
      if (error !== undefined) return error;
    }
    return undefined;
  };
}

function decodeArray(schema: JsonSchema, name: string, type: string): Decode {
  const item = schema.items ? decodeOf(schema.items, name) : undefined;
  return (value, place) => {
    if (value === null) return undefined;
    if (!Array.isArray(value)) return mismatch(value, place, type);
    if (!item) return undefined;
    for (const child of value as JsonArray) {
      const error = item(child, place);
      if (error !== undefined) return error;
    }
    return undefined;
  };
}

/** `spec` and `status` of a kind are structs named after it. */
const rootedStruct = (struct: string, place: Place): string =>
  (struct === 'Spec' || struct === 'Status') && !place.path.includes('.') ? place.struct + struct : struct;

const structName = (schema: JsonSchema, name: string): string => schema.title ?? name.charAt(0).toUpperCase() + name.slice(1);

function scalarCheck({type, format}: JsonSchema): ((value: Json) => boolean) | undefined {
  switch (type) {
    case 'string':
      return value => typeof value === 'string';
    case 'boolean':
      return value => typeof value === 'boolean';
    case 'integer':
      return format === 'int32' ? value => isInteger(value) && fitsInt32(value) : isInteger;
    case 'number':
      return isNumber;
    default:
      return undefined;
  }
}

function goType(schema: JsonSchema, name: string): string {
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? '[]uint8' : 'string';
    case 'boolean':
      return 'bool';
    case 'integer':
      return schema.format === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'float64';
    case 'array':
      return `[]${schema.items ? goType(schema.items, name) : 'interface {}'}`;
    case 'object':
      if (typeof schema.additionalProperties === 'object') return `map[string]${goType(schema.additionalProperties, name)}`;
      return schema.properties ? `v1.${structName(schema, name)}` : 'map[string]interface {}';
    default:
      return 'interface {}';
  }
}

function mismatch(value: Json, place: Place, type: string): string {
  return `json: cannot unmarshal ${goValue(value, type)} into Go struct field ${place.struct}.${place.path} of type ${type}`;
}

/** Numbers are shown where another number would have done. */
function goValue(value: Json, type: string): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (isNumber(value)) return type.startsWith('int') || type === 'float64' ? `number ${value}` : 'number';
  return typeof value;
}

const decodeIntOrString: Decode = value => {
  if (value === null || typeof value === 'string') return undefined;
  if (isInteger(value) && fitsInt32(value)) return undefined;
  return `json: cannot unmarshal ${goValue(value, 'int32')} into Go value of type int32`;
};

/** The format of amounts, which may be written as numbers or as texts. */
export const quantityFormat = 'quantity';

const decodeQuantity: Decode = value => {
  if (value === null) return undefined;
  if (typeof value !== 'string' && !isNumber(value)) return quantityText;
  return quantityError(String(value).trim());
};

/** Texts that Go decodes further: bytes and times. */
function decodeText(value: Json, format: string | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (format === 'byte') {
    const bad = illegalBase64(value);
    return bad === undefined ? undefined : `illegal base64 data at input byte ${bad}`;
  }
  if (format === 'date-time') return timeError(value, 'seconds');
  if (format === microTimeFormat) return timeError(value, 'micros');
  return undefined;
}

/** The offset at which Go's decoder of standard base64 gives up. Line ends are skipped, as it does. */
function illegalBase64(text: string): number | undefined {
  let inQuantum = 0;
  let i = 0;
  for (; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\n' || c === '\r') continue;
    if (c === '=') break;
    if (!/[A-Za-z0-9+/]/.test(c)) return i;
    inQuantum = (inQuantum + 1) % 4;
  }
  if (i === text.length) return inQuantum === 0 ? undefined : i - inQuantum;
  if (inQuantum < 2) return i;
  const padding = text.slice(i).replace(/[\r\n]/g, '');
  const wanted = 4 - inQuantum;
  if (padding.length === wanted && /^=+$/.test(padding)) return undefined;
  return padding.startsWith('='.repeat(wanted)) ? i + wanted : text.length;
}
