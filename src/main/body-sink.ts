/** A body that goes on, over either version of HTTP. */
import type {StreamSink} from '../server/http.ts';

/** The part of a stream that a sink needs: an HTTP/2 stream has it, and an HTTP/1.1 response too. */
export type Out = {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(bytes: Uint8Array): unknown;
  end(): unknown;
  once(event: 'close', callback: () => void): unknown;
};

/** Joins the writes of one turn of the event loop into one. */
export class BodySink implements StreamSink {
  readonly #out: Out;
  readonly #breakOff: () => void;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #over = false;

  /** `breakOff` resets the stream or the connection, so that the client sees an error. */
  constructor(out: Out, breakOff: () => void) {
    this.#out = out;
    this.#breakOff = breakOff;
    this.onClose(() => {
      this.#over = true;
      this.#drop();
    });
  }

  write(chunk: Uint8Array): void {
    if (this.#over || chunk.length === 0) return;
    if (this.#waiting.length === 0) inTurn(this.#flush);
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  get buffered(): number {
    return this.#waitingBytes + this.#out.writableLength;
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#flush();
    this.#out.end();
  }

  destroy(): void {
    this.#over = true;
    this.#drop();
    if (!this.#out.destroyed) this.#breakOff();
  }

  onClose(callback: () => void): void {
    if (this.#out.destroyed) callback();
    else this.#out.once('close', callback);
  }

  readonly #flush = (): void => {
    const [first, ...more] = this.#waiting;
    if (first === undefined || this.#out.destroyed) return;
    const bytes = more.length === 0 ? first : Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#drop();
    this.#out.write(bytes);
  };

  #drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

/** How long sinks write in one turn of the event loop: one event may concern thousands of watches, and others must come between. */
const turnMsMax = 5;
const due: (() => void)[] = [];

/** Calls `flush` after what else is to be done in this turn. */
export function inTurn(flush: () => void): void {
  if (due.push(flush) === 1) setImmediate(writeDue);
}

function writeDue(): void {
  const end = performance.now() + turnMsMax;
  let done = 0;
  do due[done++]?.();
  while (done < due.length && performance.now() < end);
  due.splice(0, done);
  if (due.length > 0) setImmediate(writeDue);
}
