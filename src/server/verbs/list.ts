import type {Json} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import {view} from '../../registry/view.ts';
import {encodePartialObjectMetadataList} from '../../wire/protobuf/encode.ts';
import {tableOf} from '../../wire/table.ts';
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

/** Lists that are not plain JSON: tables, metadata only, YAML, protobuf. */
async function converted(x: Exchange, slices: Slices): Promise<HttpReply> {
  const {resource, as} = x;
  const objects: KubeObject[] = [];
  let step = await slices.next();
  for (; !step.done; step = await slices.next()) for (const entry of step.value) objects.push(view(resource, entry));
  const listMeta = step.value;

  if (as.mediaType === 'application/vnd.kubernetes.protobuf') {
    if (as.as !== 'PartialObjectMetadataList') throw notAcceptable;
    return {status: 200, headers: headers(x, as.mediaType), body: encodePartialObjectMetadataList(listMeta, objects)};
  }
  return {status: 200, headers: headers(x, as.mediaType), body: encodeText(shown(x, objects, listMeta), as)};
}

function shown(x: Exchange, objects: readonly KubeObject[], listMeta: ListMeta): Json {
  const {resource, as} = x;
  const version = as.asVersion ?? 'v1';
  if (as.as === 'Table') {
    const options = {now: x.deps.world.now(), includeObject: includeObject(x.call.target.query), version, listMeta, columns: true};
    return tableOf(resource.kind, objects, options);
  }
  if (as.as === 'PartialObjectMetadataList') {
    const items = objects.map(object => asJson(partial(object, version)));
    return {kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata: listMeta, items};
  }
  const items = objects.map(object => item(resource.kind.custom, object));
  return {kind: resource.kind.names.listKind, apiVersion: resource.apiVersion, metadata: listMeta, items};
}
