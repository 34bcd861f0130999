import type {Exchange} from '../exchange.ts';
import type {HttpReply} from '../http.ts';
import {asExpired, listStart} from '../list-options.ts';
import {readSlices} from '../list-slices.ts';
import {rangeOfCall} from '../place-in-store.ts';
import {replyList} from '../reply-list.ts';
import {parseSelection} from '../selection.ts';

/** A list or a page of one, all of it at one moment. */
export async function list(x: Exchange): Promise<HttpReply> {
  const {query} = x.call.target;
  const selection = parseSelection(x.resource.kind, query, x.what);
  const range = rangeOfCall(x, selection);
  const start = await listStart(x.deps, query, range);
  try {
    const slices = readSlices(x, range, start, selection);
    return await replyList(x, slices);
  } catch (err) {
    throw asExpired(err, start.at);
  }
}
