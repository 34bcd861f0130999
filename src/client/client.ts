import type {Reason, StatusDetails} from '../api/errors.ts';
import {ApiError} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject, stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, asObject} from '../api/object.ts';

/** One request: the target is path and query, sent as it is. */
export type Call = {
  readonly method: string;
  readonly target: string;
  readonly headers: {readonly [name: string]: string};
  readonly body?: string;
};
/** One whole answer. Names of headers are lower case. */
export type Reply = {readonly status: number; readonly headers: {readonly [name: string]: string | undefined}; readonly body: string};
/** How requests leave: over a socket, or straight into a server in the same process. Rejects only when no answer came. */
export type Fetch = (call: Call) => Promise<Reply>;

/** A resource of one API version; namespaced ones also say where. */
export type ResourceRef = {readonly group: string; readonly version: string; readonly resource: string; readonly namespace?: string};

export type ListOptions = {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
};
export type ObjectList = {readonly items: readonly KubeObject[]; readonly resourceVersion: string; readonly continue: string};
/** The kinds of patch, by the last word of their media type. */
export type PatchType = 'json' | 'merge' | 'strategic-merge' | 'apply';
export type PatchOptions = {
  readonly type: PatchType;
  readonly subresource?: string;
  /** Needed by `apply`. */
  readonly fieldManager?: string;
  readonly force?: boolean;
};

/** Typed calls to one workspace. Every one throws `ApiError` with the server's reason, text and details. */
export type Client = {
  get(ref: ResourceRef, name: string): Promise<KubeObject>;
  /** One page. */
  list(ref: ResourceRef, options?: ListOptions): Promise<ObjectList>;
  /** Every object, page after page. */
  listAll(ref: ResourceRef, options?: Omit<ListOptions, 'continue'>): Promise<KubeObject[]>;
  /** `parameters` go into the query. */
  create(ref: ResourceRef, object: JsonObject, parameters?: {readonly [name: string]: string}): Promise<KubeObject>;
  update(ref: ResourceRef, object: KubeObject, subresource?: string): Promise<KubeObject>;
  patch(ref: ResourceRef, name: string, patch: Json, options: PatchOptions): Promise<KubeObject>;
  /** `options` is a DeleteOptions body: preconditions, propagationPolicy. */
  remove(ref: ResourceRef, name: string, options?: JsonObject): Promise<void>;
  /** Any other path of the workspace, such as `/apis`, as JSON; `accept` for a special form of it. */
  read(path: string, accept?: string): Promise<Json>;
};

export type ClientOptions = {
  readonly fetch: Fetch;
  /** What goes before `/api…`: `/clusters/root:org`, or nothing. */
  readonly prefix: string;
  /** When given, answers that say Retry-After (429, 503) are waited for and asked again. */
  readonly sleep?: (ms: number) => Promise<void>;
};

const limits = {pageObjects: 500, retriesMax: 10, retryAfterSecondsMax: 30} as const;

export function clientOver(options: ClientOptions): Client {
  const sendAs = async (accept: string, method: string, path: string, body?: Json, type = 'application/json'): Promise<Json> => {
    const headers = {accept, ...(body !== undefined && {'content-type': type})};
    const call = {method, target: options.prefix + path, headers, ...(body !== undefined && {body: stringify(body)})};
    return parseReply(await fetchPatiently(options, call));
  };
  const send = (method: string, path: string, body?: Json, type?: string): Promise<Json> =>
    sendAs('application/json', method, path, body, type);
  const sendObject = async (...args: Parameters<typeof send>): Promise<KubeObject> => asObject(objectIn(await send(...args)));
  const list = async (ref: ResourceRef, page: ListOptions = {}): Promise<ObjectList> =>
    parseList(await send('GET', pathOf(ref) + query(page)));

  return {
    list,
    get: (ref, name) => sendObject('GET', pathOf(ref, name)),
    create: (ref, object, parameters = {}) => sendObject('POST', pathOf(ref) + query(parameters), object),
    update: (ref, object, subresource) => sendObject('PUT', pathOf(ref, object.metadata.name, subresource), asJson(object)),
    patch: (ref, name, patch, {type, subresource, fieldManager, force}) =>
      sendObject('PATCH', pathOf(ref, name, subresource) + query({fieldManager, force}), patch, patchMedia[type]),
    remove: async (ref, name, body) => void (await send('DELETE', pathOf(ref, name), body)),
    read: (path, accept = 'application/json') => sendAs(accept, 'GET', path),
    async listAll(ref, page) {
      const all: KubeObject[] = [];
      for (let next = ''; ; ) {
        const part = await list(ref, {limit: limits.pageObjects, ...page, ...(next && {continue: next})});
        all.push(...part.items);
        if (!part.continue) return all;
        next = part.continue;
      }
    },
  };
}

