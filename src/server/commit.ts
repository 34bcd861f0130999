import {ApiError, tooLarge} from '../api/errors.ts';
import type {KubeObject} from '../api/object.ts';
import {putOp} from '../registry/ops.ts';
import type {Change, Committed, Entry, Expect, Key, Op} from '../storage/storage.ts';
import {Unavailable, Unexpected} from '../storage/storage.ts';
import type {Deps} from './deps.ts';
import type {Writer} from './field-owners.ts';

export const commitLimits = {
  /** How often a write is begun anew because something it depends on changed meanwhile. */
  triesMax: 20,
  /** Of one object, as etcd has it: what is stored today must fit there tomorrow. */
  storedBytesMax: 1.5 * 1024 * 1024,
} as const;

/** Why nothing was committed. */
export type Refused = {
  /** Whether it was the object itself that changed meanwhile. */
  readonly own: boolean;
  /** How many there are of what may not become more: trying again is no use. */
  readonly counted?: number;
};

/**
 * Commits an object's own operation and what rules added. What is refused has to be begun anew, as something changed meanwhile, unless it is because of a
 * count.
 */
export async function commit(deps: Deps, op: Change, also: readonly Op[]): Promise<Entry | Refused> {
  const done = await tryCommit(deps, [op, ...also]);
  if ('own' in done) return done;
  const value = 'put' in op ? op.value : new Uint8Array();
  return {key: 'put' in op ? op.put : op.delete, revision: done.revisions[0] as Entry['revision'], value};
}

/** What the counts among some ops would say to them, without writing anything: how many there are, where that is too many. */
export async function counted(deps: Deps, ops: readonly Op[]): Promise<number | undefined> {
  const [first, ...more] = ops.filter(op => 'count' in op);
  const done = first && (await tryCommit(deps, [first, ...more]));
  return done && 'own' in done ? done.counted : undefined;
}

async function tryCommit(deps: Deps, ops: readonly [Op, ...Op[]]): Promise<Committed | Refused> {
  try {
    return await deps.store.commit(ops);
  } catch (err) {
    if (err instanceof Unexpected) {
      const isCount = 'count' in (ops[err.op] as Op);
      return {own: err.op === 0, ...(isCount && {counted: Number(err.actual)})};
    }
    if (err instanceof Unavailable) {
      deps.log.warn('the store refused a write', {error: err.message});
      throw new ApiError('ServiceUnavailable', 'the store takes no writes at the moment', {retryAfterSeconds: 1});
    }
    throw err;
  }
}

/**
 * Stores a client's object. One that is too large only because of who owns what in it goes without that, as in Kubernetes, unless that is what was written
 * (spec kubernetes-api 2.7).
 * @throws ApiError RequestEntityTooLarge
 */
export function storeOp(key: Key, object: KubeObject, expect: Expect, by: Writer): Extract<Op, {put: Key}> {
  const {storedBytesMax} = commitLimits;
  const op = putOp(key, object, expect);
  if (op.value.length <= storedBytesMax) return op;
  if (!by.applied && object.metadata.managedFields) {
    delete object.metadata.managedFields;
    return storeOp(key, object, expect, by);
  }
  const size = op.value.length;
  throw tooLarge(`Request entity too large: the object would take ${size} bytes in storage, where the limit is ${storedBytesMax}`);
}

export const isCommitted = (outcome: Entry | Refused): outcome is Entry => 'key' in outcome;

export const tooManyTries = (): ApiError =>
  new ApiError('Conflict', 'the objects this write depends on change too fast; please try again', {retryAfterSeconds: 1});
