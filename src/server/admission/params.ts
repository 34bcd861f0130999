/** The objects that a binding passes to its policy as params (spec kubernetes-api 9.5). */
import type {Binding, ParamKind, ParamRef, Policy} from '../../admission/policies.ts';
import type {JsonObject} from '../../api/json.ts';
import {asJson} from '../../api/object.ts';
import {keyOf, rangeOf} from '../../registry/keys.ts';
import {read} from '../../registry/logical-clusters.ts';
import type {Resource} from '../../registry/resource.ts';
import {peek} from '../../registry/stored.ts';
import type {Entry, Key} from '../../storage/storage.ts';
import {viewOf} from '../convert.ts';
import type {Asked} from './request.ts';

export const paramLimits = {
  /** Objects that one binding may pass. */
  paramsMax: 100,
  /** Objects that are looked through for them. */
  searchedMax: 10_000,
  atOnce: {limit: 200, bytesMax: 1024 * 1024},
} as const;

/** Thrown for what is wrong with a policy or a binding, or with the params there are. */
export class Misconfigured {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** `/v1, Kind=ConfigMap`. */
const printKind = ({group, version, kind}: ParamKind): string => `${group}/${version}, Kind=${kind}`;

/** The resource of a policy's params; undefined where it has none. @throws Misconfigured when there is no such kind */
export async function paramResource({x}: Asked, {paramKind}: Policy): Promise<Resource | undefined> {
  if (!paramKind) return undefined;
  const {group, version, kind} = paramKind;
  const resource = await x.deps.registry.ofKind(x.workspace, group, version, kind);
  if (resource) return resource;
  throw new Misconfigured(`failed to find resource referenced by paramKind: '${printKind(paramKind)}'`);
}

/** What a policy is evaluated with, once for each; null where the binding passes nothing. @throws Misconfigured */
export async function paramsOf(asked: Asked, resource: Resource | undefined, {params}: Binding): Promise<readonly (JsonObject | null)[]> {
  if (!resource || !params) return [null];
  const namespace = namespaceOf(asked, resource, params);
  const entries = params.name ? await named(asked, resource, namespace, params.name) : await selected(asked, resource, namespace, params);
  if (entries.length === 0 && params.required)
    throw new Misconfigured('no params found for policy binding with `Deny` parameterNotFoundAction');
  const ofParams = {...asked.x, resource};
  return Promise.all(entries.map(async entry => asJson(await viewOf(ofParams, entry))));
}

function namespaceOf({request}: Asked, {kind}: Resource, params: ParamRef): string | undefined {
  if (!kind.namespaced) {
    if (!params.namespace) return undefined;
    throw new Misconfigured('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const namespace = params.namespace || request.namespace;
  if (namespace) return namespace;
  throw new Misconfigured('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
}

async function named({x}: Asked, {space}: Resource, namespace: string | undefined, name: string): Promise<readonly Entry[]> {
  const entry = await read(x.deps.store, keyOf(space, x.workspace, namespace, name));
  return entry ? [entry] : [];
}

async function selected({x}: Asked, {space}: Resource, namespace: string | undefined, {selector}: ParamRef): Promise<readonly Entry[]> {
  const {store, world} = x.deps;
  const found: Entry[] = [];
  let searched = 0;
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.list(rangeOf(space, x.workspace, namespace), {...paramLimits.atOnce, ...(after && {after})});
    found.push(...page.entries.filter(entry => selector.matches(peek(entry).metadata.labels ?? {})));
    searched += page.entries.length;
    if (found.length > paramLimits.paramsMax)
      throw new Misconfigured(`paramRef.selector selects more than ${paramLimits.paramsMax} objects`);
    after = page.entries.at(-1)?.key;
    more = page.more;
    if (more && searched >= paramLimits.searchedMax)
      throw new Misconfigured(`paramRef.selector would have to look through more than ${paramLimits.searchedMax} objects`);
    if (more) await world.turn();
  }
  return found;
}
