import {isWorkspaceId, isWorkspacePath} from '../api/cluster.ts';
import {type ApiError, badRequest} from '../api/errors.ts';

/** A request target taken apart. It is parsed here and nowhere else, and never normalised: `..` and `//` must not cross workspaces (architecture D3). */
export type Target = {
  /** The workspace as it was named: a path or an id, `*` for all, undefined for the bare form. */
  readonly cluster: string | undefined;
  /** The decoded segments of the path behind the workspace; none for `/`. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
};

export const targetLimits = {targetCharsMax: 64 * 1024} as const;

/**
 * Takes a raw request target apart.
 * @throws ApiError BadRequest for targets that are not canonical or name an impossible workspace
 */
export function parseTarget(raw: string): Target {
  if (raw.length > targetLimits.targetCharsMax) throw badRequest('the request target is too long');
  const mark = raw.indexOf('?');
  const path = mark < 0 ? raw : raw.slice(0, mark);
  if (path[0] !== '/' || forbidden.test(path)) throw notCanonical();
  const segments = path === '/' ? [] : path.slice(1).split('/');
  // One slash at the end means the same path: `/apis/` is `/apis`.
  if (segments.length > 1 && segments[segments.length - 1] === '') segments.pop();
  for (let i = 0; i < segments.length; i++) segments[i] = decode(segments[i] as string);

  const query = mark < 0 ? noQuery : new URLSearchParams(raw.slice(mark + 1));
  if (segments[0] !== 'clusters') return {cluster: undefined, segments, query};
  const cluster = segments[1] ?? '';
  if (cluster !== '*' && !isWorkspaceId(cluster) && !isWorkspacePath(cluster)) {
    throw badRequest(`invalid cluster: ${JSON.stringify(cluster)} does not match the regex`);
  }
  return {cluster, segments: segments.slice(2), query};
}

const noQuery = new URLSearchParams();

// Raw control characters, spaces, backslashes and anything that is not ASCII have no place in a path; they would arrive escaped.
const forbidden = /[^\x21-\x7e]|\\|#/;

function decode(segment: string): string {
  let text = segment;
  if (segment.includes('%')) {
    try {
      text = decodeURIComponent(segment);
    } catch {
      throw badRequest('the request target is not valid: malformed percent-encoding');
    }
  }
  if (text === '' || text === '.' || text === '..' || text.includes('/') || text.includes('\0')) throw notCanonical();
  return text;
}

const notCanonical = (): ApiError => badRequest('the request target is not canonical: empty, dot or escaped segments are not accepted');

/** Go's reading of a boolean parameter: present and neither `false` nor `0` is true (spec kubernetes-api 1.3). */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

/** A boolean parameter of which it matters whether it was given. */
export const optionalFlag = (query: URLSearchParams, name: string): boolean | undefined =>
  query.has(name) ? flag(query, name) : undefined;

/**
 * A whole number parameter, or undefined when absent or empty.
 * @throws ApiError BadRequest in the words of Go's parser
 */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d{1,18}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

const durationPattern = /^[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;

/**
 * Checks that `timeout` is a duration as Go writes them. No request of this server lasts so long that it had to be ended for it.
 * @throws ApiError BadRequest
 */
export function checkTimeout(query: URLSearchParams): void {
  const text = query.get('timeout');
  if (text !== null && text !== '' && (text.length > 40 || !durationPattern.test(text)))
    throw badRequest(`invalid timeout specified in the request URL: time: invalid duration ${JSON.stringify(text.slice(0, 40))}`);
}
