/**
 * What the edge and the server say to each other: a request and a reply as plain values. The server knows no sockets; the adapter (main/listen.ts)
 * knows no API. In-process clients build the same values.
 */

/**
 * Header names and values in turn, as they came: `['accept', 'application/json', 'impersonate-group', 'a', 'impersonate-group', 'b']`. Names are lower
 * case and may repeat; read them by `header` and `headerValues`. (A joined text would turn the group `a, system:masters` into two.)
 */
export type HeaderList = readonly string[];

/** Who a verified client certificate names. Never made of a certificate that no trusted CA signed. */
export type PeerIdentity = {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly uid?: string;
};

/** One request as plain values. */
export type HttpRequest = {
  /** In upper case. */
  readonly method: string;
  /** The raw path and query as sent, never normalised: the server parses it itself. */
  readonly target: string;
  /** The adapter refuses a repeated Authorization, Content-Type, Host or Impersonate-User before it gets here. */
  readonly headers: HeaderList;
  /** Only of a verified client certificate that is still valid. */
  readonly peer?: PeerIdentity | undefined;
  /** The client asks to go on as a WebSocket, and the connection can: a GET without a body, over HTTP/1.1. */
  readonly webSocket?: boolean;
  /** The address of the other end, for audit; empty in process. */
  readonly remoteAddress: string;
  /**
   * Reads the whole body; empty when there is none. Called again it gives the same.
   * @throws ApiError RequestEntityTooLarge beyond `bodyBytesMax`, BadRequest when the client breaks off
   */
  readonly body: () => Promise<Uint8Array>;
  /** Aborted when the client is gone before the reply ended. Made when first asked for: ask only where it is needed. */
  readonly signal: AbortSignal;
};

/** The largest body taken, as Kubernetes has it. */
export const bodyBytesMax = 3 * 1024 * 1024;

/** A reply. `content-length` is added by the adapter where the body is known; names are lower case. */
export type HttpReply = {
  /** 101, for a request with `webSocket` alone, goes on as a WebSocket; the headers of the handshake are the adapter's. */
  readonly status: number;
  readonly headers: {readonly [name: string]: string | readonly string[]};
  /** Bytes, bytes in pieces (sent in order; only small ones are copied together), or a body that goes on. */
  readonly body?: Uint8Array | readonly Uint8Array[] | StreamBody;
  /** With 101: each write of the body is one message of this kind. Its end is a close in good order. */
  readonly messages?: 'text' | 'binary';
  /** From one thread to another: what the audit record of the request is to tell. */
  readonly notes?: readonly (readonly [key: string, value: string])[];
};

/** A body that goes on: called once, after the headers were sent. Not called for HEAD, nor when the client has gone meanwhile. */
export type StreamBody = (sink: StreamSink) => void;

/** Where a body that goes on is written to. */
export type StreamSink = {
  /** Writes of one tick leave together. The bytes must not change afterwards. Ignored after the end or the close. */
  write(chunk: Uint8Array): void;
  /** Bytes written and not yet taken by the client. The writer bounds it: it ends or destroys the stream of a client that stopped reading. */
  readonly buffered: number;
  /** Ends the body in good order, after what was written. */
  end(): void;
  /** Breaks the stream off, so that the client sees an error and not a short body. */
  destroy(): void;
  /** Calls back once, when the stream is closed for whatever reason (at once, if it already is). */
  onClose(callback: () => void): void;
};

export type Handler = (request: HttpRequest) => Promise<HttpReply> | HttpReply;

/** A target for the log: its query may hold what is no business of one. */
export const loggedTarget = (target: string): string => (target.split('?', 1)[0] as string).slice(0, 200);

/** The value of a header; a repeated one is joined by `, `. `name` in lower case. */
export function header(headers: HeaderList, name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name) found = found === undefined ? headers[i + 1] : `${found}, ${headers[i + 1]}`;
  }
  return found;
}

/** Every value of a header, unsplit, in order. `name` in lower case. */
export function headerValues(headers: HeaderList, name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) values.push(headers[i + 1] as string);
  return values;
}

/** The list of a record, for callers in process. */
export const headerList = (record: {readonly [name: string]: string | readonly string[]}): HeaderList =>
  Object.entries(record).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).flatMap(one => [name.toLowerCase(), one]),
  );
