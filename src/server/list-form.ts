import type {Json, JsonObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {tableOf, tableRow} from '../wire/table.ts';
import type {Exchange} from './exchange.ts';
import {item} from './list-slices.ts';
import {includeObject} from './options.ts';
import {partial} from './reply.ts';

/** How a list looks in text: whole objects, rows of a table, or metadata only. */
export type ListForm = {
  /** What the list says of itself, but for its metadata. */
  readonly head: JsonObject;
  /** Where the objects stand. */
  readonly field: 'items' | 'rows';
  /** One of them. */
  item(object: KubeObject): Json;
};

/** @throws ApiError BadRequest for an unknown includeObject */
export function listForm(x: Exchange): ListForm {
  const {resource, as} = x;
  const {kind, apiVersion} = resource;
  const version = as.asVersion ?? 'v1';
  if (as.as === 'Table') {
    const options = {now: x.deps.world.now(), includeObject: includeObject(x.call.target.query), version, listMeta: {}, columns: true};
    const {metadata: _, rows: __, ...head} = tableOf(kind, [], options);
    return {head, field: 'rows', item: object => tableRow(kind, object, options)};
  }
  if (as.as === 'PartialObjectMetadataList') {
    const head = {kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`};
    return {head, field: 'items', item: object => asJson(partial(object, version))};
  }
  return {head: {kind: kind.names.listKind, apiVersion}, field: 'items', item: object => item(kind.custom, object)};
}
