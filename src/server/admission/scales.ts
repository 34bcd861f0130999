/** A write to the scale of an object, as admission sees it: one Scale becomes another (spec kubernetes-api 9.1). */
import type {KubeObject} from '../../api/object.ts';
import {asJson, asObject} from '../../api/object.ts';
import type {Named} from '../exchange.ts';
import {applyScale, parseScale, scaleToChange} from '../scale.ts';
import type {AdmissionOf} from './request.ts';

export const scaleAdmission = ({resource}: Named, object: KubeObject, old: KubeObject, dryRun: boolean): AdmissionOf => ({
  operation: 'UPDATE',
  subresource: 'scale',
  object: asObject(scaleToChange(resource, object)),
  old: asObject(scaleToChange(resource, old)),
  dryRun,
});

/** Gives the object the replicas of its Scale, which others may have changed. @throws ApiError BadRequest for what is no Scale of it */
export function takeScale(x: Named, object: KubeObject, scale: KubeObject): void {
  const {replicas} = parseScale(x, asJson(scale));
  Object.assign(object, applyScale(x.resource, object, {replicas, resourceVersion: undefined, uid: undefined}));
}
