import type {JsonObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import type {Resource} from '../../registry/resource.ts';
import {conform} from '../../registry/view.ts';
import {convertOne} from '../convert.ts';
import type {Asked} from './request.ts';

/**
 * Makes the object of a write what a webhook or a policy made of it, in the version in which they saw it; of its metadata, what clients may write. False,
 * and nothing is changed, when its name or its namespace are no longer the same.
 */
export async function putChanged({x, object}: Asked, seenAs: Resource, changed: KubeObject): Promise<boolean> {
  const into = object as KubeObject;
  let result = changed;
  if (seenAs !== x.resource) {
    if (x.resource.conversion) result = await convertOne(x, x.resource, changed);
    else conform(x.resource, result);
  }
  const {name, namespace} = into.metadata;
  if (result.metadata.name !== name || result.metadata.namespace !== namespace) return false;
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
  const [to, from] = [asJson(result)['metadata'] as JsonObject, asJson(before)['metadata'] as JsonObject];
  for (const field of systemFields) {
    if (from[field] === undefined) delete to[field];
    else to[field] = from[field];
  }
}
