import {ApiError} from '../../api/errors.ts';
import {parseKey, rangeOf} from '../../registry/keys.ts';
import {glance} from '../../registry/view.ts';
import type {Entry, Key} from '../../storage/storage.ts';
import {converted} from '../convert.ts';
import {deleteOptions} from '../delete-options.ts';
import type {InWorkspace, Named} from '../exchange.ts';
import type {HttpReply} from '../http.ts';
import {encodeItems} from '../list-slices.ts';
import {headers} from '../reply.ts';
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
  const pieces: Uint8Array[] = [];
  let held = 0;
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.list(range, {limit: sliceEntriesMax, at, ...(after && {after})});
    const entries = x.resource.conversion ? await converted(x, page.entries) : page.entries;
    const chosen = entries.filter(entry => selection.all || selection.matches(glance(x.resource, entry)));
    await Promise.all(chosen.map(entry => removeIfThere(named(x, entry), options)));
    if (chosen.length > 0 && held < answerBytesMax) {
      const bytes = encodeItems(x, chosen);
      pieces.push(...(pieces.length > 0 ? [Buffer.from(',')] : []), bytes);
      held += bytes.length;
    }
    after = page.entries.at(-1)?.key;
    more = page.more;
  }
  const head = `{"kind":${JSON.stringify(x.resource.kind.names.listKind)},"apiVersion":${JSON.stringify(x.resource.apiVersion)}`;
  const start = Buffer.from(`${head},"metadata":{"resourceVersion":"${at}"},"items":[`);
  return {status: 200, headers: headers(x, 'application/json'), body: [start, ...pieces, Buffer.from(']}\n')]};
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
