import {ApiError, badRequest} from '../../api/errors.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import type {TypeMeta} from './kinds.ts';
import {magic, messageOfKind, metaMessage} from './kinds.ts';
import {decodeMessage} from './message-decoder.ts';
import {readBytes, readerOf, readVarint, skip} from './reader.ts';

/**
 * Reads an enveloped object (spec kubernetes-api 1.8) into the shape of its JSON; its `apiVersion` and `kind` are those of the envelope,
 * or of `defaults` where the envelope lacks them. Malformed bytes are a BadRequest, kinds without a table UnsupportedMediaType.
 */
export function decodeProtobuf(bytes: Uint8Array, defaults: TypeMeta = {apiVersion: '', kind: ''}): TypeMeta & {object: JsonObject} {
  if (!startsWith(bytes, magic)) throw badRequest('provided data does not appear to be a protobuf message');
  const {typeMeta, raw} = openEnvelope(bytes.subarray(magic.length));
  const apiVersion = typeMeta.apiVersion || defaults.apiVersion;
  const kind = typeMeta.kind || defaults.kind;
  const message = messageOfKind(apiVersion, kind);
  if (!message) throw unknownKind(apiVersion, kind);
  return {apiVersion, kind, object: {...(kind && {kind}), ...(apiVersion && {apiVersion}), ...decodeMessage(readerOf(raw), message)}};
}

const startsWith = (bytes: Uint8Array, head: Uint8Array): boolean => head.every((byte, i) => bytes[i] === byte);

/** The two fields of runtime.Unknown that matter; the object's own bytes are not copied. */
function openEnvelope(bytes: Uint8Array): {typeMeta: TypeMeta; raw: Uint8Array} {
  const reader = readerOf(bytes);
  let typeMeta: JsonObject = {};
  let raw: Uint8Array = new Uint8Array(0);
  while (reader.at < reader.end) {
    const tag = readVarint(reader);
    if (tag === 10) typeMeta = decodeMessage(readerOf(readBytes(reader)), metaMessage('TypeMeta'));
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
