import {ApiError, toStatus} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {digString, stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {isVerbatim, splice, view} from '../registry/view.ts';
import type {Entry} from '../storage/storage.ts';
import type {Representation} from '../wire/negotiate.ts';
import {encodePartialObjectMetadata, encodeProtobuf, encodeStatus} from '../wire/protobuf/encode.ts';
import {tableOf} from '../wire/table.ts';
import {warningHeaders} from '../wire/warnings.ts';
import {encodeYaml} from '../wire/yaml.ts';
import type {Changed} from './changed.ts';
import type {Answering, Exchange} from './exchange.ts';
import type {HttpReply} from './http.ts';
import {includeObject} from './options.ts';

/** Answers with a stored object; its bytes travel as they are wherever the client takes plain JSON of the stored form. */
export function replyEntry(x: Exchange, entry: Entry, status = 200): HttpReply {
  const {resource} = x;
  if (travelsAsItIs(x, entry)) {
    return {status, headers: headers(x, 'application/json'), body: [...splice(resource, entry, resource.head), newline]};
  }
  return replyObject(x, view(resource, entry), status);
}

/** Whether the client takes the very bytes that are stored. */
export const travelsAsItIs = ({resource, as}: Exchange, entry: Entry): boolean =>
  as.mediaType === 'application/json' && !as.as && !as.pretty && isVerbatim(resource, entry);

/** Answers with an object in the representation that was asked for. */
export function replyObject(x: Answering, object: KubeObject, status = 200): HttpReply {
  const {as} = x;
  if (as.as === 'PartialObjectMetadataList') throw notAcceptable;
  if (as.mediaType === 'application/vnd.kubernetes.protobuf') {
    const {apiVersion, kind} = x.resource;
    const body = as.as ? encodePartialObjectMetadata(object, as.asVersion) : encodeProtobuf(apiVersion, kind.names.kind, asJson(object));
    return {status, headers: headers(x, as.mediaType), body};
  }
  const shown = as.as === 'Table' ? oneRow(x, object) : as.as ? asJson(partial(object, as.asVersion)) : asJson(object);
  return {status, headers: headers(x, as.mediaType), body: encodeText(shown, as)};
}

/** Answers with what a write left. */
export const replyChanged = (x: Exchange, changed: Changed, status = 200): HttpReply =>
  'entry' in changed ? replyEntry(x, changed.entry, status) : replyObject(x, changed.object, status);

/** Answers with what is no stored object and is never converted: a Status, a review, a scale. */
export function replyJson(x: Exchange, value: JsonObject, status = 200): HttpReply {
  const {as} = x;
  const protobuf = as.mediaType === 'application/vnd.kubernetes.protobuf';
  const body = protobuf
    ? encodeProtobuf(digString(value, 'apiVersion') ?? '', digString(value, 'kind') ?? '', value)
    : encodeText(value, as);
  return {status, headers: headers(x, as.mediaType), body};
}

/** Answers a failure. Statuses are never converted into tables and the like (spec kubernetes-api 1.7). */
export function replyError(err: unknown, protobuf: boolean, warnings: readonly string[] = []): HttpReply {
  const status = toStatus(err);
  const retry = status.details?.retryAfterSeconds;
  return {
    status: status.code,
    headers: {
      'content-type': protobuf ? 'application/vnd.kubernetes.protobuf' : 'application/json',
      'cache-control': noCache,
      ...(retry && {'retry-after': String(retry)}),
      ...(status.code === 403 && {'x-content-type-options': 'nosniff'}),
      ...(warnings.length > 0 && {warning: warningHeaders(warnings)}),
    },
    body: protobuf ? encodeStatus(status) : Buffer.from(`${JSON.stringify(status)}\n`),
  };
}

/** The metadata of an object as an object of its own. */
export const partial = (object: KubeObject, version: 'v1' | 'v1beta1' = 'v1'): KubeObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
});

export const encodeText = (value: Json, as: Representation): Uint8Array =>
  Buffer.from(as.mediaType === 'application/yaml' ? encodeYaml(value) : as.pretty ? stringify(value, 2) : `${stringify(value)}\n`);

export const headers = (x: Pick<Answering, 'warnings'>, contentType: string): HttpReply['headers'] =>
  x.warnings.length > 0
    ? {'content-type': contentType, 'cache-control': noCache, warning: warningHeaders(x.warnings)}
    : {'content-type': contentType, 'cache-control': noCache};

export const noCache = 'no-cache, private';
export const newline: Uint8Array = Buffer.from('\n');

export const notAcceptable = new ApiError(
  'NotAcceptable',
  'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
);

function oneRow(x: Answering, object: KubeObject): Json {
  return tableOf(x.resource.kind, [object], {
    now: x.deps.world.now(),
    includeObject: includeObject(x.call.target.query),
    version: x.as.asVersion ?? 'v1',
    listMeta: {resourceVersion: object.metadata.resourceVersion ?? ''},
    columns: true,
  });
}
