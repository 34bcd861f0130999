import {Compacted, type Key, revisionOf, Unavailable, Unexpected, Unreadable} from '../storage/storage.ts';

/** An error on its way to another thread, where its class would be lost. */
type Packed =
  | {readonly is: 'Unexpected'; readonly op: number; readonly actual: number | 'absent'}
  | {readonly is: 'Unreadable'; readonly key: Key; readonly why: string}
  | {readonly is: 'Compacted'; readonly message: string; readonly oldest: number}
  | {readonly is: 'Unavailable' | 'RangeError' | 'TypeError' | 'Error'; readonly message: string};

export function packError(err: unknown): Packed {
  if (err instanceof Unexpected) return {is: 'Unexpected', op: err.op, actual: err.actual};
  if (err instanceof Compacted) return {is: 'Compacted', message: err.message, oldest: err.oldest};
  if (err instanceof Unreadable) return {is: 'Unreadable', key: err.key, why: err.why};
  const message = err instanceof Error ? err.message : String(err);
  if (err instanceof Unavailable) return {is: 'Unavailable', message};
  return {is: err instanceof RangeError ? 'RangeError' : err instanceof TypeError ? 'TypeError' : 'Error', message};
}

/** The same error again; of errors that are nobody's in particular only the message is left. */
export function unpackError(why: unknown): Error {
  const packed = why as Packed;
  switch (packed.is) {
    case 'Unexpected':
      return new Unexpected(packed.op, packed.actual === 'absent' ? 'absent' : revisionOf(packed.actual));
    case 'Unreadable':
      return new Unreadable(packed.key, packed.why);
    case 'Compacted':
      return new Compacted(packed.message, revisionOf(packed.oldest));
    case 'Unavailable':
      return new Unavailable(packed.message);
    case 'RangeError':
      return new RangeError(packed.message);
    case 'TypeError':
      return new TypeError(packed.message);
    case 'Error':
      return new Error(packed.message);
  }
}
