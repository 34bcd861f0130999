/** Asking the admission webhooks of a workspace about a write (spec kubernetes-api 9). */
import type {Request, Subject, Verdict} from '../admission/admission-review.ts';
import {admissionReview, denial, hookFailed, readVerdict, requestOf} from '../admission/admission-review.ts';
import {authorizerVariables} from '../admission/expression-authorizer.ts';
import type {Hook} from '../admission/hooks.ts';
import {hooksIn} from '../admission/hooks.ts';
import {conditionsHold} from '../admission/match-conditions.ts';
import type {Operation, RequestTarget} from '../admission/request-rules.ts';
import {matchesButVersion, ruleMatches} from '../admission/request-rules.ts';
import {ApiError, badRequest, forbidden} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {clone, equal, isObject, stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, asObject} from '../api/object.ts';
import type {LabelSelector, Labels} from '../api/selectors.ts';
import {postProblem} from '../api/webhooks.ts';
import {jsonPatch} from '../merge/json-patch.ts';
import {builtInSection, keyOf} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import type {Resource} from '../registry/resource.ts';
import {peek} from '../registry/stored.ts';
import {conform} from '../registry/view.ts';
import {decodeJson} from '../wire/json.ts';
import {convertOne} from './convert.ts';
import type {InWorkspace} from './exchange.ts';
import {patience} from './heavy.ts';
import {toObject} from './intake.ts';

export const admitLimits = {
  /** For all webhooks of a request. */
  requestMsMax: 60_000,
  answerBytesMax: 4 * 1024 * 1024,
} as const;

/** A write that webhooks are asked about. */
export type Admission = {
  readonly operation: Operation;
  readonly subresource: string | undefined;
  /** What is to be stored; of a delete there is none. */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  /** Of a delete: the options that came in its body. */
  readonly options?: JsonObject;
};

type Asked = Admission & {readonly x: InWorkspace; readonly request: Request};

/**
 * Lets mutating webhooks change the object, one after the other; says whether any did. Of its metadata they change what clients may.
 * @throws ApiError what a webhook refuses with; InternalError for one that fails; BadRequest for a changed name or namespace
 */
export async function mutateByHooks(x: InWorkspace, admission: Admission): Promise<boolean> {
  const {mutating} = await hooksFor(x);
  if (mutating.length === 0) return false;
  const asked = ask(x, admission);
  const {object} = admission;
  const before = object && clone(asJson(object));
  // A new object they see as the client sent it: what the server stamps comes after them.
  const stamps = object && admission.operation === 'CREATE' ? takeStamps(object) : {};
  await mutatingRounds(asked, mutating);
  if (object) Object.assign(object.metadata, stamps);
  return before !== undefined && !equal(before, asJson(object as KubeObject));
}

