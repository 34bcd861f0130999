import type {JsonObject} from '../api/json.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import type {Published} from '../registry/openapi.ts';
import {publish} from '../registry/openapi.ts';
import type {Call} from './call.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';

/** Documents as they travel, by what they were made of: workspaces with equal definitions share them (architecture D8). */
export type PublishedCache = BoundedCache<string, Kept>;
type Kept = Published | InPieces;
/** A long document: nobody has to put all of it into one piece. */
export type InPieces = {readonly pieces: readonly Uint8Array[]; readonly etag: string};

/** How much is kept; a document has some tens of kilobytes, and tens of megabytes where thousands of kinds are told of in one. */
const keptBytesMax = 96 * 1024 * 1024;

export const publishedCache = (): PublishedCache =>
  new BoundedCache(keptBytesMax, kept => ('bytes' in kept ? kept.bytes.length : kept.pieces.reduce((sum, piece) => sum + piece.length, 0)));

/** The document of `name` out of kinds with this `hash`, made when it is not there. */
export const published = (cache: PublishedCache, hash: string, name: string, make: () => JsonObject): Published =>
  cache.getOrMake(`${hash} ${name}`, () => publish(make())) as Published;

const underWay = new WeakMap<PublishedCache, Map<string, Promise<InPieces | undefined>>>();

/** The same for a document that takes a while: who asks for it meanwhile gets the same one. */
export function publishedLater<D extends InPieces | undefined>(cache: PublishedCache, key: string, make: () => Promise<D>): Promise<D> {
  const found = cache.get(key);
  if (found) return Promise.resolve(found as D);
  const makings = underWay.get(cache) ?? new Map<string, Promise<InPieces | undefined>>();
  underWay.set(cache, makings);
  const making =
    makings.get(key) ??
    make()
      .then(made => {
        if (made) cache.set(key, made);
        return made;
      })
      .finally(() => makings.delete(key));
  makings.set(key, making);
  return making as Promise<D>;
}

type Headers = HttpReply['headers'];

/** Answers with a document, or with 304 to a client that has it. */
export function conditional(call: Call, kept: Kept, contentType: string, more: Headers = {}): HttpReply {
  const body = 'bytes' in kept ? kept.bytes : kept.pieces;
  return unchanged(call, kept.etag, more) ?? {status: 200, headers: {'content-type': contentType, ...tagged(kept.etag, more)}, body};
}

/** The answer to a client that has the document of this tag; undefined when it has not. */
export const unchanged = (call: Call, etag: string, more: Headers = {}): HttpReply | undefined =>
  header(call.request.headers, 'if-none-match') === `"${etag}"` ? {status: 304, headers: tagged(etag, more)} : undefined;

const tagged = (etag: string, more: Headers): Headers => ({etag: `"${etag}"`, vary: 'Accept', ...more});
