import type {Json, JsonObject} from '../api/json.ts';
import {isObject, stringify} from '../api/json.ts';
import {BackwardWriter} from './backward-writer.ts';

/**
 * Writes an OpenAPI v2 document as gnostic's message `openapi.v2.Document`, the only form that client-go's OpenAPISchema takes (spec
 * kubernetes-api 7.3.2). Keys without a field number are left out.
 */
export function encodeDocument(document: JsonObject): Uint8Array {
  const out = new BackwardWriter();
  documentMessage(out, document);
  return out.bytes();
}

/** Writes the payload of one length-delimited field. */
type Write = (out: BackwardWriter, value: Json) => void;
/** One field: its number and how its value is written; of a list, once for each item. */
type Field = readonly [number: number, write: Write | 'bool'];
type Fields = {readonly [key: string]: Field};

const text: Write = (out, value) => out.text(String(value));

/** Any value; readers parse it as YAML, of which JSON is a part. */
const anyValue: Write = (out, value) => delimited(out, 2, () => out.text(stringify(value)));

/** A message whose fields are known by the keys of JSON; keys with `x-` go to the field `extensions` when there is one. */
const message =
  (fields: Fields, extensions?: number): Write =>
  (out, value) => {
    if (!isObject(value)) return;
    for (const key of Object.keys(value).reverse()) {
      const inner = value[key] as Json;
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (field) {
        for (const one of Array.isArray(inner) ? inner.toReversed() : [inner]) writeField(out, field, one);
      } else if (extensions !== undefined && key.startsWith('x-')) named(out, extensions, key, () => anyValue(out, inner));
    }
  };

/** A map, as a list of names with values in field `number`. */
const map =
  (number: number, write: Write): Write =>
  (out, value) => {
    if (!isObject(value)) return;
    for (const key of Object.keys(value).reverse()) named(out, number, key, () => write(out, value[key] as Json));
  };

/** A message that only wraps another: how gnostic spells alternatives. */
const wrapped =
  (number: number, write: Write): Write =>
  (out, value) =>
    delimited(out, number, () => write(out, value));

const schema: Write = (out, value) => schemaMessage(out, value);

const schemaMessage = message(
  {
    $ref: [1, text],
    format: [2, text],
    description: [4, text],
    required: [19, text],
    enum: [20, anyValue],
    additionalProperties: [21, wrapped(1, schema)],
    type: [22, wrapped(1, text)],
    items: [23, wrapped(1, schema)],
    properties: [25, map(1, schema)],
  },
  31,
);

const bodyParameter = message({description: [1, text], name: [2, text], in: [3, text], required: [4, 'bool'], schema: [5, schema]});
const queryParameter = message({in: [2, text], description: [3, text], name: [4, text], type: [6, text], uniqueItems: [20, 'bool']});
const pathParameter = message({
  required: [1, 'bool'],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [5, text],
  uniqueItems: [19, 'bool'],
});

// ParametersItem, Parameter, and for all but the body NonBodyParameter.
const ofBody = wrapped(1, wrapped(1, bodyParameter));
const ofPath = wrapped(1, wrapped(2, wrapped(4, pathParameter)));
const ofQuery = wrapped(1, wrapped(2, wrapped(3, queryParameter)));

const parameter: Write = (out, value) => {
  const where = isObject(value) ? value['in'] : undefined;
  (where === 'body' ? ofBody : where === 'path' ? ofPath : ofQuery)(out, value);
};

const response = message({description: [1, text], schema: [2, wrapped(1, schema)]});

const operation = message(
  {
    tags: [1, text],
    description: [3, text],
    operationId: [5, text],
    produces: [6, text],
    consumes: [7, text],
    parameters: [8, parameter],
    responses: [9, map(1, wrapped(1, response))],
  },
  13,
);

const pathItem = message({
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  patch: [8, operation],
  parameters: [9, parameter],
});

const scopes: Write = (out, value) => {
  for (const scope of (value as Json[]).toReversed()) delimited(out, 1, () => text(out, scope));
};
const apiKey = message({type: [1, text], name: [2, text], in: [3, text], description: [4, text]});

const documentMessage = message({
  swagger: [1, text],
  info: [2, message({title: [1, text], version: [2, text]})],
  paths: [8, map(2, pathItem)],
  definitions: [9, map(1, schema)],
  security: [12, map(1, scopes)],
  securityDefinitions: [13, map(1, wrapped(2, apiKey))],
});

function writeField(out: BackwardWriter, [number, write]: Field, value: Json): void {
  if (write === 'bool') {
    out.varint(value === true ? 1 : 0);
    out.varint(number << 3);
  } else delimited(out, number, () => write(out, value));
}

function named(out: BackwardWriter, number: number, name: string, write: () => void): void {
  delimited(out, number, () => {
    delimited(out, 2, write);
    delimited(out, 1, () => out.text(name));
  });
}

const lengthDelimited = 2;

function delimited(out: BackwardWriter, number: number, write: () => void): void {
  const before = out.length;
  write();
  out.varint(out.length - before);
  out.varint((number << 3) | lengthDelimited);
}
