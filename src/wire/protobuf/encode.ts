import type {Status} from '../../api/errors.ts';
import type {JsonArray, JsonObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import type {TypeMeta} from './kinds.ts';
import {magic, messageOfKind, metaMessage} from './kinds.ts';
import {encodeMessage} from './message-encoder.ts';
import type {Message} from './tables.ts';
import type {Writer} from './writer.ts';
import {lengthOf, newWriter, writeBytes, writeVarint, written} from './writer.ts';

/** Whether objects of this kind can travel as protobuf. */
export const hasProtobuf = (apiVersion: string, kind: string): boolean => messageOfKind(apiVersion, kind) !== undefined;

/** An object or list of a kind that `hasProtobuf`, in its envelope. */
export function encodeProtobuf(apiVersion: string, kind: string, object: JsonObject): Uint8Array {
  const message = messageOfKind(apiVersion, kind);
  if (!message) throw new TypeError(`no protobuf encoding for ${apiVersion} ${kind}`);
  return enveloped({apiVersion, kind}, message, object);
}

/** The metadata of any object, custom or not, as an enveloped PartialObjectMetadata. */
export const encodePartialObjectMetadata = (object: KubeObject, version: 'v1' | 'v1beta1' = 'v1'): Uint8Array =>
  enveloped({apiVersion: `meta.k8s.io/${version}`, kind: 'PartialObjectMetadata'}, metaMessage('PartialObjectMetadata'), asJson(object));

/** Writes a list that is read in slices: first their items, then, when the length of all is known, what stands before them. */
export type ListEncoder = {
  items(objects: readonly JsonObject[]): Uint8Array;
  /** The envelope and the metadata of a list whose items take so many bytes; the items follow. */
  opening(listMeta: JsonObject, itemsBytes: number): Uint8Array;
};

/** For lists of kinds that `hasProtobuf`. A PartialObjectMetadataList takes whole objects, and keeps their metadata. */
export function listEncoder(apiVersion: string, listKind: string): ListEncoder {
  const message = messageOfKind(apiVersion, listKind);
  if (!message) throw new TypeError(`no protobuf encoding for ${apiVersion} ${listKind}`);
  return {
    items(objects) {
      const writer = newWriter();
      encodeMessage(writer, message, {items: objects as JsonArray});
      return written(writer);
    },
    opening(listMeta, itemsBytes) {
      const writer = newWriter();
      encodeMessage(writer, message, {metadata: listMeta});
      writeEnvelope(writer, {apiVersion, kind: listKind}, lengthOf(writer) + itemsBytes);
      return written(writer);
    },
  };
}

export const encodeStatus = (status: Status): Uint8Array =>
  enveloped({apiVersion: 'v1', kind: 'Status'}, metaMessage('Status'), status as unknown as JsonObject);

/** What stands before each event of a watch that is one stream of bytes: its length, big-endian. */
export const frameLengthBytes = 4;

/** One frame of a watch: its length, then the event around an enveloped object (spec kubernetes-api 1.9). */
export function encodeWatchEvent(type: string, envelopedObject: Uint8Array): Uint8Array {
  const writer = newWriter();
  writeBytes(writer, envelopedObject);
  writeHead(writer, 1, 0);
  writeHead(writer, 2, 0);
  const end = lengthOf(writer);
  writeBytes(writer, Buffer.from(type));
  writeHead(writer, 1, end);
  const length = Buffer.alloc(frameLengthBytes);
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
  writeEnvelope(writer, typeMeta, lengthOf(writer));
  return written(writer);
}

/** All that stands before the bytes of an object, which are so many. */
function writeEnvelope(writer: Writer, typeMeta: TypeMeta, rawBytes: number): void {
  writeVarint(writer, rawBytes);
  writeVarint(writer, 2 * 8 + 2);
  const end = lengthOf(writer);
  encodeMessage(writer, metaMessage('TypeMeta'), typeMeta);
  writeHead(writer, 1, end);
  writeBytes(writer, magic);
}
