/** What the validating policies of a workspace make of a write (spec kubernetes-api 9.5). */
import type {RequestBindings} from '../../admission/bindings.ts';
import {compileExpressions} from '../../admission/compiled.ts';
import type {Bound} from '../../admission/configurations.ts';
import type {Binding, Policy} from '../../admission/policies.ts';
import type {Failed, Judgement} from '../../admission/validations.ts';
import {judgement} from '../../admission/validations.ts';
import type {Reason} from '../../api/errors.ts';
import {ApiError, forbidden} from '../../api/errors.ts';
import type {Resource} from '../../registry/resource.ts';
import type {Invocation} from './invocations.ts';
import {invocationsOf} from './invocations.ts';
import {policySubject} from './match.ts';
import type {Asked} from './request.ts';
import {bindingsOf, nameShown} from './request.ts';

type Denied = {readonly policy: Policy; readonly binding: Binding | undefined; readonly message: string; readonly reason: string};

/** @throws ApiError what the first policy refuses with */
export async function validateByPolicies(asked: Asked, bounds: readonly Bound[]): Promise<void> {
  if (bounds.length === 0) return;
  const denied: Denied[] = [];
  const notes = new Map<string, Set<string>>();
  const seen: Seen = new Map();
  for (const found of await invocationsOf(asked, bounds)) {
    const {policy, binding} = found;
    if ('trouble' in found) {
      if (!policy.ignoresFailure) denied.push({policy, binding, message: found.trouble, reason: ''});
      continue;
    }
    const judged = await judge(asked, found, seen);
    denied.push(...actedUpon(asked, found, judged.failed));
    for (const message of judged.troubles) denied.push({policy, binding, message, reason: ''});
    for (const [key, value] of judged.notes) {
      const whole = `${policy.name}/${key}`;
      notes.set(whole, (notes.get(whole) ?? new Set()).add(value));
    }
  }
  for (const [key, values] of notes) asked.x.trail?.note(key, [...values].join(', '));
  if (denied[0]) throw refusal(asked, denied[0]);
}

type Seen = Map<Resource, Promise<RequestBindings>>;

async function judge(asked: Asked, {policy, resource, param, namespace}: Invocation, seen: Seen): Promise<Judgement> {
  const {allowance, manners} = asked;
  let bindings = seen.get(resource);
  if (!bindings) {
    bindings = policySubject(asked, resource).then(subject => bindingsOf(asked, subject));
    seen.set(resource, bindings);
  }
  const compiled = await compileExpressions(policy.expressions, manners);
  const invoked = {bindings: await bindings, param, namespace, allowance, ignoresFailure: policy.ignoresFailure};
  return asked.answers.settle(() => judgement(compiled, invoked));
}

/** Does with failed validations what their binding says; those that refuse are returned. */
function actedUpon({x}: Asked, {policy, binding}: Invocation, failed: readonly Failed[]): Denied[] {
  const denied: Denied[] = [];
  for (const {index, message, reason} of failed) {
    for (const action of binding.actions) {
      if (action === 'Deny') denied.push({policy, binding, message, reason});
      else if (action === 'Warn')
        x.warnings.push(`Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${binding.name}': ${message}`);
      else x.trail?.note('validation.policy.admission.k8s.io/validation_failure', failureNote(index, message, policy, binding));
    }
  }
  return denied;
}

const failureNote = (expressionIndex: number, message: string, policy: Policy, binding: Binding): string =>
  JSON.stringify([{message, policy: policy.name, binding: binding.name, expressionIndex, validationActions: binding.actions}]);

function refusal(asked: Asked, {policy, binding, message, reason}: Denied): ApiError {
  const by = `ValidatingAdmissionPolicy '${policy.name}'${binding ? ` with binding '${binding.name}'` : ''}`;
  const why = `${by} denied request: ${message}`;
  const {details, message: text} = forbidden(asked.x.resource.gr, nameShown(asked), why, {causes: [{message: why}]});
  return new ApiError((reason || 'Invalid') as Reason, text, details);
}
