import {badRequest, tooLargeRevision} from '../api/errors.ts';
import type {Revision} from '../storage/storage.ts';
import {revisionOf} from '../storage/storage.ts';
import type {Deps} from './deps.ts';

/** How long a read waits for a revision from the future, and how often it looks (spec kubernetes-api 3.2). */
const waits = {futureMsMax: 3_000, lookEveryMs: 50} as const;

/** The revision a resourceVersion parameter names. @throws ApiError BadRequest when it is no decimal number */
export function parseRevision(text: string): Revision {
  if (!/^(0|[1-9]\d{0,15})$/.test(text)) {
    const value = JSON.stringify(text.slice(0, 40));
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${value}: strconv.ParseUint: parsing ${value}: invalid syntax`,
    );
  }
  return revisionOf(Number(text));
}

/** Waits until the store has reached a revision. @throws ApiError Timeout with the cause ResourceVersionTooLarge */
export async function reached(deps: Deps, wanted: Revision): Promise<void> {
  for (let waitedMs = 0; deps.store.revision() < wanted; waitedMs += waits.lookEveryMs) {
    if (waitedMs >= waits.futureMsMax) throw tooLargeRevision(wanted, deps.store.revision());
    await new Promise<void>(resolve => void deps.world.after(waits.lookEveryMs, resolve));
  }
}
