import {asJson} from '../api/object.ts';
import {view} from '../registry/view.ts';
import {listEncoder} from '../wire/protobuf/encode.ts';
import type {Exchange} from './exchange.ts';
import type {HttpReply} from './http.ts';
import type {Slices} from './list-slices.ts';
import {headers} from './reply.ts';

/**
 * Answers with a list in protobuf, of whole objects or of their metadata. Its length stands before everything else, and so all of it is
 * encoded before any of it is sent; slice by slice, since a large list would else hold up everybody.
 */
export async function protobufList(x: Exchange, slices: Slices): Promise<HttpReply> {
  const {resource, as} = x;
  const encoder = as.as
    ? listEncoder(`meta.k8s.io/${as.asVersion ?? 'v1'}`, as.as)
    : listEncoder(resource.apiVersion, resource.kind.names.listKind);
  const pieces: Uint8Array[] = [];
  let size = 0;
  let step = await slices.next();
  for (; !step.done; step = await slices.next()) {
    const bytes = encoder.items(step.value.map(entry => asJson(view(resource, entry))));
    pieces.push(bytes);
    size += bytes.length;
  }
  return {status: 200, headers: headers(x, as.mediaType), body: [encoder.opening(step.value, size), ...pieces]};
}
