import {badRequest, notFound} from '../../api/errors.ts';
import {keyOf} from '../../registry/keys.ts';
import {read} from '../../registry/logical-clusters.ts';
import {isForeign, view} from '../../registry/view.ts';
import type {Entry, Key} from '../../storage/storage.ts';
import {converted} from '../convert.ts';
import type {Named} from '../exchange.ts';
import {checkSize, checkWeight} from '../heavy.ts';
import type {HttpReply} from '../http.ts';
import {replyEntry, replyJson, travelsAsItIs} from '../reply.ts';
import {parseRevision, reached} from '../revisions.ts';
import {scaleOf} from '../scale.ts';
import {flag} from '../target.ts';

/** One object. The newest state is read, which also satisfies every weaker wish of a resourceVersion (spec kubernetes-api 3.2). */
export async function get(x: Named): Promise<HttpReply> {
  const {query} = x.call.target;
  if (flag(query, 'export')) throw badRequest('the export parameter, deprecated since v1.14, is no longer supported');
  const version = query.get('resourceVersion');
  if (version) await reached(x.deps, parseRevision(version));
  const found = await find(x);
  if (x.as.mediaType === 'application/yaml') checkSize(x.deps, found.value.length, 'yaml');
  else if (!travelsAsItIs(x, found)) checkWeight(x.deps, found.value);
  const entry = isForeign(x.resource, found) ? ((await converted(x, [found]))[0] as Entry) : found;
  return x.what.subresource === 'scale' ? replyJson(x, scaleOf(x.resource, view(x.resource, entry))) : replyEntry(x, entry);
}

/** The stored object a request names. @throws ApiError NotFound */
export async function find(x: Named): Promise<Entry> {
  const entry = await read(x.deps.store, keyOfCall(x));
  if (!entry) throw notFound(x.resource.gr, x.what.name);
  return entry;
}

/** Where the object lies that a request names. */
export const keyOfCall = ({workspace, resource, what}: Named): Key => keyOf(resource.space, workspace, what.namespace, what.name);