const patchMedia: {readonly [type in PatchType]: string} = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  'strategic-merge': 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

function pathOf(ref: ResourceRef, name?: string, subresource?: string): string {
  const root = ref.group ? `/apis/${ref.group}/${ref.version}` : `/api/${ref.version}`;
  const parts = [
    ...(ref.namespace ? ['namespaces', ref.namespace] : []),
    ref.resource,
    ...(name ? [name] : []),
    ...(subresource ? [subresource] : []),
  ];
  return `${root}/${parts.map(encodeURIComponent).join('/')}`;
}

function query(parameters: {readonly [name: string]: string | number | boolean | undefined}): string {
  const pairs = Object.entries(parameters).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`]));
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

async function fetchPatiently(options: ClientOptions, call: Call): Promise<Reply> {
  for (let retries = 0; ; retries++) {
    const reply = await options.fetch(call);
    const seconds = Number(reply.headers['retry-after']);
    const isAskedToWait = (reply.status === 429 || reply.status === 503) && seconds > 0;
    if (!options.sleep || !isAskedToWait || retries === limits.retriesMax) return reply;
    await options.sleep(Math.min(seconds, limits.retryAfterSecondsMax) * 1000);
  }
}

function parseReply(reply: Reply): Json {
  const isSuccess = reply.status >= 200 && reply.status < 300;
  let content: Json | undefined;
  try {
    content = parseJson(reply.body);
  } catch {
    if (isSuccess) throw new ApiError('InternalError', 'the server answered with something that is not JSON');
  }
  if (!isSuccess || content === undefined) throw errorOf(reply, content);
  return content;
}

/** Integers that a double cannot hold stay exact, as everywhere in this project. */
export function parseJson(text: string): Json {
  if (!/\d{16}/.test(text)) return JSON.parse(text) as Json;
  const exact = (_: string, value: Json, context?: {source?: string}): Json =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context!.source!) : value;
  return JSON.parse(text, exact) as Json;
}

const reasonsByCode: {readonly [code: number]: Reason} = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};
const knownReasons: ReadonlySet<string> = new Set<string>([...Object.values(reasonsByCode), 'AlreadyExists', 'InternalError']);

/** The Status in the body, or the best that can be said about an answer without one. */
function errorOf(reply: Reply, content: Json | undefined): ApiError {
  const reason = digString(content, 'reason') ?? '';
  const known = knownReasons.has(reason) ? (reason as Reason) : (reasonsByCode[reply.status] ?? 'InternalError');
  const isStatus = digString(content, 'kind') === 'Status';
  const message =
    (isStatus && digString(content, 'message')) || reply.body.trim().slice(0, 1000) || `the server answered with HTTP ${reply.status}`;
  const details = dig(content, 'details');
  return new ApiError(
    known,
    message,
    isObject(details) ? (details as StatusDetails) : undefined,
    digString(content, 'metadata', 'continue'),
  );
}

function objectIn(content: Json): JsonObject {
  if (!isObject(content) || !isObject(dig(content, 'metadata')))
    throw new ApiError('InternalError', 'the server answered with something that is no object');
  return content;
}

function parseList(content: Json): ObjectList {
  const items = dig(content, 'items');
  return {
    items: Array.isArray(items) ? items.map(item => asObject(objectIn(item))) : [],
    resourceVersion: digString(content, 'metadata', 'resourceVersion') ?? '',
    continue: digString(content, 'metadata', 'continue') ?? '',
  };
}
