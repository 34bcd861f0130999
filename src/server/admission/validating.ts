import type {InWorkspace} from '../exchange.ts';
import {admissionsFor} from './admissions.ts';
import type {AdmissionOf} from './request.ts';
import {askedOf} from './request.ts';
import {validateByPolicies} from './validating-policies.ts';
import {validateByWebhooks} from './webhooks.ts';

/**
 * The validating phase of admission: the policies of the workspace, then its webhooks, see what is about to be stored (spec kubernetes-api 9.1).
 * @throws ApiError what they refuse with, or fail with
 */
export async function validatingAdmission(x: InWorkspace, admission: AdmissionOf): Promise<void> {
  const found = admissionsFor(x);
  const {policies, hooks} = (found instanceof Promise ? await found : found).validating;
  if (policies.length === 0 && hooks.length === 0) return;
  const asked = askedOf(x, admission);
  await validateByPolicies(asked, policies);
  await validateByWebhooks(asked, hooks);
}
