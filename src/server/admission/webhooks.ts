/** Asking the admission webhooks of a workspace about a write (spec kubernetes-api 9.2, 9.3). */
import type {Request, Subject, Verdict} from '../../admission/admission-review.ts';
import {admissionReview, denial, hookFailed, readVerdict} from '../../admission/admission-review.ts';
import {compileConditions} from '../../admission/compiled.ts';
import {conditionsHold} from '../../admission/conditions.ts';
import type {Hook} from '../../admission/hooks.ts';
import {ApiError, badRequest, forbidden} from '../../api/errors.ts';
import type {Json} from '../../api/json.ts';
import {stringify} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import {postProblem} from '../../api/webhooks.ts';
import {jsonPatch} from '../../merge/json-patch.ts';
import {decodeJson} from '../../wire/json.ts';
import type {InWorkspace} from '../exchange.ts';
import {patchedObject, putChanged} from './changed-object.ts';
import {matched, subjectIn} from './match.ts';
import type {Asked} from './request.ts';
import {bindingsOf} from './request.ts';
import type {Round} from './round.ts';

export const webhookLimits = {
  /** For all webhooks of a request. */
  requestMsMax: 60_000,
  answerBytesMax: 4 * 1024 * 1024,
} as const;

/**
 * Lets webhooks change the object, one after the other.
 * @throws ApiError what one refuses with; InternalError for one that fails; BadRequest for a changed name or namespace
 */
export async function mutateByWebhooks(asked: Asked, hooks: readonly Hook[], round: Round): Promise<void> {
  for (const [index, hook] of hooks.entries()) {
    if (!round.includes(hook)) continue;
    const subject = await subjectOf(asked, hook);
    if (!subject) continue;
    const verdict = await consult(asked, hook, subject, true);
    const mutated = verdict?.patch ? await applyPatch(asked, hook, subject, verdict.patch) : false;
    const place = `round_${round.number}_index_${index}`;
    const {trail} = asked.x;
    if (!verdict) trail?.note(`failed-open.mutation.webhook.admission.k8s.io/${place}`, hook.name);
    else
      trail?.note(
        `mutation.webhook.admission.k8s.io/${place}`,
        JSON.stringify({configuration: hook.configuration, webhook: hook.name, mutated}),
      );
    round.ran(hook, hook.reinvoked);
  }
}

/**
 * Asks all at once.
 * @throws ApiError what the first of them refuses with; InternalError for one that fails
 */
export async function validateByWebhooks(asked: Asked, hooks: readonly Hook[]): Promise<void> {
  const outcomes = await Promise.allSettled(
    hooks.map(async (hook, index) => {
      const subject = await subjectOf(asked, hook);
      if (!subject || (await consult(asked, hook, subject, false))) return;
      asked.x.trail?.note(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, hook.name);
    }),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** The objects as a webhook wants to see them; undefined when it is not meant. */
async function subjectOf(asked: Asked, hook: Hook): Promise<Subject | undefined> {
  const resource = await matched(asked, hook.match);
  if (!resource) return undefined;
  const subject = await subjectIn(asked, resource);
  if (hook.conditions.length === 0) return subject;
  const conditions = await compileConditions(hook.conditions, asked.manners);
  const bindings = await bindingsOf(asked, subject);
  const holds = await asked.answers.settle(() => conditionsHold(conditions, bindings, asked.allowance));
  if (typeof holds === 'boolean') return holds ? subject : undefined;
  if (hook.ignoresFailure) return undefined;
  const {request} = asked;
  throw forbidden(request.resource.gr, request.name, holds.error);
}

/** Asks one webhook; undefined when it failed and that does not matter. */
async function consult({x, request}: Asked, hook: Hook, subject: Subject, mutating: boolean): Promise<Verdict | undefined> {
  const found = await call(x, hook, request, subject, mutating);
  if ('problem' in found) {
    // Nobody waits for the answer any more.
    if (hook.ignoresFailure && !x.call.request.signal.aborted) return undefined;
    throw hookFailed(`failed calling webhook ${JSON.stringify(hook.name)}: ${found.problem}`);
  }
  for (const [key, value] of found.notes) x.trail?.note(`${hook.name}/${key}`, value);
  x.warnings.push(...found.warnings);
  if (!found.allowed) throw denial(hook, found.status);
  return found;
}

async function call(
  x: InWorkspace,
  hook: Hook,
  request: Request,
  subject: Subject,
  mutating: boolean,
): Promise<Verdict | {readonly problem: string}> {
  const {deps, workspace, startedMs} = x;
  const uid = deps.world.uid();
  const timeoutMs = Math.min(hook.timeoutMs, startedMs + webhookLimits.requestMsMax - deps.world.now());
  const notCalled = (why: string) => ({problem: `failed to call webhook: ${why}`});
  if (timeoutMs <= 0) return notCalled(postProblem(hook.client, hook.timeoutMs, 'context deadline exceeded'));
  const answer = await deps.webhooks.post({
    client: hook.client,
    body: Buffer.from(stringify(admissionReview(hook, request, subject, uid))),
    workspace,
    timeoutMs,
    answerBytesMax: webhookLimits.answerBytesMax,
    signal: x.call.request.signal,
  });
  if ('problem' in answer) return notCalled(answer.problem);
  const said = jsonOf(answer.bytes);
  return said === undefined ? notCalled('the answer is not JSON') : readVerdict(hook, uid, said, mutating);
}

function jsonOf(bytes: Uint8Array): Json | undefined {
  try {
    return decodeJson(bytes).value;
  } catch (err) {
    if (err instanceof ApiError) return undefined;
    throw err;
  }
}

/** Changes the object of the write by a webhook's patch; says whether that changed anything. */
async function applyPatch(asked: Asked, hook: Hook, subject: Subject, patch: string): Promise<boolean> {
  const {object} = asked;
  if (!object || !subject.object)
    throw hookFailed(
      `admission webhook ${JSON.stringify(hook.name)} attempted to modify the object, which is not supported for this operation`,
    );
  const patched = patchedBy(asked, subject as Subject & {object: KubeObject}, patch);
  const before = stringify(asJson(object));
  if (!(await putChanged(asked, subject.resource, patched)))
    throw badRequest(`admission webhook ${JSON.stringify(hook.name)} may not change the name or the namespace of the object`);
  return stringify(asJson(object)) !== before;
}

function patchedBy(asked: Asked, {resource, object}: Subject & {object: KubeObject}, patch: string): KubeObject {
  try {
    return patchedObject(asked, resource, jsonPatch(asJson(object), decodeJson(Buffer.from(patch, 'base64')).value), false);
  } catch (err) {
    if (err instanceof ApiError) throw hookFailed(err.message);
    throw err;
  }
}
