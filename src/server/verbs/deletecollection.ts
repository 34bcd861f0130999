import {ApiError} from '../../api/errors.ts';
import {parseKey, rangeOf} from '../../registry/keys.ts';
import {glance} from '../../registry/view.ts';
import type {Entry, Key} from '../../storage/storage.ts';
import {converted} from '../convert.ts';
import {deleteOptions} from '../delete-options.ts';
import type {InWorkspace, Named} from '../exchange.ts';
import {checkSize} from '../heavy.ts';
import type {HttpReply} from '../http.ts';
import type {ListMeta, Slices} from '../list-slices.ts';
import {replyList} from '../reply-list.ts';
import {parseSelection} from '../selection.ts';
import {removeObject} from './delete.ts';

/** How many objects are read at a time. */
const sliceEntriesMax = 500;
/** The answer lists what was deleted up to this many bytes; all of it is deleted anyhow. */
const answerBytesMax = 16 * 1024 * 1024;

/** Deletes every object a selection finds, one by one; the first that cannot be deleted ends it (spec kubernetes-api 3.7). */
export async function removeCollection(x: InWorkspace): Promise<HttpReply> {
  const {store} = x.deps;
  const options = await deleteOptions(x);
  const selection = parseSelection(x.resource.kind, x.call.target.query, x.what);
  const range = rangeOf(x.resource.space, x.workspace, x.what.namespace);
  const at = store.revision();
  const deleted: (readonly Entry[])[] = [];
  let held = 0;
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.list(range, {limit: sliceEntriesMax, at, ...(after && {after})});
    if (!after) checkSize(x.deps, page.more ? Number.POSITIVE_INFINITY : bytesOf(page.entries));
    const entries = x.resource.conversion ? await converted(x, page.entries) : page.entries;
    const chosen = entries.filter(entry => selection.all || selection.matches(glance(x.resource, entry)));
    await Promise.all(chosen.map(entry => removeIfThere(named(x, entry), options)));
    if (held < answerBytesMax) deleted.push(chosen);
    for (const entry of chosen) held += entry.value.length;
    after = page.entries.at(-1)?.key;
    more = page.more;
  }
  return replyList(x, slicesOf(x, deleted, {resourceVersion: String(at)}));
}

const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, {value}) => sum + value.length, 0);

async function* slicesOf({deps}: InWorkspace, pages: readonly (readonly Entry[])[], meta: ListMeta): Slices {
  for (const [i, page] of pages.entries()) {
    if (i > 0) await deps.world.turn();
    yield page;
  }
  return meta;
}

function named(x: InWorkspace, entry: Entry): Named {
  const path = parseKey(entry.key).path;
  const name = path.at(-1) as string;
  return {...x, what: {...x.what, name, namespace: path.length > 1 ? path[0] : undefined}};
}

async function removeIfThere(x: Named, options: Parameters<typeof removeObject>[1]): Promise<void> {
  try {
    await removeObject(x, options);
  } catch (err) {
    if (!(err instanceof ApiError && err.reason === 'NotFound')) throw err;
  }
}
