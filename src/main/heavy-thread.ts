/** The other thread, which answers what would hold up everybody: started when it is needed, ended when it is idle, killed when it hangs. */
import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {Timers} from '../api/world.ts';
import {FairLine, type InLine} from '../fairness/line.ts';
import type {Answered, Elsewhere} from '../server/heavy.ts';
import {type HttpRequest, loggedTarget} from '../server/http.ts';
import {type Channel, ownBytes, Peer} from '../threads/peer.ts';
import type {Log} from './log.ts';

export const heavyThreadLimits = {
  /** Requests in the thread at a time: one that waits for the store or a webhook does not hold up the next. */
  insideMax: 4,
  waitingMax: 256,
  waitingBytesMax: 64 * 1024 * 1024,
  /** Of one workspace, inside and waiting. */
  perWorkspaceMax: 32,
  /** A thread that says nothing for so long while it has work is killed, and what it had is lost. */
  silentMsMax: 30_000,
  /** How often it is asked whether it lives. */
  beatMs: 1_000,
  idleMsMax: 60_000,
} as const;

/** A thread that was started. */
export type Thread = {
  readonly channel: Channel;
  /** Told once, when it has ended by itself. */
  onEnd(told: (why: string) => void): void;
  /** Ends it at once, whatever it does. */
  kill(): Promise<void>;
};

export type HeavyThread = Elsewhere & {close(): Promise<void>};

export type HeavyThreadOptions = {
  readonly start: () => Thread;
  /** Offers it the functions of this thread. Returns what travels with every request, and how to take the offer back. */
  readonly serve: (peer: Peer) => {readonly mark: () => unknown; readonly stop: () => void};
  readonly timers: Timers;
  readonly log: Log;
};

/** A request as it travels. */
export type Travelling = Pick<HttpRequest, 'method' | 'target' | 'headers' | 'peer' | 'webSocket' | 'remoteAddress'> & {
  readonly body: Uint8Array;
};

type Waiting = InLine & {
  readonly request: Travelling;
  readonly resolve: (answered: Answered) => void;
  readonly reject: (why: ApiError) => void;
};

type Running = {
  readonly thread: Thread;
  readonly peer: Peer;
  readonly served: ReturnType<HeavyThreadOptions['serve']>;
  /** For how long it has been asked and has not said anything. */
  silentMs: number;
  idleMs: number;
};

/** Workspaces take turns, and the requests of one wait in the order in which they came, within bounds for all and for each workspace. */
export function heavyThread(options: HeavyThreadOptions): HeavyThread {
  const line = new Line(options);
  return {
    answer: async (request, workspace) => line.answer(await travelling(request), workspace),
    close: () => line.close(),
  };
}

/** Identities and bodies are got from objects that cannot travel. */
async function travelling(request: HttpRequest): Promise<Travelling> {
  const {method, target, headers, peer, webSocket = false, remoteAddress} = request;
  return {method, target, headers, peer: peer && {...peer}, webSocket, remoteAddress, body: ownBytes(await request.body())};
}

const anybody = (): boolean => true;

class Line {
  readonly #options: HeavyThreadOptions;
  readonly #waiting = new FairLine<Waiting>();
  readonly #inside = new Set<Waiting>();
  /** Requests of each workspace that has some here. */
  readonly #counts = new Map<string, number>();
  #waitingBytes = 0;
  #running: Running | undefined;
  #closed = false;

  constructor(options: HeavyThreadOptions) {
    this.#options = options;
  }

  answer(request: Travelling, workspace: WorkspaceId | '*'): Promise<Answered> {
    const {waitingMax, waitingBytesMax, perWorkspaceMax} = heavyThreadLimits;
    const count = this.#counts.get(workspace) ?? 0;
    if (this.#closed) throw unavailable('the server is shutting down');
    if (count >= perWorkspaceMax || this.#waiting.size >= waitingMax || this.#waitingBytes + request.body.length > waitingBytesMax)
      throw new ApiError('TooManyRequests', 'too many large requests wait for an answer, please try again later', {retryAfterSeconds: 1});
    this.#counts.set(workspace, count + 1);
    this.#waitingBytes += request.body.length;
    return new Promise<Answered>((resolve, reject) => {
      this.#waiting.add({request, workspace, flow: '', resolve, reject});
      this.#next();
    }).finally(() => this.#left(workspace));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop('the server is shutting down');
    for (let each = this.#waiting.take(anybody); each; each = this.#waiting.take(anybody))
      each.reject(unavailable('the server is shutting down'));
  }

  #left(workspace: string): void {
    const count = (this.#counts.get(workspace) ?? 1) - 1;
    if (count > 0) this.#counts.set(workspace, count);
    else this.#counts.delete(workspace);
  }

  #next(): void {
    while (this.#inside.size < heavyThreadLimits.insideMax && !this.#closed) {
      const next = this.#waiting.take(anybody);
      if (!next) return;
      this.#waitingBytes -= next.request.body.length;
      this.#inside.add(next);
      this.#run(next);
    }
  }

  #run(each: Waiting): void {
    const {peer, served} = this.#thread();
    peer
      .ask<Answered>('answer', each.request, served.mark())
      .then(
        answered => each.resolve(answered),
        (err: Error) => each.reject(unavailable(err.message)),
      )
      .finally(() => {
        this.#inside.delete(each);
        this.#next();
      });
  }

  #thread(): Running {
    if (this.#running) return this.#running;
    this.#options.log.debug('a thread for heavy requests is started');
    const thread = this.#options.start();
    const peer = new Peer(thread.channel);
    const running: Running = {thread, peer, served: this.#options.serve(peer), silentMs: 0, idleMs: 0};
    thread.onEnd(why => {
      if (this.#running !== running) return;
      this.#options.log.error('the thread for heavy requests ended', {why});
      void this.#drop('the request was too much for the server');
    });
    this.#running = running;
    this.#watch(running);
    return running;
  }

  /** Asks again and again whether the thread lives, and lets it go when there is nothing to do. */
  #watch(running: Running): void {
    const {beatMs, silentMsMax, idleMsMax} = heavyThreadLimits;
    this.#options.timers.after(beatMs, () => {
      if (this.#running !== running) return;
      const idle = this.#inside.size === 0;
      running.idleMs = idle ? running.idleMs + beatMs : 0;
      running.silentMs = idle ? 0 : running.silentMs + beatMs;
      if (running.silentMs >= silentMsMax) {
        this.#options.log.error('the thread for heavy requests hangs and is ended', {targets: targetsOf(this.#inside)});
        void this.#drop('the request took too long');
      } else if (running.idleMs >= idleMsMax) {
        this.#options.log.debug('the thread for heavy requests has had nothing to do and is ended');
        void this.#drop('idle');
      } else {
        if (!idle && running.silentMs === beatMs) this.#ask(running);
        this.#watch(running);
      }
    });
  }

  #ask(running: Running): void {
    running.peer.ask('beat').then(
      () => {
        running.silentMs = 0;
      },
      // It is gone, and everybody was told.
      () => undefined,
    );
  }

  /** Ends the thread; what it had under way is refused. The next request starts another. */
  async #drop(why: string): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    running.served.stop();
    running.peer.end(new Error(why));
    await running.thread.kill();
  }
}

const targetsOf = (inside: Iterable<Waiting>): string =>
  [...inside].map(({request}) => `${request.method} ${loggedTarget(request.target)}`).join(', ');

const unavailable = (why: string): ApiError => new ApiError('ServiceUnavailable', why, {retryAfterSeconds: 1});
