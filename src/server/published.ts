import type {JsonObject} from '../api/json.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import type {Published} from '../registry/openapi.ts';
import {publish} from '../registry/openapi.ts';
import type {Call} from './call.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';

/** Documents as they travel, by what they were made of: workspaces with equal definitions share them (architecture D8). */
export type PublishedCache = BoundedCache<string, Published & {readonly protobuf?: Uint8Array}>;

/** How many documents are kept; one has some tens of kilobytes, rarely a megabyte. */
const documentsMax = 300;

export const publishedCache = (): PublishedCache => new BoundedCache(documentsMax);

/** The document of `name` out of kinds with this `hash`, made when it is not there. */
export const published = (cache: PublishedCache, hash: string, name: string, make: () => JsonObject): Published =>
  cache.getOrMake(`${hash} ${name}`, () => publish(make()));

/** Answers with a document, or with 304 to a client that has it. */
export function conditional(call: Call, {bytes, etag}: Published, contentType: string, more: HttpReply['headers'] = {}): HttpReply {
  const tag = `"${etag}"`;
  const headers = {etag: tag, vary: 'Accept', ...more};
  if (header(call.request.headers, 'if-none-match') === tag) return {status: 304, headers};
  return {status: 200, headers: {'content-type': contentType, ...headers}, body: bytes};
}
