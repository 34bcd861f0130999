import {badRequest} from '../api/errors.ts';
import type {KubeObject} from '../api/object.ts';
import type {Exchange} from './exchange.ts';

/** Brings the namespace of a body and of the URL together. @throws ApiError BadRequest when they differ */
export function checkNamespace({resource, what}: Exchange, {metadata}: KubeObject): void {
  if (!resource.kind.namespaced) {
    // A cluster-scoped object has none; what a client wrote there means nothing.
    delete metadata.namespace;
    return;
  }
  if (!metadata.namespace) metadata.namespace = what.namespace as string;
  else if (metadata.namespace !== what.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/** @throws ApiError BadRequest unless the name of a body is that of the URL */
export function checkName({what}: Exchange, {metadata}: KubeObject): void {
  if (!metadata.name) throw badRequest(`the name of the object (${what.name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== what.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${what.name})`);
  }
}
