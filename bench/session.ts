/**
 * One TLS connection that speaks HTTP/2 as far as measuring needs it. Node's own client takes as much time for a request as the server does, and would
 * measure itself; this one writes prepared frames and reads little of what comes back.
 */
import {connect, type TLSSocket} from 'node:tls';
import {block, firstBlock, statusOf} from './header-block.ts';

export type Address = {readonly port: number; readonly ca: string; readonly token: string};

export type Request = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: Uint8Array;
  /** The media type of the body; JSON when absent. */
  readonly type?: string;
  /** The type that is asked for; plain JSON, if left out. */
  readonly accept?: string;
};

/** Told of one reply. Calls come in the middle of reading: they may send further requests. */
export type Receiver = {
  /** The headers have come. */
  started?(status: number): void;
  /** A piece of the body; its bytes are good only until the call returns. */
  data?(bytes: Uint8Array): void;
  ended(status: number, bodyBytes: number): void;
  failed(why: Error): void;
};

type Stream = {readonly receiver: Receiver; status: number; bytes: number};

const frame = {data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8} as const;
const flag = {ack: 1, endStream: 1, endHeaders: 4, padded: 8} as const;
const headBytes = 9;
const windowMax = 2 ** 31 - 1;
const windowAtStart = 65_535;
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export function frameHead(length: number, type: number, flags: number, stream: number): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head;
}

/** Connects, and asks for /readyz once. @throws Error when there is no connection or the reply is not 200 */
export async function openSession(address: Address): Promise<Session> {
  const socket = connect({host: '127.0.0.1', port: address.port, ca: address.ca, ALPNProtocols: ['h2']});
  socket.setNoDelay(true);
  try {
    await new Promise<void>((resolve, reject) => {
      socket
        .once('secureConnect', resolve)
        .once('error', reject)
        .once('close', () => reject(new Error('closed')));
    });
    const session = new Session(socket);
    const status = await session.begin(firstBlock({authority: `127.0.0.1:${address.port}`, token: address.token}));
    if (status !== 200) throw new Error(`not ready: ${status}`);
    return session;
  } catch (err) {
    socket.destroy();
    throw err;
  }
}

export class Session {
  readonly #socket: TLSSocket;
  readonly #streams = new Map<number, Stream>();
  readonly #outgoing: Uint8Array[] = [];
  /** Requests that wait for the server to take more. */
  readonly #held: {readonly request: Request; readonly receiver: Receiver}[] = [];
  #next = 1;
  #rest: Buffer = Buffer.alloc(0);
  #reading = false;
  #flushing = false;
  #sendWindow = windowAtStart;
  #received = 0;
  #failed: Error | undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', err => this.#fail(err));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** The status of the request that every session begins with. */
  begin(headers: Uint8Array): Promise<number> {
    const settings = Buffer.alloc(18);
    // No table for headers, no pushes, and all the room there is for bodies.
    [
      [1, 0],
      [2, 0],
      [4, windowMax],
    ].forEach(([id, value], i) => {
      settings.writeUInt16BE(id!, i * 6);
      settings.writeUInt32BE(value!, i * 6 + 2);
    });
    const update = Buffer.alloc(4);
    update.writeUInt32BE(windowMax - windowAtStart);
    this.#write(preface, frameHead(settings.length, frame.settings, 0, 0), settings, frameHead(4, frame.windowUpdate, 0, 0), update);
    return new Promise((resolve, reject) => this.#open(headers, undefined, {ended: resolve, failed: reject}));
  }

  send(request: Request, receiver: Receiver): void {
    if (this.#failed) {
      receiver.failed(this.#failed);
      return;
    }
    const size = request.body?.length ?? 0;
    if (size > this.#sendWindow) this.#held.push({request, receiver});
    else this.#open(block(request, request.body && {bytes: size, type: request.type}), request.body, receiver);
  }

  /** A whole reply. */
  ask(request: Request): Promise<{readonly status: number; readonly body: string}> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      this.send(request, {
        data: bytes => void pieces.push(Buffer.from(bytes)),
        ended: status => resolve({status, body: Buffer.concat(pieces).toString()}),
        failed: reject,
      });
    });
  }

