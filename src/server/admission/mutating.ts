/** The mutating phase of admission: policies, then webhooks, and those who ask for it a second time (spec kubernetes-api 9.1, 9.4). */
import type {JsonObject} from '../../api/json.ts';
import {clone, equal, stringify} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import type {InWorkspace} from '../exchange.ts';
import {admissionsFor} from './admissions.ts';
import {mutateByPolicies} from './mutating-policies.ts';
import type {AdmissionOf, Asked} from './request.ts';
import {askedOf} from './request.ts';
import type {Mutator, Round} from './round.ts';
import {mutateByWebhooks} from './webhooks.ts';

/**
 * Lets the policies and webhooks of the workspace change the object; says whether any did. Of its metadata they change what clients may.
 * @throws ApiError what they refuse with, or fail with
 */
export async function mutatingAdmission(x: InWorkspace, admission: AdmissionOf): Promise<boolean> {
  const found = admissionsFor(x);
  const {policies, hooks} = (found instanceof Promise ? await found : found).mutating;
  if (policies.length === 0 && hooks.length === 0) return false;
  const asked = askedOf(x, admission);
  const {object} = admission;
  const before = object && clone(asJson(object));
  // A new object they see as the client sent it: what the server stamps comes after them.
  const stamps = object && admission.operation === 'CREATE' ? takeStamps(object) : {};
  await rounds(asked, async round => {
    if (object) await mutateByPolicies(asked, policies, round);
    await mutateByWebhooks(asked, hooks, round);
  });
  if (object) Object.assign(object.metadata, stamps);
  return before !== undefined && !equal(before, asJson(object as KubeObject));
}

async function rounds({object}: Asked, pass: (round: Round) => Promise<void>): Promise<void> {
  const textOf = (): string => (object ? stringify(asJson(object)) : '');
  const left = new Map<Mutator, string>();
  const ran: Round['ran'] = (one, reinvoked) => {
    if (reinvoked) left.set(one, textOf());
  };
  await pass({number: 0, includes: () => true, ran});
  // Whoever asked for it sees once more what others made of the object after it.
  const missed = (one: Mutator): boolean => left.has(one) && left.get(one) !== textOf();
  if ([...left.keys()].some(missed)) await pass({number: 1, includes: missed, ran});
}

function takeStamps({metadata}: KubeObject): JsonObject {
  const json = metadata as unknown as JsonObject;
  const taken: JsonObject = {};
  for (const field of ['uid', 'creationTimestamp', 'generation']) {
    if (json[field] !== undefined) taken[field] = json[field];
    delete json[field];
  }
  return taken;
}
