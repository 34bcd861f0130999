import type {Account} from './accounts.ts';
import type {InLine} from './line.ts';
import type {Spender} from './loop-time.ts';

/** What a request takes a place among. Watches take none. */
export type Sort = 'readOnly' | 'mutating' | 'watch';

/** Whose request it is. */
export type Payer = InLine & {
  /** Of the user everywhere: pays for time, and has watches. */
  readonly user: Account;
  /** Of the user within the workspace: has places. What hangs in one workspace takes nobody's places in another. */
  readonly here: Account;
  readonly ofWorkspace: Account;
};

/** Is told of visits: of the end of each once. */
export type VisitKeeper = {
  /** A piece of work of a request that had waited took so long. */
  took(ms: number): void;
  ended(visit: Visit): void;
};

/** A request that was let in: it holds its place, and pays for its time, until it leaves. */
export class Visit implements Spender, InLine {
  readonly workspace: string;
  readonly flow: string;
  readonly sort: Sort;
  readonly #keeper: VisitKeeper;
  readonly #payer: Payer | undefined;
  readonly #waited: boolean;
  #inWorkspace = false;
  #over = false;

  /** `payer` is absent where nothing is limited. */
  constructor(keeper: VisitKeeper, sort: Sort, payer?: Payer, waited = false) {
    this.#keeper = keeper;
    this.sort = sort;
    this.#payer = payer;
    this.#waited = waited;
    this.workspace = payer?.workspace ?? '';
    this.flow = payer?.flow ?? '';
    this.#count(1);
  }

  get isLimited(): boolean {
    return this.#payer !== undefined;
  }

  /** It is known that the user may do it: from now on the workspace pays as well. Strangers cannot spend what is a workspace's. */
  allowed(): void {
    this.#inWorkspace = true;
  }

  /** Its long work begins or ends to wait for a turn. */
  noteTurn(by: 1 | -1): void {
    if (this.#payer) this.#payer.here.pieces += by;
  }

  spent(ms: number, nowMs: number): void {
    this.#payer?.user.spend(ms, nowMs);
    if (this.#inWorkspace) this.#payer?.ofWorkspace.spend(ms, nowMs);
    if (this.#waited) this.#keeper.took(ms);
  }

  /** It is over, whatever came of it. Called again it does nothing. */
  leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#count(-1);
    this.#keeper.ended(this);
  }

  #count(by: 1 | -1): void {
    if (!this.#payer) return;
    const {user, here, ofWorkspace} = this.#payer;
    count(this.sort === 'watch' ? user : here, this.sort, by);
    count(ofWorkspace, this.sort, by);
  }
}

function count(account: Account, sort: Sort, by: 1 | -1): void {
  if (sort === 'readOnly') account.readOnly += by;
  else if (sort === 'mutating') account.mutating += by;
  else account.watches += by;
}
