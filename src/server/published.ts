import {ApiError} from '../api/errors.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import type {Published} from '../registry/publish.ts';
import type {Call} from './call.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';

/** Documents as they travel, by what they were made of: workspaces with equal definitions share them (architecture D8). */
export type PublishedCache = BoundedCache<string, Published>;

/** How much is kept; a document has some tens of kilobytes, and tens of megabytes where thousands of kinds are told of in one. */
const keptBytesMax = 96 * 1024 * 1024;

export const publishedCache = (): PublishedCache =>
  new BoundedCache(keptBytesMax, ({pieces}) => pieces.reduce((sum, piece) => sum + piece.length, 0));

const underWay = new WeakMap<PublishedCache, Map<string, Promise<Published>>>();

/**
 * The document of a key, made when it is not there: who asks for it meanwhile gets the same one. The key names what it is made of.
 * @throws ApiError ServiceUnavailable when it would become too long
 */
export function published(cache: PublishedCache, key: string, make: () => Promise<Published | undefined>): Promise<Published> {
  const found = cache.get(key);
  if (found) return Promise.resolve(found);
  const makings = underWay.get(cache) ?? new Map<string, Promise<Published>>();
  underWay.set(cache, makings);
  const making =
    makings.get(key) ??
    make()
      .then(made => {
        if (!made) throw new ApiError('ServiceUnavailable', 'the workspace has too many kinds for one document');
        cache.set(key, made);
        return made;
      })
      .finally(() => makings.delete(key));
  makings.set(key, making);
  return making;
}

type Headers = HttpReply['headers'];

/** Answers with a document, or with 304 to a client that has it. */
export const conditional = (call: Call, {pieces, etag}: Published, contentType: string, more: Headers = {}): HttpReply =>
  unchanged(call, etag, more) ?? {status: 200, headers: {'content-type': contentType, ...tagged(etag, more)}, body: pieces};

/** The answer to a client that has the document of this tag; undefined when it has not. */
export const unchanged = (call: Call, etag: string, more: Headers = {}): HttpReply | undefined =>
  header(call.request.headers, 'if-none-match') === `"${etag}"` ? {status: 304, headers: tagged(etag, more)} : undefined;

const tagged = (etag: string, more: Headers): Headers => ({etag: `"${etag}"`, vary: 'Accept', ...more});
