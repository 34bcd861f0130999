import {ApiError, badRequest, conflict, staleObject} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, getKey, isObject, setKey} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {ScalePaths} from '../kinds/kind.ts';
import type {Resource} from '../registry/resource.ts';
import type {Named} from './exchange.ts';

const steps = (path: string): string[] => path.split('.').slice(1);
/** The steps to the number of replicas that is wanted. */
export const stepsOfReplicas = (resource: Resource): readonly string[] => steps(pathsOf(resource).specReplicasPath);
const pathsOf = (resource: Resource): ScalePaths => resource.kind.subresources.scale as ScalePaths;

/**
 * The `scale` subresource of custom resources: autoscaling/v1 Scale over paths in the object (spec kubernetes-api 6.8).
 * @throws ApiError InternalError when the object says no number of replicas
 */
export function scaleOf(resource: Resource, object: KubeObject): JsonObject {
  const scale = scaleToChange(resource, object);
  if (dig(scale, 'spec', 'replicas') === undefined) {
    const message = `the spec replicas field ${JSON.stringify(pathsOf(resource).specReplicasPath)} does not exist`;
    throw new ApiError('InternalError', `Internal error occurred: ${message}`, {causes: [{message}]});
  }
  return scale;
}

/** The same, also of objects that say no number of replicas: a patch may bring one. */
export function scaleToChange(resource: Resource, object: KubeObject): JsonObject {
  const {specReplicasPath, statusReplicasPath, labelSelectorPath} = pathsOf(resource);
  const json = asJson(object);
  const replicas = dig(json, ...steps(specReplicasPath));
  const current = dig(json, ...steps(statusReplicasPath));
  const selector = labelSelectorPath && digString(json, ...steps(labelSelectorPath));
  const {name, namespace, uid, resourceVersion, creationTimestamp} = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {name, ...(namespace && {namespace}), uid, ...(resourceVersion && {resourceVersion}), creationTimestamp},
    spec: typeof replicas === 'number' ? {replicas} : {},
    status: {replicas: typeof current === 'number' ? current : 0, ...(selector && {selector})},
  };
}

export type WantedScale = {
  readonly replicas: number;
  readonly resourceVersion: string | undefined;
  readonly uid: string | undefined;
};

/** What a written Scale asks for; whether the number is a good one is the object's to say. @throws ApiError BadRequest */
export function parseScale({what}: Named, body: Json): WantedScale {
  const replicas = dig(body, 'spec', 'replicas') ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
    const found = `json: cannot unmarshal ${typeof replicas} into Go struct field ScaleSpec.spec.replicas of type int32`;
    throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${found}`);
  }
  const meta = (field: string): string | undefined => digString(body, 'metadata', field) || undefined;
  const [name, namespace] = [meta('name'), meta('namespace')];
  if (name === undefined) throw badRequest(`the name of the object (${what.name} based on URL) was undeterminable: name must be provided`);
  if (name !== what.name) throw badRequest(`the name of the object (${name}) does not match the name on the URL (${what.name})`);
  if (namespace !== undefined && namespace !== what.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  return {replicas, resourceVersion: meta('resourceVersion'), uid: meta('uid')};
}

/** The object with other replicas. @throws ApiError Conflict when another version of it was meant */
export function applyScale(resource: Resource, old: KubeObject, wanted: WantedScale): KubeObject {
  if (wanted.resourceVersion && wanted.resourceVersion !== old.metadata.resourceVersion)
    throw conflict(resource.gr, old.metadata.name, staleObject);
  const object = {...old, metadata: {...old.metadata, ...(wanted.uid && {uid: wanted.uid})}};
  const path = stepsOfReplicas(resource);
  let at = asJson(object);
  for (const step of path.slice(0, -1)) {
    const next = getKey(at, step);
    const copy = isObject(next) ? {...next} : {};
    setKey(at, step, copy);
    at = copy;
  }
  setKey(at, path.at(-1) as string, wanted.replicas);
  return object;
}
