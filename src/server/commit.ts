import {ApiError} from '../api/errors.ts';
import type {Entry, Op} from '../storage/storage.ts';
import {Unavailable, Unexpected} from '../storage/storage.ts';
import type {Deps} from './deps.ts';

export const commitLimits = {
  /** How often a write is begun anew because something it depends on changed meanwhile. */
  triesMax: 20,
} as const;

/**
 * Commits an object's own operation and what rules added. Undefined means that something changed meanwhile and the write has to be
 * begun anew; `own` tells whether it was the object itself.
 */
export async function commit(deps: Deps, op: Exclude<Op, {check: unknown}>, also: readonly Op[]): Promise<Entry | {readonly own: boolean}> {
  try {
    const {revisions} = await deps.store.commit([op, ...also]);
    const value = 'put' in op ? op.value : new Uint8Array();
    return {key: 'put' in op ? op.put : op.delete, revision: revisions[0] as Entry['revision'], value};
  } catch (err) {
    if (err instanceof Unexpected) return {own: err.op === 0};
    if (err instanceof Unavailable) {
      deps.log.warn('the store refused a write', {error: err.message});
      throw new ApiError('ServiceUnavailable', 'the store takes no writes at the moment', {retryAfterSeconds: 1});
    }
    throw err;
  }
}

export const isCommitted = (outcome: Entry | {readonly own: boolean}): outcome is Entry => 'key' in outcome;

export const tooManyTries = (): ApiError =>
  new ApiError('Conflict', 'the objects this write depends on change too fast; please try again', {retryAfterSeconds: 1});
