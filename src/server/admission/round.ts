import type {Hook} from '../../admission/hooks.ts';

/** A webhook, or the name of a policy with its binding and its param. */
export type Mutator = Hook | string;

/** One pass over all who may change the object. */
export type Round = {
  readonly number: 0 | 1;
  readonly includes: (one: Mutator) => boolean;
  /** One has had its turn; `reinvoked`: it wants to know when others change the object after it. */
  readonly ran: (one: Mutator, reinvoked: boolean) => void;
};
