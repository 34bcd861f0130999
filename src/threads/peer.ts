/**
 * The room of threads: functions of one thread called from another, and a store as another thread sees it. What travels is copied; the room starts no
 * threads.
 */
import {packError, unpackError} from './errors.ts';

/** One end of a wire to another thread. Messages arrive once, in the order they were sent. */
export type Channel = {
  post(message: unknown): void;
  hear(listener: (message: unknown) => void): void;
};

/** What one end offers the other. Arguments and results are plain values: no functions, no classes of ours. */
export type Functions = {readonly [name: string]: (...args: never[]) => unknown};

type Message =
  | {readonly ask: number; readonly name: string; readonly args: readonly unknown[]}
  | {readonly tell: string; readonly args: readonly unknown[]}
  | {readonly answer: number; readonly value: unknown}
  | {readonly failed: number; readonly why: unknown};

type Waiting = {readonly resolve: (value: unknown) => void; readonly reject: (why: Error) => void};

/** One end, which asks the other and answers it. How much may be under way at a time is for its users to bound. */
export class Peer {
  readonly #channel: Channel;
  readonly #functions = new Map<string, (...args: never[]) => unknown>();
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #ended: Error | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.hear(message => this.#hear(message as Message));
  }

  /** Offers functions to the other end. */
  serve(functions: Functions): void {
    for (const [name, call] of Object.entries(functions)) this.#functions.set(name, call);
  }

  /** Calls a function of the other end. Rejects with what that threw, as far as errors can travel, and when the wire ends. */
  ask<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#asked;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, {resolve: resolve as (value: unknown) => void, reject});
      this.#post({ask: id, name, args});
    });
  }

  /** The same without an answer, whatever comes of it. */
  tell(name: string, ...args: readonly unknown[]): void {
    if (!this.#ended) this.#post({tell: name, args});
  }

  /** Nothing comes from the other end any more. */
  end(why: Error): void {
    this.#ended ??= why;
    for (const {reject} of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }

  #post(message: Message): void {
    this.#channel.post(message);
  }

  #hear(message: Message): void {
    if ('ask' in message) void this.#answer(message.ask, message.name, message.args);
    else if ('tell' in message) this.#functions.get(message.tell)?.(...(message.args as never[]));
    else {
      const id = 'answer' in message ? message.answer : message.failed;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if ('answer' in message) waiting?.resolve(message.value);
      else waiting?.reject(unpackError(message.why));
    }
  }

  async #answer(id: number, name: string, args: readonly unknown[]): Promise<void> {
    try {
      const call = this.#functions.get(name);
      if (!call) throw new Error(`the other thread has no function ${name}`);
      this.#post({answer: id, value: await call(...(args as never[]))});
    } catch (err) {
      this.#post({failed: id, why: packError(err)});
    }
  }
}

/** The same bytes with memory of their own: of a part of some memory, the whole would be copied from thread to thread. */
export const ownBytes = (bytes: Uint8Array): Uint8Array => (bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes));
