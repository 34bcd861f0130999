/**
 * Who gets how much of the server (docs/decisions/0007-fairness.md): places in flight, and time of the event loop, each by user and by workspace. Whoever
 * stays within what is theirs goes through at once; who does not waits in a line in which all take turns, and is told to come back later when that takes
 * too long.
 */
import {ApiError} from '../api/errors.ts';
import type {Timers} from '../api/world.ts';
import type {User} from '../auth/user.ts';
import {Accounts} from './accounts.ts';
import {type FairnessLimits, waitLimits} from './limits.ts';
import {FairLine, type InLine} from './line.ts';
import type {LoopTime} from './loop-time.ts';
import {type Payer, type Sort, Visit, type VisitKeeper} from './visit.ts';
import {type FlowSchema, flowSchemaOf, whose} from './whose.ts';

/** Why somebody was sent away, in Kubernetes' words, and one of our own. */
export type Rejection = 'queue-full' | 'time-out' | 'too-many-watches';

export type Asking = {
  readonly user: User;
  /** Where it is asked, whether or not the user may. */
  readonly workspace: string;
  readonly sort: Sort;
  /** Whether it may take long, and hold much meanwhile. */
  readonly isList: boolean;
  /** Aborted when nobody waits for an answer any more. Asked for only where somebody has to wait. */
  readonly gone: () => AbortSignal;
};

type Waiter = InLine & {
  readonly payer: Payer;
  readonly sort: Sort;
  readonly isList: boolean;
  readonly letIn: (visit: Visit) => void;
};

type Piece = InLine & {readonly goOn: () => void};

type Options = {readonly limits: FairnessLimits; readonly time: LoopTime; readonly timers: Timers};

export class Fairness implements VisitKeeper {
  readonly time: LoopTime;
  readonly #limits: FairnessLimits;
  readonly #timers: Timers;
  readonly #users: Accounts;
  readonly #workspaces: Accounts;
  readonly #usersIn: Accounts;
  /** Places taken, of those that are limited, and requests that take none. */
  readonly #taken = {readOnly: 0, mutating: 0, watch: 0};
  readonly #beside = {readOnly: 0, mutating: 0, watch: 0};
  /** Those who wait until somebody leaves, and those who spent too much, who wait for a round of the loop besides. */
  readonly #lacking = new FairLine<Waiter>();
  readonly #behind = new FairLine<Waiter>();
  #lettingIn = false;
  /** What a piece of those who had to wait takes, at the upper end. */
  #pieceMs: number = waitLimits.letInMsMax;
  readonly #pieces = new FairLine<Piece>();
  readonly #waitingBySchema = new Map<FlowSchema, number>();
  readonly #rejected = new Map<string, {readonly schema: FlowSchema; readonly why: Rejection; count: number}>();

  constructor({limits, time, timers}: Options) {
    this.time = time;
    this.#limits = limits;
    this.#timers = timers;
    this.#users = new Accounts(limits.loopPerUser, waitLimits.idleAccountsMax);
    this.#workspaces = new Accounts(limits.loopPerWorkspace, waitLimits.idleAccountsMax);
    this.#usersIn = new Accounts(noTime, waitLimits.idleAccountsMax);
  }

  /** Lets in what nothing holds up, as Kubernetes does with system:masters and probes. It counts all the same. */
  exempt(sort: Sort): Visit {
    this.#beside[sort]++;
    return new Visit(this, sort);
  }

