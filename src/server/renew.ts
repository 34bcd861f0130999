import {noSuchResource} from '../api/errors.ts';
import type {InWorkspace} from './exchange.ts';

/**
 * The same exchange under the definition of now: what a write needs that could not be stored because its definition had changed meanwhile.
 * @throws ApiError NotFound when the kind is gone
 */
export async function renew<X extends InWorkspace>(x: X): Promise<X> {
  if (!x.resource.definition) return x;
  const {group, version, plural} = x.what;
  const resource = await x.deps.registry.resolve(x.workspace, group, version, plural);
  if (!resource) throw noSuchResource();
  return resource === x.resource ? x : {...x, resource};
}