  close(): void {
    this.#failed ??= new Error('closed');
    this.#streams.clear();
    this.#socket.destroy();
  }

  #open(headers: Uint8Array, body: Uint8Array | undefined, receiver: Receiver): void {
    const id = this.#next;
    this.#next += 2;
    this.#streams.set(id, {receiver, status: 0, bytes: 0});
    const flags = flag.endHeaders | (body ? 0 : flag.endStream);
    this.#write(frameHead(headers.length, frame.headers, flags, id), headers);
    if (!body) return;
    this.#sendWindow -= body.length;
    this.#write(frameHead(body.length, frame.data, flag.endStream, id), body);
  }

  #write(...pieces: readonly Uint8Array[]): void {
    this.#outgoing.push(...pieces);
    if (this.#reading || this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#outgoing.length === 0 || this.#failed) return;
    const bytes = Buffer.concat(this.#outgoing);
    this.#outgoing.length = 0;
    this.#socket.write(bytes);
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#reading = true;
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
      const end = at + headBytes + length;
      if (end > bytes.length) break;
      this.#frame(bytes, at, end);
      at = end;
    }
    // A view would hold on to the chunk; what is left is short but for large bodies.
    this.#rest = bytes.subarray(at);
    this.#reading = false;
    this.#flush();
  }

  #frame(bytes: Buffer, at: number, end: number): void {
    const flags = bytes[at + 4]!;
    const body = at + headBytes;
    const stream = bytes.readUInt32BE(at + 5);
    switch (bytes[at + 3]) {
      case frame.data:
        this.#data(stream, bytes.subarray(body, end), flags);
        break;
      case frame.headers:
        this.#headers(stream, statusOf(bytes, body), flags);
        break;
      case frame.reset:
        this.#drop(stream, new Error(`the stream was reset, code ${bytes.readUInt32BE(body)}`));
        break;
      case frame.settings:
        if (!(flags & flag.ack)) this.#write(frameHead(0, frame.settings, flag.ack, 0));
        break;
      case frame.ping:
        if (!(flags & flag.ack)) this.#write(frameHead(8, frame.ping, flag.ack, 0), Buffer.from(bytes.subarray(body, end)));
        break;
      case frame.goAway:
        this.#fail(new Error(`the server went away, code ${bytes.readUInt32BE(body + 4)}`));
        break;
      case frame.windowUpdate:
        if (stream === 0) this.#roomier(bytes.readUInt32BE(body));
    }
  }

  #roomier(by: number): void {
    this.#sendWindow += by;
    while (this.#held.length > 0 && this.#held[0]!.request.body!.length <= this.#sendWindow) {
      const {request, receiver} = this.#held.shift()!;
      this.send(request, receiver);
    }
  }

  #headers(id: number, status: number, flags: number): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    stream.status = status;
    stream.receiver.started?.(status);
    if (flags & flag.endStream) this.#end(id, stream);
  }

  #data(id: number, bytes: Uint8Array, flags: number): void {
    this.#received += bytes.length;
    if (this.#received > windowMax / 2) this.#refill();
    const stream = this.#streams.get(id);
    if (!stream) return;
    stream.bytes += bytes.length;
    stream.receiver.data?.(bytes);
    if (flags & flag.endStream) this.#end(id, stream);
  }

  #refill(): void {
    const update = Buffer.alloc(4);
    update.writeUInt32BE(this.#received);
    this.#received = 0;
    this.#write(frameHead(4, frame.windowUpdate, 0, 0), update);
  }

  #end(id: number, stream: Stream): void {
    this.#streams.delete(id);
    stream.receiver.ended(stream.status, stream.bytes);
  }

  #drop(id: number, why: Error): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.receiver.failed(why);
  }

  #fail(why: Error): void {
    if (this.#failed) return;
    this.#failed = why;
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const {receiver} of [...streams, ...this.#held.splice(0)]) receiver.failed(why);
  }
}
