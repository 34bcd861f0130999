import type {Grant} from './rbac/grant.ts';
import type {Miss, MissOptions} from './rbac/misses.ts';

/** Who has the last word: an authorizer, and of kcp's chain its part (spec kcp 7.7), in their order. What is decided `before` asks no workspace. */
export type Stage =
  | 'groups'
  | 'paths'
  | 'before'
  | 'requiredgroups'
  | 'content'
  | 'systemcrd'
  | 'maxpermissionpolicy'
  | 'bootstrap'
  | 'local'
  | 'webhook';

export type Decision = {
  readonly allowed: boolean;
  /** Refused for good: nobody who is asked later can allow it. */
  readonly denied: boolean;
  readonly stage: Stage;
  /** Which rule decided, in words for logs and audit. Clients see `access denied` and no more; what a webhook says, they see. */
  readonly reason: string;
  /** What allowed it, where that was a role. */
  readonly grant?: Grant | undefined;
  /** What went wrong while finding out: without it the answer might be another. In words for clients. */
  readonly error?: string | undefined;
  /** Those who were asked before and had no opinion. */
  readonly earlier?: readonly Decision[];
  /** Of a refusal: what would nearly have allowed it, the nearest first; policy 0 is that of all workspaces. Found out when asked for. */
  readonly misses: (options?: MissOptions) => readonly Miss[];
};

const noMisses = (): readonly Miss[] => [];

export const allowed = (stage: Stage, reason: string, grant?: Grant): Decision => ({
  allowed: true,
  denied: false,
  stage,
  reason,
  grant,
  misses: noMisses,
});
/** No opinion: others may allow it. */
export const refused = (stage: Stage, reason: string, misses: Decision['misses'] = noMisses): Decision => ({
  allowed: false,
  denied: false,
  stage,
  reason,
  misses,
});
export const denied = (stage: Stage, reason: string): Decision => ({allowed: false, denied: true, stage, reason, misses: noMisses});