async function mutatingRounds(asked: Asked, hooks: readonly Hook[]): Promise<void> {
  const first = await mutatingRound(asked, hooks, () => true);
  // Whoever asked for it sees once more what others made of the object after it.
  const missed = (hook: Hook): boolean => first.has(hook) && first.get(hook) !== stringify(asJson(asked.object as KubeObject));
  if ([...first.keys()].some(missed)) await mutatingRound(asked, hooks, missed);
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

/** Asks those that are chosen; as what those that may be asked again left the object. */
async function mutatingRound(asked: Asked, hooks: readonly Hook[], chosen: (hook: Hook) => boolean): Promise<Map<Hook, string>> {
  const left = new Map<Hook, string>();
  for (const hook of hooks) {
    if (!chosen(hook)) continue;
    const subject = await subjectOf(asked, hook);
    if (!subject) continue;
    const verdict = await consult(asked, hook, subject, true);
    if (verdict?.patch) await applyPatch(asked, hook, subject, verdict.patch);
    if (asked.object && hook.reinvoked) left.set(hook, stringify(asJson(asked.object)));
  }
  return left;
}

/**
 * Asks all validating webhooks at once.
 * @throws ApiError what the first of them refuses with; InternalError for one that fails
 */
export async function validateByHooks(x: InWorkspace, admission: Admission): Promise<void> {
  const {validating} = await hooksFor(x);
  if (validating.length === 0) return;
  const asked = ask(x, admission);
  const outcomes = await Promise.allSettled(
    validating.map(async hook => {
      const subject = await subjectOf(asked, hook);
      if (subject) await consult(asked, hook, subject, false);
    }),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** The kinds that rule admission are not subject to it, so that nobody locks himself out. */
const exemptGroup = 'admissionregistration.k8s.io';
const noHooks = {mutating: [], validating: []} as const;
const hooksFor = ({resource, deps, workspace}: InWorkspace) =>
  resource.gr.group === exemptGroup ? noHooks : hooksIn(deps.store, workspace);

function ask(x: InWorkspace, admission: Admission): Asked {
  const {operation, subresource, object, old, dryRun} = admission;
  const {resource} = x;
  const {name, namespace} = ((object ?? old) as KubeObject).metadata;
  const isNamespace = resource.gr.group === '' && resource.gr.resource === 'namespaces';
  const request: Request = {
    operation,
    resource,
    subresource,
    name: name ?? '',
    namespace: isNamespace ? name : namespace,
    user: x.allowed.user,
    dryRun,
    options: admission.options ?? optionsOf(x, operation, dryRun),
  };
  return {...admission, x, request};
}

function optionsOf({call}: InWorkspace, operation: Operation, dryRun: boolean): JsonObject {
  const {query} = call.target;
  const [fieldManager, fieldValidation] = [query.get('fieldManager'), query.get('fieldValidation')];
  return {
    kind: operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions',
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun && {dryRun: ['All']}),
    ...(fieldManager && {fieldManager}),
    ...(fieldValidation && {fieldValidation}),
  };
}

/** The objects as a webhook wants to see them; undefined when it is not meant. */
async function subjectOf(asked: Asked, hook: Hook): Promise<Subject | undefined> {
  const {x, object, old, request} = asked;
  const resource = await matched(asked, hook);
  if (!resource || !labelsMatch(hook.objects, object, old) || !(await namespaceMatches(asked, hook.namespaces))) return undefined;
  const shown = async (one: KubeObject | undefined): Promise<KubeObject | undefined> => {
    if (!one || resource === x.resource) return one;
    if (resource.conversion) return convertOne(x, resource, one);
    const copy = asObject(clone(asJson(one)));
    conform(resource, copy);
    return copy;
  };
  const subject: Subject = {resource, object: await shown(object), old: await shown(old)};
  if (hook.conditions.length === 0) return subject;
  const {namespace, name, subresource} = request;
  const about = {...resource.gr, ...(subresource && {subresource}), ...(namespace && {namespace}), ...(name && {name})};
  const objects = {
    object: subject.object ? asJson(subject.object) : null,
    oldObject: subject.old ? asJson(subject.old) : null,
    request: requestOf(request, subject, ''),
  };
  const holds = await x.deps.authorizer.deciding(x.workspace, decide =>
    conditionsHold(hook.conditions, {...authorizerVariables(decide, request.user, x.workspace, about), ...objects}, patience(x.deps)),
  );
  if (typeof holds === 'boolean') return holds ? subject : undefined;
  if (hook.ignoresFailure) return undefined;
  throw forbidden(request.resource.gr, request.name, holds.error);
}

/** The version by which the rules mean the request. */
async function matched({x, operation, subresource}: Asked, {rules, equivalent}: Hook): Promise<Resource | undefined> {
  const {resource, workspace, deps} = x;
  const {group, version, namespaced} = resource.kind;
  const plural = resource.gr.resource;
  const isNamespace = group === '' && plural === 'namespaces';
  const target: RequestTarget = {operation, group, version, plural, subresource: subresource ?? '', namespaced: namespaced && !isNamespace};
  if (rules.some(rule => ruleMatches(rule, target))) return resource;
  if (!equivalent || !resource.kind.custom) return undefined;
  for (const rule of rules) {
    if (!matchesButVersion(rule, target)) continue;
    for (const other of rule.versions) {
      const found = await deps.registry.resolve(workspace, group, other, plural);
      if (found) return found;
    }
  }
  return undefined;
}

const labelsOf = (object: KubeObject): Labels => object.metadata.labels ?? {};
const labelsMatch = (selector: LabelSelector, ...objects: readonly (KubeObject | undefined)[]): boolean =>
  selector.empty || objects.some(object => object !== undefined && selector.matches(labelsOf(object)));

async function namespaceMatches({x, request, object, operation, subresource}: Asked, selector: LabelSelector): Promise<boolean> {
  const {namespace} = request;
  if (selector.empty || namespace === undefined) return true;
  if (!x.resource.kind.namespaced && object && operation !== 'DELETE' && !subresource) return selector.matches(labelsOf(object));
  const namespaces = {group: '', resource: 'namespaces', section: builtInSection} as const;
  const entry = await read(x.deps.store, keyOf(namespaces, x.workspace, undefined, namespace));
  if (entry) return selector.matches(labelsOf(peek(entry)));
  throw new ApiError('NotFound', `namespaces ${JSON.stringify(namespace)} not found`, {name: namespace, kind: 'namespaces'});
}

/** Asks one webhook; undefined when it failed and that does not matter. */
async function consult({x, request}: Asked, hook: Hook, subject: Subject, mutating: boolean): Promise<Verdict | undefined> {
  const found = await call(x, hook, request, subject, mutating);
  if ('problem' in found) {
    // Nobody waits for the answer any more.
    if (hook.ignoresFailure && !x.call.request.signal.aborted) return undefined;
    throw hookFailed(`failed calling webhook ${JSON.stringify(hook.name)}: ${found.problem}`);
  }
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
  const timeoutMs = Math.min(hook.timeoutMs, startedMs + admitLimits.requestMsMax - deps.world.now());
  const notCalled = (why: string) => ({problem: `failed to call webhook: ${why}`});
  if (timeoutMs <= 0) return notCalled(postProblem(hook.client, hook.timeoutMs, 'context deadline exceeded'));
  const answer = await deps.webhooks.post({
    client: hook.client,
    body: Buffer.from(stringify(admissionReview(hook, request, subject, uid))),
    workspace,
    timeoutMs,
    answerBytesMax: admitLimits.answerBytesMax,
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

/** Changes the object of the write by a webhook's patch. */
async function applyPatch(asked: Asked, hook: Hook, subject: Subject, patch: string): Promise<void> {
  const {x, object} = asked;
  if (!object || !subject.object)
    throw hookFailed(
      `admission webhook ${JSON.stringify(hook.name)} attempted to modify the object, which is not supported for this operation`,
    );
  const patched = patchedObject(x, subject as Subject & {object: KubeObject}, patch);
  let result = patched;
  if (subject.resource !== x.resource) {
    if (x.resource.conversion) result = await convertOne(x, x.resource, patched);
    else conform(x.resource, result);
  }
  const {metadata} = object;
  if (result.metadata.name !== metadata.name || result.metadata.namespace !== metadata.namespace)
    throw badRequest(`admission webhook ${JSON.stringify(hook.name)} may not change the name or the namespace of the object`);
  keepOwn(result, object);
  const json = asJson(object);
  for (const field of Object.keys(json)) delete json[field];
  Object.assign(json, asJson(result));
}

function patchedObject(x: InWorkspace, {resource, object}: Subject & {object: KubeObject}, patch: string): KubeObject {
  try {
    const value = jsonPatch(asJson(object), decodeJson(Buffer.from(patch, 'base64')).value);
    if (isObject(value)) return toObject({...x, resource}, {value, duplicates: [], lenient: true}, 'Ignore');
    throw badRequest('the patched object is no object');
  } catch (err) {
    if (err instanceof ApiError) throw hookFailed(err.message);
    throw err;
  }
}

/** What of the metadata is the server's. */
const systemFields = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
];

function keepOwn(result: KubeObject, before: KubeObject): void {
  const [to, from] = [asJson(result)['metadata'] as JsonObject, asJson(before)['metadata'] as JsonObject];
  for (const field of systemFields) {
    if (from[field] === undefined) delete to[field];
    else to[field] = from[field];
  }
}
