import type {Json} from '../api/json.ts';
import {view} from '../registry/view.ts';
import type {Exchange} from './exchange.ts';
import {checkSize} from './heavy.ts';
import type {HttpReply} from './http.ts';
import type {ListForm} from './list-form.ts';
import {listForm} from './list-form.ts';
import type {Slices} from './list-slices.ts';
import {protobufList} from './protobuf-list.ts';
import {encodeText, headers, notAcceptable} from './reply.ts';
import {streamList} from './stream-list.ts';

/** Answers with a list in the representation that was asked for. @throws ApiError NotAcceptable for what only one object can be */
export async function replyList(x: Exchange, slices: Slices): Promise<HttpReply> {
  const {as} = x;
  if (as.as === 'PartialObjectMetadata') throw notAcceptable;
  if (as.mediaType === 'application/vnd.kubernetes.protobuf') return protobufList(x, slices);
  const form = listForm(x);
  return as.mediaType === 'application/yaml' || as.pretty ? wholeList(x, slices, form) : streamList(x, slices, form);
}

/** Lists for people to read, which are written as a whole. Of each object only what is shown is kept. */
async function wholeList(x: Exchange, slices: Slices, form: ListForm): Promise<HttpReply> {
  const items: Json[] = [];
  let size = 0;
  let step = await slices.next();
  for (; !step.done; step = await slices.next()) {
    for (const {value} of step.value) size += value.length;
    checkSize(x.deps, size, x.as.pretty ? 'json' : 'yaml');
    for (const entry of step.value) items.push(form.item(view(x.resource, entry)));
  }
  const list = {...form.head, metadata: step.value, [form.field]: items};
  return {status: 200, headers: headers(x, x.as.mediaType), body: encodeText(list, x.as)};
}
