import type {Json} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {glance, isVerbatim, splice, view} from '../registry/view.ts';
import type {Entry, Key, Range} from '../storage/storage.ts';
import {converted} from './convert.ts';
import type {Exchange} from './exchange.ts';
import type {ListStart} from './list-options.ts';
import {continueToken} from './list-options.ts';
import type {Selection} from './selection.ts';

/** How lists are cut: what is read and encoded between two turns of the event loop, and what is held before it is sent in pieces. */
export const listLimits = {
  sliceEntriesMax: 500,
  /** Where every object has to be parsed to be shown. */
  parsedEntriesMax: 100,
  sliceBytesMax: 1024 * 1024,
  heldBytesMax: 8 * 1024 * 1024,
} as const;

export type ListMeta = {readonly resourceVersion: string; readonly continue?: string; readonly remainingItemCount?: number};

/** Reads a list slice by slice; what it returns last is the metadata of the whole list. */
export type Slices = AsyncGenerator<readonly Entry[], ListMeta, void>;

export async function* readSlices(x: Exchange, range: Range, start: ListStart, selection: Selection): Slices {
  const {store} = x.deps;
  const {limit, at} = start;
  const moved = x.as.mediaType === 'application/json' && !x.as.as;
  const entriesMax = moved ? listLimits.sliceEntriesMax : listLimits.parsedEntriesMax;
  let after = start.after;
  let left = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  for (;;) {
    const page = await store.list(range, {
      limit: Math.min(left, entriesMax),
      bytesMax: listLimits.sliceBytesMax,
      at,
      ...(after && {after}),
    });
    const entries = x.resource.conversion ? await converted(x, page.entries) : page.entries;
    const chosen = selection.all ? entries : entries.filter(entry => selection.matches(glance(x.resource, entry)));
    left -= chosen.length;
    after = page.entries.at(-1)?.key ?? after;
    yield chosen;
    if (page.more) await x.deps.world.turn();
    if (!page.more) return {resourceVersion: String(at)};
    if (left <= 0) return pageMeta(x, range, start, after as Key, selection);
  }
}

async function pageMeta(x: Exchange, range: Range, start: ListStart, after: Key, selection: Selection): Promise<ListMeta> {
  const seen = start.seen + start.limit;
  // Of a selection nobody knows how many are left.
  const total = selection.all ? (start.total ?? (await countUpTo(x, range))) : undefined;
  const meta = {resourceVersion: String(start.at), continue: continueToken(range, start.at, after, {seen, total})};
  return total === undefined || total < 0 ? meta : {...meta, remainingItemCount: Math.max(1, total - seen)};
}

/** Beyond this many, how many are left is not told: it is an estimate for people, and counting takes as long as reading a page. */
const countedMax = 10_000;

async function countUpTo({deps}: Exchange, range: Range): Promise<number> {
  const count = await deps.store.count(range, countedMax + 1);
  return count > countedMax ? -1 : count;
}

/** The bytes of items as they stand in a list, joined by commas. */
export function encodeItems({resource}: Exchange, entries: readonly Entry[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const entry of entries) {
    if (pieces.length > 0) pieces.push(comma);
    if (isVerbatim(resource, entry)) pieces.push(...splice(resource, entry, resource.itemHead));
    else pieces.push(Buffer.from(stringify(item(resource.kind.custom, view(resource, entry)))));
  }
  return Buffer.concat(pieces);
}

const comma = Buffer.from(',');

// Items of built-in kinds do not say what they are; the list does (spec kubernetes-api 1.10).
export function item(custom: boolean, object: KubeObject): Json {
  if (custom) return asJson(object);
  const {apiVersion: _apiVersion, kind: _kind, ...rest} = object;
  return rest as Json;
}
