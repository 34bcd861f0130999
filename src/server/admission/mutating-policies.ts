/** What the mutating policies of a workspace make of an object (spec kubernetes-api 9.6). */
import {hookFailed} from '../../admission/admission-review.ts';
import {expressionLimits} from '../../admission/allowance.ts';
import type {CompiledMutation} from '../../admission/compiled.ts';
import {compileExpressions} from '../../admission/compiled.ts';
import {conditionsHold} from '../../admission/conditions.ts';
import type {Bound} from '../../admission/configurations.ts';
import {Evaluation} from '../../admission/evaluation.ts';
import {wanted} from '../../admission/mutations.ts';
import type {Reason} from '../../api/errors.ts';
import {ApiError, forbidden} from '../../api/errors.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {equal} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import {mergeConfiguration} from '../../merge/apply/merge-configuration.ts';
import {DoesNotApply, jsonPatch} from '../../merge/json-patch.ts';
import type {Resource} from '../../registry/resource.ts';
import {fieldTypeOfKind} from '../field-owners.ts';
import {scaleFieldType} from '../scale-owners.ts';
import {patchedObject, putChanged} from './changed-object.ts';
import type {Invocation, Trouble} from './invocations.ts';
import {invocationsOf, keyOfInvocation} from './invocations.ts';
import {policySubject} from './match.ts';
import type {Asked} from './request.ts';
import {bindingsOf, nameShown} from './request.ts';
import type {Round} from './round.ts';

type Failure = Pick<Trouble, 'policy' | 'binding'> & {readonly message: string; readonly reason: Reason};

/** @throws ApiError what policies fail with, all of them; InternalError for a change that makes no object */
export async function mutateByPolicies(asked: Asked, bounds: readonly Bound[], round: Round): Promise<void> {
  if (bounds.length === 0) return;
  const failures: Failure[] = [];
  for (const found of await invocationsOf(asked, bounds)) {
    const {policy, binding} = found;
    const fail = (message: string, reason: Reason): void => {
      if (!policy.ignoresFailure) failures.push({policy, binding, message, reason});
    };
    if ('trouble' in found) fail(found.trouble, 'Forbidden');
    else await invoke(asked, found, round, message => fail(message, 'Invalid'));
  }
  if (failures.length > 0) throw refusal(asked, failures as [Failure, ...Failure[]]);
}

async function invoke(asked: Asked, invocation: Invocation, round: Round, fail: (message: string) => void): Promise<void> {
  const {policy, resource, param} = invocation;
  const compiled = await compileExpressions(policy.expressions, asked.manners);
  const bindings = {...(await bindingsOf(asked, await policySubject(asked, resource))), params: param};
  const holds = await asked.answers.settle(() => conditionsHold(compiled.conditions, bindings, asked.allowance));
  if (typeof holds === 'object') fail(holds.error);
  if (holds !== true) return;
  const key = keyOfInvocation(invocation);
  if (!round.includes(key)) return;
  for (const mutation of compiled.mutations) {
    const trouble = await mutate(asked, invocation, mutation, object => {
      const all = {...bindings, object, namespaceObject: invocation.namespace};
      return wanted(mutation, new Evaluation(compiled.variables, all, asked.allowance, expressionLimits.bindingBudget));
    });
    if (trouble !== undefined) fail(trouble);
  }
  round.ran(key, policy.reinvoked);
}

/** Makes one change; what prevents it. */
async function mutate(
  asked: Asked,
  {resource}: Invocation,
  mutation: CompiledMutation,
  evaluate: (object: JsonObject) => ReturnType<typeof wanted>,
): Promise<string | undefined> {
  const {object} = await policySubject(asked, resource);
  const before = asJson(object as KubeObject);
  const found = await asked.answers.settle(() => evaluate(before));
  if ('error' in found) return found.error;
  const changed = 'patch' in found ? patched(before, found.patch) : merged(asked, resource, before, found.configuration);
  if ('error' in changed) return changed.error;
  if (equal(changed.object, before)) return undefined;
  const put = await putChanged(asked, resource, typed(asked, resource, changed.object));
  return put ? undefined : `${mutation.patchType}: the name and the namespace of the object may not be changed`;
}

type Change = {readonly object: Json} | {readonly error: string};

function patched(object: JsonObject, patch: Json[]): Change {
  try {
    return {object: jsonPatch(object, patch)};
  } catch (err) {
    if (!(err instanceof ApiError)) throw err;
    // Whoever tests wants nothing changed where the test does not hold.
    if (err instanceof DoesNotApply && err.tested) return {object};
    return {error: `JSON Patch: ${err instanceof DoesNotApply ? err.why : err.message}`};
  }
}

function merged({subresource}: Asked, {kind}: Resource, object: JsonObject, configuration: JsonObject): Change {
  const {apiVersion, kind: name} = object as {apiVersion: string; kind: string};
  const type = subresource === 'scale' ? scaleFieldType : fieldTypeOfKind(kind);
  const found = mergeConfiguration(type, object, {...configuration, apiVersion, kind: name});
  return 'error' in found ? {error: `error applying patch: ${found.error}`} : found;
}

/** @throws ApiError InternalError for what is no such object */
function typed(asked: Asked, resource: Resource, value: Json): KubeObject {
  try {
    return patchedObject(asked, resource, value, true);
  } catch (err) {
    if (err instanceof ApiError) throw hookFailed(err.message.replace(/^.* cannot be handled as a \w+: /, ''));
    throw err;
  }
}

function refusal(asked: Asked, failures: readonly [Failure, ...Failure[]]): ApiError {
  const texts = failures.map(({policy, binding, message}) =>
    binding
      ? `policy '${policy.name}' with binding '${binding.name}' denied request: ${message}`
      : `policy ${JSON.stringify(policy.name)} denied request: ${message}`,
  );
  const {details} = forbidden(asked.x.resource.gr, nameShown(asked), '', {causes: texts.map(message => ({message}))});
  // The code stays that of a refusal, whatever the reason says.
  return new ApiError(failures[0].reason, texts[0] as string, details, undefined, 403);
}
