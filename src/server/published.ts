import type {JsonObject} from '../api/json.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import type {Published} from '../registry/openapi.ts';
import {publish} from '../registry/openapi.ts';
import type {Call} from './call.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';

/** Documents as they travel, by what they were made of: workspaces with equal definitions share them (architecture D8). */
export type PublishedCache = BoundedCache<string, Kept>;
type Kept = Published & {readonly protobuf?: Uint8Array};

/** How much is kept; a document has some tens of kilobytes, and tens of megabytes where thousands of kinds are told of in one. */
const keptBytesMax = 96 * 1024 * 1024;

export const publishedCache = (): PublishedCache =>
  new BoundedCache(keptBytesMax, ({bytes, protobuf}) => bytes.length + (protobuf?.length ?? 0));

/** The document of `name` out of kinds with this `hash`, made when it is not there. */
export const published = (cache: PublishedCache, hash: string, name: string, make: () => JsonObject): Published =>
  cache.getOrMake(`${hash} ${name}`, () => publish(make()));

const underWay = new WeakMap<PublishedCache, Map<string, Promise<Kept | undefined>>>();

/** The same for a document that takes a while: who asks for it meanwhile gets the same one. */
export function publishedLater(cache: PublishedCache, key: string, make: () => Promise<Kept | undefined>): Promise<Kept | undefined> {
  const found = cache.get(key);
  if (found) return Promise.resolve(found);
  const makings = underWay.get(cache) ?? new Map<string, Promise<Kept | undefined>>();
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
  return making;
}

/** Answers with a document, or with 304 to a client that has it. */
export function conditional(call: Call, {bytes, etag}: Published, contentType: string, more: HttpReply['headers'] = {}): HttpReply {
  const tag = `"${etag}"`;
  const headers = {etag: tag, vary: 'Accept', ...more};
  if (header(call.request.headers, 'if-none-match') === tag) return {status: 304, headers};
  return {status: 200, headers: {'content-type': contentType, ...headers}, body: bytes};
}
