import type {LoopTime, Spender} from '../fairness/loop-time.ts';
import type {Visit} from '../fairness/visit.ts';
import type {HttpReply, HttpRequest, StreamBody, StreamSink} from './http.ts';

/**
 * What it takes to encrypt and send bytes, or to receive them, which happens before and after the work and is nobody's there: in ms per MiB, as measured over
 * TLS. A few are not worth the counting.
 */
export const travelling = {msPerMiB: 0.5, bytesMin: 32 * 1024} as const;

/** Has bytes that travel paid for. */
export function payForBytes(who: Spender | undefined, bytes: number, time: LoopTime): void {
  if (bytes >= travelling.bytesMin) who?.spent((bytes * travelling.msPerMiB) / (1024 * 1024), time.now());
}

/** The answer of a visit, which ends with it: now, or when a body that goes on is over or was never begun. */
export function answerOf(visit: Visit, time: LoopTime, request: HttpRequest, reply: HttpReply): HttpReply {
  const {body} = reply;
  time.end(visit);
  if (typeof body === 'function') return goesOn(visit, time, request, {...reply, body});
  pay(visit, time, body);
  visit.leave();
  return reply;
}

function pay(visit: Visit, time: LoopTime, body: Uint8Array | readonly Uint8Array[] | undefined): void {
  if (body === undefined) return;
  let bytes = 0;
  if (body instanceof Uint8Array) bytes = body.length;
  else for (const piece of body) bytes += piece.length;
  payForBytes(visit, bytes, time);
}

function goesOn(visit: Visit, time: LoopTime, request: HttpRequest, reply: HttpReply & {readonly body: StreamBody}): HttpReply {
  const leave = (): void => visit.leave();
  // A body that nobody takes is never begun.
  if (request.method === 'HEAD' || request.signal.aborted) leave();
  else request.signal.addEventListener('abort', leave, {once: true});
  return {
    ...reply,
    body(sink) {
      const paid = new PaidSink(sink, visit, time);
      paid.onClose(leave);
      time.runAtOnce(visit, () => reply.body(paid));
    },
  };
}

/** What is written is paid for. Listens for the close once, however many want to be called: sockets warn of more than a few. */
class PaidSink implements StreamSink {
  readonly #sink: StreamSink;
  readonly #visit: Visit;
  readonly #time: LoopTime;
  #callbacks: (() => void)[] | undefined = [];

  constructor(sink: StreamSink, visit: Visit, time: LoopTime) {
    this.#sink = sink;
    this.#visit = visit;
    this.#time = time;
    sink.onClose(() => {
      const callbacks = this.#callbacks ?? [];
      this.#callbacks = undefined;
      for (const callback of callbacks) callback();
    });
  }

  write(chunk: Uint8Array): void {
    payForBytes(this.#visit, chunk.length, this.#time);
    this.#sink.write(chunk);
  }

  get buffered(): number {
    return this.#sink.buffered;
  }

  end(): void {
    this.#sink.end();
  }

  destroy(): void {
    this.#sink.destroy();
  }

  onClose(callback: () => void): void {
    if (this.#callbacks) this.#callbacks.push(callback);
    else callback();
  }
}
