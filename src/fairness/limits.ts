import type {Allowance} from './accounts.ts';

/** What an operator may set. Of everything that is counted, 0 is without limit. */
export type FairnessLimits = {
  /** Requests in flight that only read, and that write, watches aside. */
  readonly readOnlyMax: number;
  readonly mutatingMax: number;
  /** The same of one user in one workspace, and of one workspace. Whatever they are, a workspace has no more than there are places left, and a user half of that. */
  readonly perUserMax: number;
  readonly perWorkspaceMax: number;
  /** Who spends more of the event loop waits behind those who do not. */
  readonly loopPerUser: Allowance;
  readonly loopPerWorkspace: Allowance;
  readonly watchesPerUserMax: number;
  readonly watchesPerWorkspaceMax: number;
};

/** Those of the waiting. */
export const waitLimits = {
  /** After which a request that waited for its turn is refused. */
  waitMsMax: 5_000,
  waitingMax: 4_000,
  /** As many as the largest burst of client-go. */
  perUserMax: 300,
  perWorkspaceMax: 900,
  /** Requests of a user who is behind whose long work waits for turns; while there are so many, no further lists are let in. */
  piecesBehindMax: 8,
  /** What is let in between two rounds of the event loop may take about so long, and is no more than so many. */
  letInMsMax: 2,
  letInMax: 32,
  /** A client is told to come back within this. */
  retrySecondsMax: 10,
  /** Accounts that are idle and remembered, as they are behind. */
  idleAccountsMax: 4_096,
} as const;
