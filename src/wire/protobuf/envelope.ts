import type {Status} from '../../api/errors.ts';
import {ApiError, badRequest} from '../../api/errors.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import {decodeMessage} from './decode.ts';
import {encodeMessage} from './encode.ts';
import {messageOfKind} from './kinds.ts';
import {metaMessages} from './messages-meta.ts';
import {readBytes, readerOf, readVarint, skip} from './reader.ts';
import type {Message} from './tables.ts';
import type {Writer} from './writer.ts';
import {lengthOf, newWriter, writeBytes, writeVarint, written} from './writer.ts';

const magic = Buffer.from('k8s\0', 'latin1');

export type TypeMeta = {readonly apiVersion: string; readonly kind: string};

/**
 * Reads an enveloped object (spec kubernetes-api 1.8) into the shape of its JSON; its `apiVersion` and `kind` are those of the envelope,
 * or of `defaults` where the envelope lacks them. Malformed bytes are a BadRequest, kinds without a table UnsupportedMediaType.
 */
export function decodeProtobuf(bytes: Uint8Array, defaults: TypeMeta = {apiVersion: '', kind: ''}): TypeMeta & {object: JsonObject} {
  if (!magic.equals(bytes.subarray(0, magic.length))) throw badRequest('provided data does not appear to be a protobuf message');
  const {typeMeta, raw} = openEnvelope(bytes.subarray(magic.length));
  const apiVersion = typeMeta.apiVersion || defaults.apiVersion;
  const kind = typeMeta.kind || defaults.kind;
  const message = messageOfKind(apiVersion, kind);
  if (!message) throw unknownKind(apiVersion, kind);
  return {apiVersion, kind, object: {...(kind && {kind}), ...(apiVersion && {apiVersion}), ...decodeMessage(readerOf(raw), message)}};
}

/** The two fields of runtime.Unknown that matter; the object's own bytes are not copied. */
function openEnvelope(bytes: Uint8Array): {typeMeta: TypeMeta; raw: Uint8Array} {
  const reader = readerOf(bytes);
  let typeMeta: JsonObject = {};
  let raw: Uint8Array = new Uint8Array(0);
  while (reader.at < reader.end) {
    const tag = readVarint(reader);
    if (tag === 10) typeMeta = decodeMessage(readerOf(readBytes(reader)), typeMetaMessage);
    else if (tag === 18) raw = readBytes(reader);
    else skip(reader, Number(tag) % 8);
  }
  return {typeMeta: {apiVersion: text(typeMeta['apiVersion']), kind: text(typeMeta['kind'])}, raw};
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

const shownCharsMax = 100;
const unknownKind = (apiVersion: string, kind: string): ApiError =>
  new ApiError(
    'UnsupportedMediaType',
    `no protobuf encoding is known for kind "${kind.slice(0, shownCharsMax)}" in version "${apiVersion.slice(0, shownCharsMax)}"`,
  );

const needed = (name: string): Message => metaMessages.message(name)!;
const typeMetaMessage = needed('TypeMeta');
const statusMessage = needed('Status');
const partialMessage = needed('PartialObjectMetadata');

/** Whether objects of this kind can travel as protobuf. */
export const hasProtobuf = (apiVersion: string, kind: string): boolean => messageOfKind(apiVersion, kind) !== undefined;

/** An object or list of a kind that `hasProtobuf`, in its envelope. */
export function encodeProtobuf(apiVersion: string, kind: string, object: JsonObject): Uint8Array {
  const message = messageOfKind(apiVersion, kind);
  if (!message) throw new TypeError(`no protobuf encoding for ${apiVersion} ${kind}`);
  return enveloped({apiVersion, kind}, message, object);
}

/** The metadata of any object, custom or not, as an enveloped PartialObjectMetadata. */
export const encodePartialObjectMetadata = (object: KubeObject): Uint8Array =>
  enveloped({apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata'}, partialMessage, asJson(object));

export function encodePartialObjectMetadataList(
  listMeta: JsonObject,
  items: readonly KubeObject[],
  version: 'v1' | 'v1beta1' = 'v1',
): Uint8Array {
  const list = {metadata: listMeta, items: items.map(asJson)};
  return encodeProtobuf(`meta.k8s.io/${version}`, 'PartialObjectMetadataList', list);
}

export const encodeStatus = (status: Status): Uint8Array =>
  enveloped({apiVersion: 'v1', kind: 'Status'}, statusMessage, status as unknown as JsonObject);

/** One frame of a watch: four bytes of length, big-endian, then the event around an enveloped object (spec kubernetes-api 1.9). */
export function encodeWatchEvent(type: string, envelopedObject: Uint8Array): Uint8Array {
  const writer = newWriter();
  writeBytes(writer, envelopedObject);
  writeHead(writer, 1, 0);
  writeHead(writer, 2, 0);
  const end = lengthOf(writer);
  writeBytes(writer, Buffer.from(type));
  writeHead(writer, 1, end);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(lengthOf(writer));
  writeBytes(writer, length);
  return written(writer);
}

/** Length and tag of a length-delimited field whose value is everything written since `end`. */
function writeHead(writer: Writer, number: number, end: number): void {
  writeVarint(writer, lengthOf(writer) - end);
  writeVarint(writer, number * 8 + 2);
}

function enveloped(typeMeta: TypeMeta, message: Message, object: JsonObject): Uint8Array {
  const writer = newWriter();
  encodeMessage(writer, message, object);
  writeHead(writer, 2, 0);
  const end = lengthOf(writer);
  encodeMessage(writer, typeMetaMessage, typeMeta);
  writeHead(writer, 1, end);
  writeBytes(writer, magic);
  return written(writer);
}
