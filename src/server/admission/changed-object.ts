import {badRequest} from '../../api/errors.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {isObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson, asObject, clusterAnnotation} from '../../api/object.ts';
import type {Resource} from '../../registry/resource.ts';
import {conform} from '../../registry/view.ts';
import {convertOne} from '../convert.ts';
import {toObject} from '../intake.ts';
import type {Asked} from './request.ts';

/**
 * Makes the object of a write what a webhook or a policy made of it, in the version in which they saw it; of its metadata, what clients may write. False,
 * and nothing is changed, when it is no longer the object that the request is about: only one that has no place yet may be given another name.
 */
export async function putChanged({x, object, operation, subresource}: Asked, seenAs: Resource, changed: KubeObject): Promise<boolean> {
  const into = object as KubeObject;
  let result = changed;
  if (seenAs !== x.resource && subresource !== 'scale') {
    if (x.resource.conversion) result = await convertOne(x, x.resource, changed);
    else conform(x.resource, result);
  }
  const {name, namespace} = into.metadata;
  if (namespace && !result.metadata.namespace) result.metadata.namespace = namespace;
  const mayBeRenamed = operation === 'CREATE' && x.what.name === undefined;
  if (result.metadata.namespace !== namespace || (result.metadata.name !== name && !mayBeRenamed)) return false;
  keepOwn(result, into);
  const json = asJson(into);
  for (const field of Object.keys(json)) delete json[field];
  Object.assign(json, asJson(result));
  return true;
}

/**
 * What a patch made of an object, as if it had been sent so. `strict`: unknown fields of built-in kinds are mistakes, else they are dropped.
 * @throws ApiError BadRequest for what is no such object
 */
export function patchedObject({x, subresource}: Asked, resource: Resource, value: Json, strict: boolean): KubeObject {
  if (!isObject(value)) throw badRequest('the patched object is no object');
  if (subresource !== 'scale')
    return toObject({...x, resource}, {value, duplicates: [], lenient: !strict}, strict && !resource.kind.custom ? 'Strict' : 'Ignore');
  if (value['kind'] !== 'Scale' || !isObject(value['metadata'])) throw badRequest('the patched object is no Scale');
  return asObject(value);
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
