import type {Json} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {view} from '../registry/view.ts';
import {tableOf, tableRow} from '../wire/table.ts';
import type {Exchange} from './exchange.ts';
import type {HttpReply} from './http.ts';
import type {ListMeta, Slices} from './list-slices.ts';
import {item} from './list-slices.ts';
import {includeObject} from './options.ts';
import {protobufList} from './protobuf-list.ts';
import {encodeText, headers, notAcceptable, partial} from './reply.ts';
import {streamList} from './stream-list.ts';

/** Answers with a list in the representation that was asked for. @throws ApiError NotAcceptable for what only one object can be */
export async function replyList(x: Exchange, slices: Slices): Promise<HttpReply> {
  const {as} = x;
  if (as.as === 'PartialObjectMetadata') throw notAcceptable;
  if (as.mediaType === 'application/vnd.kubernetes.protobuf') return protobufList(x, slices);
  return as.as || as.mediaType !== 'application/json' || as.pretty ? convertedList(x, slices) : streamList(x, slices);
}

/** Lists that are text and not plain JSON: tables, metadata only, YAML. Of each object only what is shown is kept. */
async function convertedList(x: Exchange, slices: Slices): Promise<HttpReply> {
  const form = formOf(x);
  const items: Json[] = [];
  let step = await slices.next();
  for (; !step.done; step = await slices.next()) for (const entry of step.value) items.push(form.item(view(x.resource, entry)));
  return {status: 200, headers: headers(x, x.as.mediaType), body: encodeText(form.whole(items, step.value), x.as)};
}

/** How one object is shown, and how all of them together. */
type Form = {item(object: KubeObject): Json; whole(items: Json[], listMeta: ListMeta): Json};

function formOf(x: Exchange): Form {
  const {resource, as} = x;
  const version = as.asVersion ?? 'v1';
  if (as.as === 'Table') {
    const options = {now: x.deps.world.now(), includeObject: includeObject(x.call.target.query), version, listMeta: {}, columns: true};
    return {
      item: object => tableRow(resource.kind, object, options),
      whole: (rows, listMeta) => ({...tableOf(resource.kind, [], {...options, listMeta}), rows}),
    };
  }
  if (as.as === 'PartialObjectMetadataList') {
    return {
      item: object => asJson(partial(object, version)),
      whole: (items, listMeta) => ({kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata: listMeta, items}),
    };
  }
  return {
    item: object => item(resource.kind.custom, object),
    whole: (items, listMeta) => ({kind: resource.kind.names.listKind, apiVersion: resource.apiVersion, metadata: listMeta, items}),
  };
}
