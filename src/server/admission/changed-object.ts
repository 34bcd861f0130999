import type {JsonObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson, clusterAnnotation} from '../../api/object.ts';
import type {Resource} from '../../registry/resource.ts';
import {conform} from '../../registry/view.ts';
import {convertOne} from '../convert.ts';
import type {Asked} from './request.ts';

/**
 * Makes the object of a write what a webhook or a policy made of it, in the version in which they saw it; of its metadata, what clients may write. False,
 * and nothing is changed, when it is no longer the object that the request is about: only one that has no place yet may be given another name.
 */
export async function putChanged({x, object, operation}: Asked, seenAs: Resource, changed: KubeObject): Promise<boolean> {
  const into = object as KubeObject;
  let result = changed;
  if (seenAs !== x.resource) {
    if (x.resource.conversion) result = await convertOne(x, x.resource, changed);
    else conform(x.resource, result);
  }
  const {name, namespace} = into.metadata;
  const mayBeRenamed = operation === 'CREATE' && x.what.name === undefined;
  if (result.metadata.namespace !== namespace || (result.metadata.name !== name && !mayBeRenamed)) return false;
  keepOwn(result, into);
  const json = asJson(into);
  for (const field of Object.keys(json)) delete json[field];
  Object.assign(json, asJson(result));
  return true;
}

/** What of the metadata is the server's. */
const systemFields = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
];

function keepOwn(result: KubeObject, before: KubeObject): void {
  const mark = before.metadata.annotations?.[clusterAnnotation];
  if (mark !== undefined) result.metadata.annotations = {...result.metadata.annotations, [clusterAnnotation]: mark};
  const [to, from] = [asJson(result)['metadata'] as JsonObject, asJson(before)['metadata'] as JsonObject];
  for (const field of systemFields) {
    if (from[field] === undefined) delete to[field];
    else to[field] = from[field];
  }
}
