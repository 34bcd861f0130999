import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Entry} from '../storage/storage.ts';
import type {Resource, Shape} from './resource.ts';
import {decodeStored, peek} from './stored.ts';

/**
 * The pieces of an object as clients see it: what opens it, its resourceVersion, and the stored bytes from the first field of metadata
 * on. Only for entries that are verbatim.
 */
export const splice = (resource: Resource, entry: Entry, head: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] => [
  head,
  Buffer.from(`"resourceVersion":"${entry.revision}",`),
  entry.value.subarray(resource.head.length),
];

/** Whether the stored bytes are already what this version shows, so that they can be sent as they are. */
export const isVerbatim = (resource: Resource, entry: Entry): boolean =>
  entry.revision > resource.verbatimAfter && startsWith(entry.value, resource.head);

/** Whether only the webhook of its definition can bring an entry into this version: views show it after that. */
export const isForeign = (resource: Resource, entry: Entry): boolean =>
  resource.conversion !== undefined && !startsWith(entry.value, resource.head);

/** A fresh object as this version shows it, with its resourceVersion: converted, pruned and defaulted where the stored form is another one. */
export function view(resource: Resource, entry: Entry): KubeObject {
  const object = decodeStored(entry);
  if (isVerbatim(resource, entry)) return object;
  resource.kind.view?.fromStored(asJson(object));
  conform(resource, object);
  return object;
}

/** The object in the form in which it is stored: its own, but for kinds that are views of another kind. */
export function stored({kind}: Resource, object: KubeObject): KubeObject {
  kind.view?.toStored(asJson(object));
  return object;
}

/** The same to look at only: shared where nothing has to be changed, and then without a resourceVersion. */
export const glance = (resource: Resource, entry: Entry): KubeObject => (isVerbatim(resource, entry) ? peek(entry) : view(resource, entry));

/** Brings an object of another version, or of an older definition, into the form of this one. */
export function conform({apiVersion, schema}: Shape, object: KubeObject): void {
  object.apiVersion = apiVersion;
  schema.prune(asJson(object));
  schema.applyDefaults(asJson(object));
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  if (bytes.length < head.length) return false;
  for (let i = 0; i < head.length; i++) if (bytes[i] !== head[i]) return false;
  return true;
}
