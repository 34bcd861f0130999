import type {Json} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import {view} from '../../registry/view.ts';
import {encodePartialObjectMetadataList} from '../../wire/protobuf/encode.ts';
import {tableOf, tableRow} from '../../wire/table.ts';
import type {Exchange} from '../exchange.ts';
import type {HttpReply} from '../http.ts';
import {asExpired, listStart} from '../list-options.ts';
import type {ListMeta, Slices} from '../list-slices.ts';
import {item, readSlices} from '../list-slices.ts';
import {includeObject} from '../options.ts';
import {rangeOfCall} from '../place-in-store.ts';
import {encodeText, headers, notAcceptable, partial} from '../reply.ts';
import {parseSelection} from '../selection.ts';
import {streamList} from '../stream-list.ts';

/** A list or a page of one, all of it at one moment. */
export async function list(x: Exchange): Promise<HttpReply> {
  const {query} = x.call.target;
  const selection = parseSelection(x.resource.kind, query, x.what);
  const range = rangeOfCall(x, selection);
  const start = await listStart(x.deps, query, range);
  const {as} = x;
  if (as.as === 'PartialObjectMetadata') throw notAcceptable;
  try {
    const slices = readSlices(x, range, start, selection);
    return as.as || as.mediaType !== 'application/json' || as.pretty ? await converted(x, slices) : await streamList(x, slices);
  } catch (err) {
    throw asExpired(err, start.at);
  }
}

/** Lists that are not plain JSON: tables, metadata only, YAML, protobuf. Of each object only what is shown is kept. */
async function converted(x: Exchange, slices: Slices): Promise<HttpReply> {
  const {resource, as} = x;
  const protobuf = as.mediaType === 'application/vnd.kubernetes.protobuf';
  if (protobuf && as.as !== 'PartialObjectMetadataList') throw notAcceptable;
  const form = formOf(x);
  const parts: KubeObject[] = [];
  const items: Json[] = [];
  let step = await slices.next();
  for (; !step.done; step = await slices.next()) {
    for (const entry of step.value) {
      const object = view(resource, entry);
      if (protobuf) parts.push(partial(object));
      else items.push(form.item(object));
    }
  }
  const body = protobuf ? encodePartialObjectMetadataList(step.value, parts) : encodeText(form.whole(items, step.value), as);
  return {status: 200, headers: headers(x, as.mediaType), body};
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
