import type {Status} from '../api/errors.ts';
import {ApiError} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Resource} from '../registry/resource.ts';
import {isVerbatim, splice, view} from '../registry/view.ts';
import type {Entry, Revision} from '../storage/storage.ts';
import {encodePartialObjectMetadata, encodeProtobuf, encodeStatus, encodeWatchEvent, frameLengthBytes} from '../wire/protobuf/encode.ts';
import {tableOf} from '../wire/table.ts';
import type {Exchange} from './exchange.ts';
import {includeObject} from './options.ts';
import {partial} from './reply.ts';

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

/** How the events of one watch are written (spec kubernetes-api 1.9, 4.4). */
export type Framing = {
  readonly contentType: string;
  /** Of which kind they are where each is a message of its own. */
  readonly messages: 'text' | 'binary';
  event(type: WatchType, entry: Entry): Uint8Array;
  bookmark(revision: Revision, initialEventsEnd: boolean): Uint8Array;
  error(status: Status): Uint8Array;
};

/** @throws ApiError NotAcceptable for representations that cannot be streamed */
export function framingOf(x: Exchange): Framing {
  const {as, resource} = x;
  if (as.mediaType === 'application/yaml' || as.as === 'PartialObjectMetadataList') throw notStreamable;
  const protobuf = as.mediaType === 'application/vnd.kubernetes.protobuf';
  const frame = protobuf ? protobufFrames(x) : jsonFrames(x);
  // Rows depend on the time, and on which came first.
  const event: Framing['event'] = as.as === 'Table' ? (type, entry) => frame(type, view(resource, entry)) : shared(x, frame);
  const bookmark: Framing['bookmark'] = (revision, end) => frame('BOOKMARK', bookmarkObject(x, revision, end));
  if (!protobuf) return {contentType: 'application/json', messages: 'text', event, bookmark, error: status => jsonFrame('ERROR', status)};
  // A message tells its length by itself.
  const sent = x.call.request.webSocket ? (bytes: Uint8Array) => bytes.subarray(frameLengthBytes) : (bytes: Uint8Array) => bytes;
  return {
    contentType: 'application/vnd.kubernetes.protobuf;stream=watch',
    messages: 'binary',
    event: (type, entry) => sent(event(type, entry)),
    bookmark: (revision, end) => sent(bookmark(revision, end)),
    error: status => sent(encodeWatchEvent('ERROR', encodeStatus(status))),
  };
}

const notStreamable = new ApiError(
  'NotAcceptable',
  'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
);

/** Writes an event about an object in the form that was asked for. */
type Frames = (type: WatchType, object: KubeObject) => Uint8Array;

function jsonFrames(x: Exchange): Frames {
  const {as} = x;
  const shown = as.as === 'Table' ? tables(x) : as.as ? (object: KubeObject) => asJson(partial(object, as.asVersion)) : asJson;
  return (type, object) => jsonFrame(type, shown(object));
}

function protobufFrames({as, resource: {apiVersion, kind}}: Exchange): Frames {
  return as.as
    ? (type, object) => encodeWatchEvent(type, encodePartialObjectMetadata(object, as.asVersion))
    : (type, object) => encodeWatchEvent(type, encodeProtobuf(apiVersion, kind.names.kind, asJson(object)));
}

const jsonFrame = (type: string, object: JsonObject): Uint8Array => Buffer.from(`{"type":"${type}","object":${stringify(object)}}\n`);

function bookmarkObject({resource}: Exchange, revision: Revision, initialEventsEnd: boolean): KubeObject {
  const annotations = initialEventsEnd ? {annotations: {'k8s.io/initial-events-end': 'true'}} : {};
  const metadata = {resourceVersion: String(revision), ...annotations} as unknown as KubeObject['metadata'];
  return {kind: resource.kind.names.kind, apiVersion: resource.apiVersion, metadata};
}

/** Rows of tables; only the first one of a watch says what the columns are. */
function tables(x: Exchange): (object: KubeObject) => JsonObject {
  let first = true;
  const include = includeObject(x.call.target.query);
  return object => {
    const table = tableOf(x.resource.kind, [object], {
      now: x.deps.world.now(),
      includeObject: include,
      version: x.as.asVersion ?? 'v1',
      listMeta: {resourceVersion: object.metadata.resourceVersion ?? ''},
      columns: first,
    });
    first = false;
    return table;
  };
}

const encoded = new WeakMap<Entry, Map<string, Uint8Array>>();

/** Events in any form but rows: encoded once per event, version and form, whoever watches (architecture D4). */
function shared({resource, as}: Exchange, frame: Frames): Framing['event'] {
  const form = `${resource.apiVersion} ${as.mediaType} ${as.as ?? ''} ${as.asVersion ?? ''}`;
  const plain = as.mediaType === 'application/json' && !as.as;
  return (type, entry) => {
    let frames = encoded.get(entry);
    if (!frames) {
      frames = new Map();
      encoded.set(entry, frames);
    }
    const key = `${type} ${form}`;
    let bytes = frames.get(key);
    if (!bytes) {
      bytes = plain && isVerbatim(resource, entry) ? verbatim(type, resource, entry) : frame(type, view(resource, entry));
      frames.set(key, bytes);
    }
    return bytes;
  };
}

const verbatim = (type: WatchType, resource: Resource, entry: Entry): Uint8Array =>
  Buffer.concat([Buffer.from(`{"type":"${type}","object":`), ...splice(resource, entry, resource.head), frameEnd]);

const frameEnd = Buffer.from('}\n');
