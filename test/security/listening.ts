/** Bodies that go on, as their clients see them. */
import type {HttpReply} from '../../src/server/http.ts';
import type {RandomRequest} from './requests.ts';

export type GoesOn = Extract<HttpReply['body'], (...args: never) => void>;

/** A body that goes on, as far as it came; `leave` is its client going away. */
function open(body: GoesOn): {readonly pieces: readonly Uint8Array[]; isOver(): boolean; leave(): void} {
  const pieces: Uint8Array[] = [];
  const closing: (() => void)[] = [];
  let over = false;
  const leave = (): void => {
    if (over) return;
    over = true;
    for (const callback of closing) callback();
  };
  body({
    write: chunk => void pieces.push(chunk),
    buffered: 0,
    end: leave,
    destroy: leave,
    onClose: callback => (over ? callback() : void closing.push(callback)),
  });
  return {pieces, isOver: () => over, leave};
}

/** Listens until it ends or has been quiet for so many turns of the clock. */
export function listen(body: GoesOn, quietTurns: number, clock: {readonly turn: number}): Promise<Buffer> {
  const {pieces, isOver, leave} = open(body);
  let [seen, last] = [pieces.length, clock.turn];
  return new Promise(resolve => {
    const look = (): void => {
      if (pieces.length > seen) [seen, last] = [pieces.length, clock.turn];
      if (!isOver() && clock.turn - last <= quietTurns) return void setImmediate(look);
      leave();
      resolve(Buffer.concat(pieces));
    };
    look();
  });
}

type Watch = {readonly request: RandomRequest; readonly reply: HttpReply; readonly watch: ReturnType<typeof open>};
/** Looks at what somebody got to see. */
export type Judge = (request: RandomRequest, reply: HttpReply, body: Buffer) => void;

const lingeringMax = 50;

/** Watches that stay open while others ask. */
export class Lingering {
  readonly #watches: Watch[] = [];
  readonly #judge: Judge;

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  add(request: RandomRequest, reply: HttpReply, body: GoesOn): undefined {
    this.#watches.push({request, reply, watch: open(body)});
    if (this.#watches.length > lingeringMax) this.#end();
  }

  endAll(): void {
    while (this.#watches.length > 0) this.#end();
  }

  /** The oldest goes. */
  #end(): void {
    const {request, reply, watch} = this.#watches.shift() as Watch;
    watch.leave();
    this.#judge(request, reply, Buffer.concat(watch.pieces));
  }
}
