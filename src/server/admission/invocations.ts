/** Which policies are to be evaluated for a request, by which bindings, with which params (spec kubernetes-api 9.5). */
import type {Bound} from '../../admission/configurations.ts';
import type {Binding, Policy} from '../../admission/policies.ts';
import {ApiError} from '../../api/errors.ts';
import type {JsonObject} from '../../api/json.ts';
import {digString, isObject} from '../../api/json.ts';
import {asJson} from '../../api/object.ts';
import type {Resource} from '../../registry/resource.ts';
import {matched, namespaceNamed} from './match.ts';
import {Misconfigured, paramResource, paramsOf} from './params.ts';
import type {Asked} from './request.ts';
import {isNamespace} from './request.ts';

export type Invocation = {
  readonly policy: Policy;
  readonly binding: Binding;
  /** The version in which the policy wants to see the object. */
  readonly resource: Resource;
  readonly param: JsonObject | null;
  /** The namespace of the request, as far as expressions see it; null where there is none. */
  readonly namespace: JsonObject | null;
};

/** A policy, or what binds it, that cannot be evaluated as it is. */
export type Trouble = {readonly policy: Policy; readonly binding: Binding | undefined; readonly trouble: string};

/** In the order of the names of policies and bindings. @throws ApiError NotFound for a missing namespace */
export async function invocationsOf(asked: Asked, bounds: readonly Bound[]): Promise<readonly (Invocation | Trouble)[]> {
  const found: (Invocation | Trouble)[] = [];
  let namespace: JsonObject | null | undefined;
  for (const {policy, bindings} of bounds) {
    const means = await orTrouble(async () => {
      const resource = await matched(asked, policy.match);
      return resource && {resource, params: await paramResource(asked, policy)};
    });
    if (typeof means === 'string') found.push({policy, binding: undefined, trouble: `failed to configure policy: ${means}`});
    if (typeof means !== 'object') continue;
    for (const binding of bindings) {
      const params = await orTrouble(async () =>
        !binding.match || (await matched(asked, binding.match)) ? paramsOf(asked, means.params, binding) : [],
      );
      if (typeof params === 'string') {
        found.push({policy, binding, trouble: `failed to configure binding: ${params}`});
        continue;
      }
      if (params.length === 0) continue;
      namespace ??= await namespaceSeen(asked);
      for (const param of params) found.push({policy, binding, resource: means.resource, param, namespace});
    }
  }
  return found;
}

async function orTrouble<T>(find: () => Promise<T>): Promise<T | string> {
  try {
    return await find();
  } catch (err) {
    if (err instanceof Misconfigured || err instanceof ApiError) return err.message;
    throw err;
  }
}

const seenOfMetadata = new Set([
  ...['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds', 'labels', 'annotations', 'finalizers'],
]);

async function namespaceSeen(asked: Asked): Promise<JsonObject | null> {
  const name = asked.request.namespace;
  if (name === undefined || isNamespace(asked.x)) return null;
  const json = asJson(await namespaceNamed(asked, name));
  const metadata = Object.entries(isObject(json['metadata']) ? json['metadata'] : {}).filter(([field]) => seenOfMetadata.has(field));
  return {
    metadata: Object.fromEntries(metadata),
    spec: isObject(json['spec']) ? json['spec'] : {},
    status: isObject(json['status']) ? json['status'] : {},
  };
}

/** Tells invocations apart over the rounds of one request. */
export const keyOfInvocation = ({policy, binding, param}: Invocation): string =>
  [policy.name, binding.name, ...['namespace', 'name'].map(field => digString(param ?? undefined, 'metadata', field) ?? '')].join('/');
