/** Bodies as an audit log takes them: one line of JSON, in bounded time. */
import {promisify} from 'node:util';
import {gunzip} from 'node:zlib';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, getKey, isObject, stringify} from '../api/json.ts';
import {decodeJson, textOf} from '../wire/json.ts';
import {decodeProtobuf} from '../wire/protobuf/decode.ts';
import {decodeYaml, looksLikeJson} from '../wire/yaml.ts';
import type {Form} from './heavy.ts';
import {isHeavy} from './heavy.ts';
import type {HttpReply} from './http.ts';

export const auditLimits = {
  /** Larger objects are left out of the log, which says so. */
  objectBytesMax: 3 * 1024 * 1024,
} as const;

/** A body that could be read; `value` only where reading it does not hold up others. */
export type Recorded = {readonly text: string; readonly value?: Json};

/** The body was too large to be recorded. */
export const tooMuch = 'too much';

/**
 * A body as JSON.
 * @param sound it is known to be well formed, so that JSON which would take long to read may go as it is
 * @returns undefined for a body that cannot be read
 */
export function recorded(bytes: Uint8Array, contentType: string, sound: boolean): Recorded | typeof tooMuch | undefined {
  if (bytes.length > auditLimits.objectBytesMax) return tooMuch;
  const form = formOf(contentType, bytes);
  try {
    if (isHeavy(bytes, form)) return form === 'json' && sound ? {text: oneLine(textOf(bytes))} : tooMuch;
    const value = form === 'json' ? decodeJson(bytes).value : form === 'yaml' ? decodeYaml(bytes).value : decodeProtobuf(bytes).object;
    return {text: stringify(value), value};
  } catch {
    return undefined;
  }
}

function formOf(contentType: string, bytes: Uint8Array): Form {
  if (contentType.includes('protobuf')) return 'protobuf';
  return contentType.includes('yaml') && !looksLikeJson(bytes) ? 'yaml' : 'json';
}

/** Line ends stand only between the tokens of JSON. */
const oneLine = (json: string): string => json.replaceAll(/[\r\n]/g, ' ').trimEnd();

/** The bytes of an answer that does not go on, as they were before they were compressed. @throws Error for more than `objectBytesMax` */
export async function bytesOf({headers, body}: HttpReply): Promise<Uint8Array> {
  const pieces = body instanceof Uint8Array ? [body] : Array.isArray(body) ? (body as readonly Uint8Array[]) : [];
  if (pieces.reduce((sum, piece) => sum + piece.length, 0) > auditLimits.objectBytesMax) throw new Error(tooMuch);
  const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  return headers['content-encoding'] === 'gzip' ? unpack(bytes, {maxOutputLength: auditLimits.objectBytesMax}) : bytes;
}

const unpack = promisify<Uint8Array, {maxOutputLength: number}, Buffer>(gunzip);

/** The same object, list or table without managed fields. */
export function withoutManagedFields(object: Json): Json {
  if (!isObject(object)) return object;
  const shown = bare(object);
  for (const [field, inner] of [
    ['items', undefined],
    ['rows', 'object'],
  ] as const) {
    const list = getKey(shown, field);
    if (!Array.isArray(list)) continue;
    shown[field] = list.map(each => {
      if (!isObject(each)) return each;
      const held = inner && getKey(each, inner);
      return inner ? (isObject(held) ? {...each, [inner]: bare(held)} : each) : bare(each);
    });
  }
  return shown;
}

function bare(object: JsonObject): JsonObject {
  const metadata = dig(object, 'metadata');
  if (!isObject(metadata) || !Object.hasOwn(metadata, 'managedFields')) return {...object};
  const {managedFields: _, ...rest} = metadata;
  return {...object, metadata: rest};
}
