import type {Status} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {isVerbatim, splice, view} from '../registry/view.ts';
import type {Entry, Revision} from '../storage/storage.ts';
import {encodePartialObjectMetadata, encodeStatus, encodeWatchEvent} from '../wire/protobuf/encode.ts';
import {tableOf} from '../wire/table.ts';
import type {Exchange} from './exchange.ts';
import {includeObject} from './options.ts';
import {notAcceptable, partial} from './reply.ts';

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

/** How the events of one watch are written (spec kubernetes-api 1.9, 4.4). */
export type Framing = {
  readonly contentType: string;
  event(type: WatchType, entry: Entry): Uint8Array;
  bookmark(revision: Revision, initialEventsEnd: boolean): Uint8Array;
  error(status: Status): Uint8Array;
};

/** @throws ApiError NotAcceptable for representations that cannot be streamed */
export function framingOf(x: Exchange): Framing {
  const {as, resource} = x;
  if (as.mediaType === 'application/yaml' || as.as === 'PartialObjectMetadataList') throw notAcceptable;
  if (as.mediaType === 'application/vnd.kubernetes.protobuf') {
    if (as.as !== 'PartialObjectMetadata') throw notAcceptable;
    return protobuf(x);
  }
  const encode = as.as === 'Table' ? tables(x) : as.as ? (object: KubeObject) => asJson(partial(object, as.asVersion)) : asJson;
  const event = as.as ? (type: WatchType, entry: Entry) => jsonFrame(type, encode(view(resource, entry))) : shared(x);
  return {
    contentType: 'application/json',
    event,
    bookmark: (revision, end) => jsonFrame('BOOKMARK', encode(bookmarkObject(x, revision, end))),
    error: status => jsonFrame('ERROR', status),
  };
}

const jsonFrame = (type: string, object: JsonObject): Uint8Array => Buffer.from(`{"type":"${type}","object":${stringify(object)}}\n`);

function bookmarkObject({resource}: Exchange, revision: Revision, initialEventsEnd: boolean): KubeObject {
  const annotations = initialEventsEnd ? {annotations: {'k8s.io/initial-events-end': 'true'}} : {};
  const metadata = {resourceVersion: String(revision), ...annotations} as unknown as KubeObject['metadata'];
  return {kind: resource.kind.names.kind, apiVersion: resource.apiVersion, metadata};
}

function protobuf(x: Exchange): Framing {
  return {
    contentType: 'application/vnd.kubernetes.protobuf;stream=watch',
    event: (type, entry) => encodeWatchEvent(type, encodePartialObjectMetadata(view(x.resource, entry))),
    bookmark: (revision, end) => encodeWatchEvent('BOOKMARK', encodePartialObjectMetadata(bookmarkObject(x, revision, end))),
    error: status => encodeWatchEvent('ERROR', encodeStatus(status)),
  };
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

/** Whole objects as JSON: encoded once per event and version, whoever watches (architecture D4). */
function shared(x: Exchange): Framing['event'] {
  const {resource} = x;
  return (type, entry) => {
    let frames = encoded.get(entry);
    if (!frames) {
      frames = new Map();
      encoded.set(entry, frames);
    }
    const key = `${type} ${resource.apiVersion}`;
    let frame = frames.get(key);
    if (!frame) {
      frame = isVerbatim(resource, entry)
        ? Buffer.concat([Buffer.from(`{"type":"${type}","object":`), ...splice(resource, entry, resource.head), frameEnd])
        : jsonFrame(type, asJson(view(resource, entry)));
      frames.set(key, frame);
    }
    return frame;
  };
}

const frameEnd = Buffer.from('}\n');
