import {ApiError, conflict, invalid, staleObject} from '../api/errors.ts';
import {invalidValue} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, getKey, isObject, setKey} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {ScalePaths} from '../kinds/kind.ts';
import type {Resource} from '../registry/resource.ts';

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
    const {specReplicasPath} = pathsOf(resource);
    throw new ApiError(
      'InternalError',
      `Internal error occurred: the spec replicas field ${JSON.stringify(specReplicasPath)} does not exist`,
    );
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

export type WantedScale = {readonly replicas: number; readonly resourceVersion: string | undefined};

/** What a written Scale asks for. @throws ApiError Invalid */
export function parseScale(body: Json): WantedScale {
  const replicas = dig(body, 'spec', 'replicas') ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0 || replicas > 2_147_483_647) {
    throw invalid('autoscaling', 'Scale', digString(body, 'metadata', 'name') ?? '', [
      invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  }
  return {replicas, resourceVersion: digString(body, 'metadata', 'resourceVersion') || undefined};
}

/** The object with other replicas. @throws ApiError Conflict when another version of it was meant */
export function applyScale(resource: Resource, old: KubeObject, wanted: WantedScale): KubeObject {
  if (wanted.resourceVersion && wanted.resourceVersion !== old.metadata.resourceVersion)
    throw conflict(resource.gr, old.metadata.name, staleObject);
  const object = {...old, metadata: {...old.metadata}};
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