  /** Lets a request in, at once or when it is its turn. Whoever has the visit ends it. @throws ApiError TooManyRequests */
  enter(asking: Asking): Visit | Promise<Visit> {
    const {sort} = asking;
    const nowMs = this.time.now();
    const {user: userName, workspace} = whose(asking.user, asking.workspace);
    const user = this.#users.of(userName, nowMs);
    const ofWorkspace = this.#workspaces.of(workspace, nowMs);
    const here = this.#usersIn.of(`${userName}\n${workspace}`, nowMs);
    const payer: Payer = {user, here, ofWorkspace, workspace, flow: userName};
    if (sort === 'watch') {
      const many = this.#tooManyWatches(payer);
      if (many !== undefined) throw this.#reject(flowSchemaOf(asking.user), 'too-many-watches', many, 1);
    }
    const behind = user.isBehind(nowMs) || ofWorkspace.isBehind(nowMs);
    // Nobody overtakes who lacks a place: had they been able to take this one, they would have been given it.
    if (!behind && this.#hasPlace(payer, sort)) return this.#letIn(payer, sort, false);
    return this.#wait(asking, payer, behind ? this.#behind : this.#lacking);
  }

  /** Lets others in between two pieces of long work: those of requests one in a round of the event loop, in turns. */
  readonly turn = (): Promise<void> => {
    const visit = this.time.current;
    if (!(visit instanceof Visit)) return this.#timers.turn();
    return this.time.suspend(
      new Promise<void>(resolve => {
        const goOn = (): void => {
          visit.noteTurn(-1);
          resolve();
          if (this.#behind.size > 0) this.#letBehindIn();
        };
        visit.noteTurn(1);
        this.#pieces.add({workspace: visit.workspace, flow: visit.flow, goOn});
        if (this.#pieces.size === 1) void this.#goOn();
      }),
    );
  };

  took(ms: number): void {
    // Up at once and down slowly: among many small pieces there may be a large one.
    this.#pieceMs = Math.max(ms, this.#pieceMs - this.#pieceMs / 16);
  }

  ended(visit: Visit): void {
    const {sort, isLimited} = visit;
    this.time.end(visit);
    (isLimited ? this.#taken : this.#beside)[sort]--;
    if (!isLimited) return;
    while (this.#lacking.size > 0 && this.#letNextIn(this.#lacking));
    if (this.#behind.size > 0) this.#letBehindIn();
  }

  /** Requests that are being worked on. */
  executing(sort: Sort): number {
    return this.#taken[sort] + this.#beside[sort];
  }

  waiting(schema: FlowSchema): number {
    return this.#waitingBySchema.get(schema) ?? 0;
  }

  /** How often whom was sent away for what. */
  rejections(): Iterable<{readonly schema: FlowSchema; readonly why: Rejection; readonly count: number}> {
    return this.#rejected.values();
  }

  /** Accounts held of users and of workspaces. */
  get accounts(): number {
    return this.#users.size + this.#workspaces.size + this.#usersIn.size;
  }

  /**
   * No workspace may have more places than are left, and no user in it more than half of that: so a workspace alone gets half, a user alone a third, and
   * whoever comes last finds one free, also in a workspace of which one user has as many as there are to have.
   */
  #hasPlace(payer: Payer, sort: Sort): boolean {
    if (sort === 'watch') return this.#tooManyWatches(payer) === undefined;
    const {here, ofWorkspace} = payer;
    const {perUserMax, perWorkspaceMax} = this.#limits;
    const max = sort === 'readOnly' ? this.#limits.readOnlyMax : this.#limits.mutatingMax;
    const free = max === 0 ? Number.POSITIVE_INFINITY : max - this.#taken[sort];
    return (
      here[sort] < Math.min(free / 2, perUserMax || Number.POSITIVE_INFINITY) &&
      ofWorkspace[sort] < Math.min(free, perWorkspaceMax || Number.POSITIVE_INFINITY)
    );
  }

  #letIn(payer: Payer, sort: Sort, waited: boolean): Visit {
    this.#taken[sort]++;
    return new Visit(this, sort, payer, waited);
  }

  #tooManyWatches({user, ofWorkspace}: Payer): string | undefined {
    const {watchesPerUserMax, watchesPerWorkspaceMax} = this.#limits;
    if (watchesPerUserMax > 0 && user.watches >= watchesPerUserMax) return `a user may have ${watchesPerUserMax} watches open`;
    if (watchesPerWorkspaceMax > 0 && ofWorkspace.watches >= watchesPerWorkspaceMax)
      return `a workspace may have ${watchesPerWorkspaceMax} watches open`;
    return undefined;
  }

  #wait({user: asker, sort, isList, gone}: Asking, payer: Payer, line: FairLine<Waiter>): Promise<Visit> {
    const schema = flowSchemaOf(asker);
    const {here, ofWorkspace, workspace} = payer;
    const {perUserMax, perWorkspaceMax, waitingMax, waitMsMax} = waitLimits;
    const free = waitingMax - this.#lacking.size - this.#behind.size;
    if (here.waiting >= Math.min(free, perUserMax))
      throw this.#reject(schema, 'queue-full', 'too many requests of this user wait for their turn', this.#retryIn(payer));
    if (ofWorkspace.waiting >= Math.min(free, perWorkspaceMax))
      throw this.#reject(schema, 'queue-full', 'too many requests to this workspace wait for their turn', this.#retryIn(payer));

    return new Promise<Visit>((resolve, reject) => {
      const signal = gone();
      const left = (): void => {
        cancel();
        signal.removeEventListener('abort', leave);
        this.#noteWaiting(payer, schema, -1);
      };
      // Different things are waited for.
      const flow = `${payer.flow}\n${isList ? 'list' : sort}`;
      const waiter: Waiter = {workspace, flow, payer, sort, isList, letIn};
      function letIn(visit: Visit): void {
        left();
        resolve(visit);
      }
      const giveUp = (why: () => ApiError): void => {
        if (!line.remove(waiter)) return;
        left();
        reject(why());
      };
      const leave = (): void => giveUp(() => tooMany('nobody waits for it', 1));
      const late = (): ApiError => this.#reject(schema, 'time-out', 'it was not its turn in time', this.#retryIn(payer));
      const cancel = this.#timers.after(waitMsMax, () => giveUp(late));
      signal.addEventListener('abort', leave, {once: true});
      line.add(waiter);
      this.#noteWaiting(payer, schema, 1);
      if (signal.aborted) leave();
      if (line === this.#behind) this.#letBehindIn();
    });
  }

  #noteWaiting({here, ofWorkspace}: Payer, schema: FlowSchema, by: 1 | -1): void {
    here.waiting += by;
    ofWorkspace.waiting += by;
    this.#waitingBySchema.set(schema, this.waiting(schema) + by);
  }

  /** False when nobody in a line may come in. */
  #letNextIn(line: FairLine<Waiter>): boolean {
    const next = line.take(({payer, sort, isList}) => this.#hasPlace(payer, sort) && !(isList && line === this.#behind && hasLists(payer)));
    next?.letIn(this.#letIn(next.payer, next.sort, line === this.#behind));
    return next !== undefined;
  }

  /** Begins to let those in who are behind, if that is not under way: a few in each round of the loop, until nobody is left, or nobody finds a place. */
  #letBehindIn(): void {
    if (this.#lettingIn) return;
    this.#lettingIn = true;
    void this.#letInByRounds();
  }

  async #letInByRounds(): Promise<void> {
    for (let some = true; some && this.#behind.size > 0; ) {
      await this.#timers.turn();
      some = false;
      const {letInMsMax, letInMax} = waitLimits;
      for (let left = Math.min(Math.max(1, letInMsMax / this.#pieceMs), letInMax); left >= 1; left--) {
        if (!this.#letNextIn(this.#behind)) break;
        some = true;
      }
    }
    this.#lettingIn = false;
  }

  async #goOn(): Promise<void> {
    while (this.#pieces.size > 0) {
      await this.#timers.turn();
      this.#pieces.take(() => true)?.goOn();
    }
  }

  /** Seconds until there is time again for whoever pays; at least one. */
  #retryIn({user, ofWorkspace}: Payer): number {
    const nowMs = this.time.now();
    const ms = Math.max(user.behindForMs(nowMs), ofWorkspace.behindForMs(nowMs));
    return Math.min(Math.max(1, Math.ceil(ms / 1000)), waitLimits.retrySecondsMax);
  }

  #reject(schema: FlowSchema, why: Rejection, text: string, retryAfterSeconds: number): ApiError {
    const key = `${schema} ${why}`;
    const counted = this.#rejected.get(key);
    if (counted) counted.count++;
    else this.#rejected.set(key, {schema, why, count: 1});
    return tooMany(text, retryAfterSeconds);
  }
}

const noTime = {msPerSecond: 0, burstMs: 0} as const;

/** Who is behind gains nothing by having more long lists under way: they would only take memory. What hangs elsewhere does not count. */
const hasLists = ({here}: Payer): boolean => here.pieces >= waitLimits.piecesBehindMax;

const tooMany = (why: string, retryAfterSeconds: number): ApiError =>
  new ApiError('TooManyRequests', `Too many requests, please try again later. (${why})`, {retryAfterSeconds});
