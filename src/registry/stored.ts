import type {JsonObject} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asObject} from '../api/object.ts';
import {parse} from '../api/parse-json.ts';
import type {Entry} from '../storage/storage.ts';

/**
 * How objects lie in the store: JSON whose first fields are apiVersion, kind and metadata, without a resourceVersion, which is the entry's
 * revision and is spliced in on the way out. Reading moves bytes; nothing is parsed for it (architecture D4). An object lies in the version
 * it was written in, which is the one whose schema shaped it.
 */

/** The bytes to store. The resourceVersion is left out; metadata is never empty, it has a name. */
export function encodeStored(object: KubeObject): Uint8Array {
  const {apiVersion, kind, metadata, ...rest} = object;
  const {resourceVersion: _, ...kept} = metadata;
  const text = stringify({apiVersion, kind, metadata: kept as unknown as JsonObject, ...(rest as JsonObject)});
  // Memory of its own: a slice of a shared pool would keep the whole pool for as long as the store keeps this value at hand.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** A fresh copy of the object, with its resourceVersion. The caller may change it. */
export function decodeStored(entry: Entry): KubeObject {
  const object = asObject(parse(buffer(entry.value).toString()) as JsonObject);
  object.metadata.resourceVersion = String(entry.revision);
  return object;
}

const shared = new WeakMap<Uint8Array, KubeObject>();

/** The object to look at and never to change: parsed once per stored value for as long as the value is held. Has no resourceVersion. */
export function peek(entry: Entry): KubeObject {
  let object = shared.get(entry.value);
  if (!object) {
    object = asObject(parse(buffer(entry.value).toString()) as JsonObject);
    shared.set(entry.value, object);
  }
  return object;
}

/** `{"apiVersion":"v1","kind":"ConfigMap","metadata":{`: what opens every stored object of a version. */
export const headOf = (apiVersion: string, kind: string): Uint8Array =>
  Buffer.from(`{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":{`);

/** The head of a list item that does not say what it is. */
export const bareHead: Uint8Array = Buffer.from('{"metadata":{');

const buffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
