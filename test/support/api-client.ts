import {stringify} from '../../src/api/json.ts';
import type {Handler, HttpReply, HttpRequest, StreamBody} from '../../src/server/http.ts';
import {headerList} from '../../src/server/http.ts';
import {realTurn} from './virtual-world.ts';

/** A value out of an answer: tests look into it and compare. */
export type Found = string | number | boolean | null | undefined | readonly Found[] | {readonly [key: string]: Found};

export type Answer = {
  readonly status: number;
  readonly headers: HttpReply['headers'];
  readonly bytes: Buffer;
  readonly text: string;
  /** The value at a path in the JSON body; undefined where there is none. */
  at(...path: readonly (string | number)[]): Found;
  /** `reason: message` of a Status. */
  readonly problem: string;
  /** The fields that the causes of a Status name. */
  readonly fields: readonly Found[];
};

export type Headers = {readonly [name: string]: string};
/** A string or bytes are sent as they are, everything else as JSON. */
export type Body = unknown;

export type OverWebSocket = Pick<HttpRequest, 'peer'> & {readonly webSocket: true};

export type Watching = {
  /** The answer to the request, before any event. */
  readonly status: number;
  readonly headers: HttpReply['headers'];
  /** Of a watch over a WebSocket. */
  readonly messages: HttpReply['messages'];
  /** Every event so far, of a JSON watch. */
  readonly events: readonly Found[];
  readonly bytes: () => Buffer;
  /** What was written, piece by piece. */
  readonly pieces: readonly Uint8Array[];
  /** `ADDED a`, `DELETED b`: type and name of every event so far. */
  readonly seen: () => readonly string[];
  /** How the server ended it, if it did. */
  readonly over: () => 'ended' | 'destroyed' | undefined;
  /** The client takes nothing any more. */
  stall(): void;
  /** The client goes away. */
  close(): void;
};

export type Api = {
  get(path: string, headers?: Headers): Promise<Answer>;
  post(path: string, body: Body, headers?: Headers): Promise<Answer>;
  put(path: string, body: Body, headers?: Headers): Promise<Answer>;
  /** A merge patch, where the headers say nothing else. */
  patch(path: string, body: Body, headers?: Headers): Promise<Answer>;
  del(path: string, body?: Body, headers?: Headers): Promise<Answer>;
  send(method: string, target: string, body?: Body, headers?: Headers): Promise<Answer>;
  /** `webSocket`: as over a WebSocket, which is for planes in this process alone. */
  watch(path: string, headers?: Headers, more?: OverWebSocket): Promise<Watching>;
  /** The same in another place: `prefix` comes before every path. */
  in(prefix: string): Api;
  /** The same for another user. */
  as(token: string): Api;
};

export const jsonPatch = {'content-type': 'application/json-patch+json'};
export const strategicPatch = {'content-type': 'application/strategic-merge-patch+json'};

/** A client that calls the server as a function. Paths are raw targets: nothing is escaped on the way. */
export function apiClient(handler: Handler, token: string, prefix = ''): Api {
  const ask = async (method: string, path: string, body: Body, headers: Headers, more = {}): Promise<HttpReply> => {
    const bytes = body === undefined ? new Uint8Array() : encode(body);
    return handler({
      method,
      target: prefix + path,
      headers: headerList({...(token && {authorization: `Bearer ${token}`}), ...headers}),
      remoteAddress: '',
      body: async () => bytes,
      signal: new AbortController().signal,
      ...more,
    });
  };
  const send: Api['send'] = async (method, path, body, headers = {}) => whole(await ask(method, path, body, headers));
  return {
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body, headers) => send('PUT', path, body, headers),
    patch: (path, body, headers) => send('PATCH', path, body, {'content-type': 'application/merge-patch+json', ...headers}),
    del: (path, body, headers) => send('DELETE', path, body, headers),
    watch: async (path, headers = {}, more) =>
      follow(await ask('GET', `${path}${path.includes('?') ? '&' : '?'}watch=true`, undefined, headers, more)),
    in: further => apiClient(handler, token, prefix + further),
    as: other => apiClient(handler, other, prefix),
  };
}

const encode = (body: Body): Uint8Array =>
  body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : stringify(body as never));

async function whole(reply: HttpReply): Promise<Answer> {
  const {body} = reply;
  const bytes = body === undefined ? Buffer.alloc(0) : typeof body === 'function' ? await drain(body) : Buffer.concat([body].flat());
  const text = bytes.toString();
  let parsed: Found;
  const json = (): Found => (parsed ??= JSON.parse(text) as Found);
  const at: Answer['at'] = (...path) => path.reduce<Found>((value, key) => (value as {[key: string]: Found} | undefined)?.[key], json());
  return {
    status: reply.status,
    headers: reply.headers,
    bytes,
    text,
    at,
    get problem() {
      return `${at('reason') ?? ''}: ${at('message') ?? ''}`;
    },
    get fields() {
      return ((at('details', 'causes') ?? []) as {field: Found}[]).map(cause => cause.field);
    },
  };
}

function drain(body: StreamBody): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    body({
      write: chunk => void pieces.push(chunk),
      buffered: 0,
      end: () => resolve(Buffer.concat(pieces)),
      destroy: () => reject(new Error('the server broke the body off')),
      onClose: () => undefined,
    });
  });
}

async function follow(reply: HttpReply): Promise<Watching> {
  if (typeof reply.body !== 'function') {
    const {status, headers, problem} = await whole(reply);
    throw new Error(`no watch but ${status} ${problem} ${JSON.stringify(headers)}`);
  }
  const pieces: Uint8Array[] = [];
  const events: Found[] = [];
  const json = reply.headers['content-type'] === 'application/json' || reply.messages === 'text';
  let over: 'ended' | 'destroyed' | undefined;
  let closed: (() => void)[] | undefined = [];
  let rest = '';
  let stalled = false;
  let waiting = 0;
  const close = (): void => {
    const callbacks = closed ?? [];
    closed = undefined;
    for (const callback of callbacks) callback();
  };
  const stop = (how: typeof over) => (): void => {
    over ??= how;
    close();
  };
  reply.body({
    write(chunk) {
      if (over || !closed) return;
      if (stalled) waiting += chunk.length;
      pieces.push(chunk);
      if (!json) return;
      // Over a socket events come in pieces, or several at once.
      const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) events.push(JSON.parse(Buffer.from(line, 'latin1').toString()) as Found);
    },
    get buffered() {
      return waiting;
    },
    end: stop('ended'),
    destroy: stop('destroyed'),
    onClose: callback => (closed ? void closed.push(callback) : callback()),
  });
  await realTurn();
  const seen = (): string[] =>
    (events as {type: string; object: {metadata?: {name?: string}}}[]).map(({type, object}) =>
      `${type} ${object.metadata?.name ?? ''}`.trim(),
    );
  const stall = (): void => {
    stalled = true;
  };
  const {status, headers, messages} = reply;
  return {status, headers, messages, events, pieces, seen, stall, close, over: () => over, bytes: () => Buffer.concat(pieces)};
}
