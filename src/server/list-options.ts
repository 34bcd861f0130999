import {badRequest, expired, invalid} from '../api/errors.ts';
import type {FieldError} from '../api/field-error.ts';
import {forbiddenField, notSupported} from '../api/field-error.ts';
import type {Key, Range, Revision} from '../storage/storage.ts';
import {Compacted} from '../storage/storage.ts';
import type {Deps} from './deps.ts';
import {parseRevision, reached} from './revisions.ts';
import {flag, integer, optionalFlag} from './target.ts';

/** Where a list starts and at which moment. */
export type ListStart = {
  /** 0 or less means all. */
  readonly limit: number;
  readonly at: Revision;
  readonly after: Key | undefined;
  /** How many items earlier pages held. */
  readonly seen: number;
  /** How many there were in all when the first page was read; counted once, since every count walks the range. */
  readonly total: number | undefined;
};

const selfDescribing = 'meta.k8s.io/v1';

/**
 * Reads limit, continue, resourceVersion and resourceVersionMatch (spec kubernetes-api 4.1, 4.2), waiting for a revision from the future.
 * @throws ApiError BadRequest, Invalid (of ListOptions), Expired, Timeout
 */
export async function listStart(deps: Deps, query: URLSearchParams, range: Range): Promise<ListStart> {
  const limit = integer(query, 'limit') ?? 0;
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const token = query.get('continue') ?? '';
  const errors = matchErrors(version, match, token);
  if (optionalFlag(query, 'sendInitialEvents') !== undefined)
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (errors.length > 0) throw invalid('meta.k8s.io', 'ListOptions', '', errors);

  if (token) {
    if (version && version !== '0') throw badRequest('specifying resource version is not allowed when using continue');
    return {limit, ...resume(deps, token, range)};
  }
  const wanted = version ? parseRevision(version) : undefined;
  if (wanted) await reached(deps, wanted);
  const exact = wanted && (match === 'Exact' || (match === '' && limit > 0));
  const at = exact ? wanted : deps.store.revision();
  if (at < deps.store.compacted()) throw tooOld(at, deps.store.compacted());
  return {limit, at, after: undefined, seen: 0, total: undefined};
}

function matchErrors(version: string, match: string, token: string): FieldError[] {
  if (match === '') return [];
  if (match !== 'Exact' && match !== 'NotOlderThan') return [notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', ''])];
  if (token) return [forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')];
  if (version === '')
    return [forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided')];
  if (version === '0' && match === 'Exact') {
    return [forbiddenField('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')];
  }
  return [];
}

/** A token for the page behind `after`; clients treat it as opaque, its form is Kubernetes'. */
export const continueToken = (range: Range, at: Revision | -1, after: Key, {seen, total}: Counted): string =>
  Buffer.from(JSON.stringify({v: selfDescribing, rv: at, start: `${after.slice(range.length)}\0`, n: seen, t: total})).toString(
    'base64url',
  );

type Counted = Pick<ListStart, 'seen' | 'total'>;

function resume(deps: Deps, token: string, range: Range): Omit<ListStart, 'limit'> {
  const {rv, start, n, t} = parseToken(token);
  const after = `${range}${start.slice(0, -1)}` as Key;
  const counted = {seen: Number.isSafeInteger(n) ? Number(n) : 0, total: Number.isSafeInteger(t) ? Number(t) : undefined};
  if (rv === -1) return {at: deps.store.revision(), after, ...counted};
  if (rv > deps.store.revision()) throw invalidToken();
  if (rv < deps.store.compacted()) {
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      continueToken(range, -1, after, counted),
    );
  }
  return {at: rv as Revision, after, ...counted};
}

function parseToken(token: string): {rv: number; start: string; n: unknown; t: unknown} {
  let parsed: {v?: unknown; rv?: unknown; start?: unknown; n?: unknown; t?: unknown} | null;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString()) as typeof parsed;
  } catch {
    throw invalidToken();
  }
  const {v, rv, start, n, t} = parsed ?? {};
  const sound = v === selfDescribing && Number.isSafeInteger(rv) && typeof start === 'string' && /^[\x21-\x7e]{1,700}\0$/.test(start);
  if (!sound || start.split('/').some(s => s === '..' || s === '.' || s === '')) throw invalidToken();
  return {rv: rv as number, start, n, t};
}

const invalidToken = () => badRequest('invalid continue token: continue key is not valid');

export const tooOld = (wanted: number, oldest: number) => expired(`too old resource version: ${wanted} (${oldest})`);

/** A store's refusal of an old moment, in the words clients know. */
export const asExpired = (err: unknown, wanted: number): unknown => (err instanceof Compacted ? tooOld(wanted, err.oldest) : err);

/** The options of a watch (spec kubernetes-api 4.2). */
export type WatchOptions = {
  /** Undefined: the most recent; 0: any. */
  readonly since: Revision | undefined;
  readonly bookmarks: boolean;
  /** Undefined: as the resourceVersion implies. */
  readonly sendInitialEvents: boolean | undefined;
  readonly timeoutSeconds: number | undefined;
};

/** @throws ApiError BadRequest, Invalid (of ListOptions) */
export function watchOptions(query: URLSearchParams): WatchOptions {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = optionalFlag(query, 'sendInitialEvents');
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && match === '') {
    errors.push(forbiddenField('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  } else if (sendInitialEvents === undefined && match !== '') {
    errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  } else if (match !== '' && match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
  if (query.get('continue')) errors.push(forbiddenField('continue', 'continue is forbidden for watch'));
  if (errors.length > 0) throw invalid('meta.k8s.io', 'ListOptions', '', errors);
  return {
    since: version === '' ? undefined : parseRevision(version),
    bookmarks: flag(query, 'allowWatchBookmarks'),
    sendInitialEvents,
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  };
}
