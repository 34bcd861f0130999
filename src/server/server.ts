/**
 * The room of requests. `apiServer` tells the life of one from top to bottom; each verb has a file of its own. The room knows no
 * sockets, no process and no wall clock.
 */
import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import {pathSegment} from '../api/names.ts';
import {exactValue, parseFieldSelector} from '../api/selectors.ts';
import type {Attributes} from '../auth/attributes.ts';
import type {Credentials} from '../auth/authenticate.ts';
import {authenticate} from '../auth/authenticate.ts';
import type {Allowed} from '../auth/authorize.ts';
import {refusal} from '../auth/authorize.ts';
import {impersonate, readWish} from '../auth/impersonate.ts';
import {homeOf} from '../auth/service-account.ts';
import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';
import type {Visit} from '../fairness/visit.ts';
import {Unreadable} from '../storage/storage.ts';
import {wantsProtobufErrors} from '../wire/negotiate.ts';
import {answer} from './answer.ts';
import {auditIdOf, withAuditId} from './audit-id.ts';
import {notUnderstood, Trail} from './audit-trail.ts';
import type {Call} from './call.ts';
import {parseCall} from './call.ts';
import {compress} from './compress.ts';
import type {Deps} from './deps.ts';
import {document} from './documents.ts';
import {type Answered, Heavy} from './heavy.ts';
import {asksForHome, homeWorkspace} from './home-workspace.ts';
import type {Handler, HttpReply} from './http.ts';
import {header, loggedTarget} from './http.ts';
import {checkActive} from './inactive.ts';
import {letIn} from './let-in.ts';
import type {Place} from './locate.ts';
import {locate} from './locate.ts';
import type {Notes} from './notes.ts';
import {GatheredNotes} from './notes.ts';
import type {Asked} from './open-watches.ts';
import {answerOf} from './paid-streams.ts';
import {replyError} from './reply.ts';
import {resolve} from './resolve.ts';
import {unreadable} from './unreadable.ts';
import {authorizationOf} from './web-socket.ts';

/** The server is a function: plain values in, plain values out (architecture D2). */
export function apiServer(deps: Deps): Handler {
  return async request => {
    const startedMs = deps.world.now();
    const auditId = auditIdOf(request, deps.world);
    const call = attempt(() => parseCall(request, auditId));
    const understood = call instanceof ApiError ? undefined : call;
    const trail = deps.audit && new Trail(deps.audit, deps, understood ?? notUnderstood(request, auditId));
    const notes = deps.returnsNotes ? new GatheredNotes() : undefined;
    let reply = call instanceof ApiError ? replyError(call, false) : await serve(deps, call, trail, notes);
    if (trail) reply = await trail.answered(reply);
    deps.observe(understood, reply.status, deps.world.now() - startedMs);
    return {...reply, ...(notes && {notes: notes.all}), headers: {...reply.headers, 'audit-id': auditId}};
  };
}

async function serve(deps: Deps, call: Call, trail: Trail | undefined, notes: Notes | undefined): Promise<HttpReply> {
  const {headers} = call.request;
  const time = deps.fairness?.time;
  let warnings: readonly string[] = [];
  let where: Place['workspace'] | undefined;
  let visit: Visit | undefined;
  try {
    const {cluster} = call.target;
    // A workspace that is named may have issuers of tokens of its own.
    const named = cluster === undefined ? undefined : await locate(deps.store, cluster);
    const asOf = deps.openWatches.mark();
    const real = await authenticate(credentials(call, named?.workspace), deps);
    // Programs in a cluster know no workspaces: their token leads to theirs (spec kcp 3.3).
    const place = named ?? (await locate(deps.store, homeOf(real)));
    where = place.workspace;
    if (trail) await trail.received(real, place);
    // Before anything is said about what exists.
    const received = {call, place, real};
    const meant = await meaningOf(deps, received, trail);
    const entered = letIn(deps, call, {user: meant.user, place});
    // Most need not wait, not even for a turn of what is to be done next.
    visit = entered instanceof Promise ? await entered : entered;
    if (visit) time?.begin(visit);
    if (deps.homes && asksForHome(call, place)) {
      const home = await compress(call, await homeWorkspace(deps, call, meant.user, trail), time);
      return visit && time ? answerOf(visit, time, call.request, home) : home;
    }
    const allowed = await permit(deps, received, meant, trail);
    visit?.allowed();
    const reply = await orElsewhere(deps, call, {place, visit, trail}, async () => {
      if (!call.resource) return compress(call, await document(deps, allowed, call, place.workspace), time);
      const asked = {home: homeOf(real), asOf, again: asking(deps, received)};
      const exchange = await resolve(deps, {allowed, asked}, call, place.workspace);
      ({warnings} = exchange);
      trail?.understood(exchange.resource);
      const noting = trail ?? notes;
      return compress(call, await answer(noting ? {...exchange, trail: noting} : exchange), time);
    });
    return visit && time ? answerOf(visit, time, call.request, reply) : reply;
  } catch (err) {
    visit?.leave();
    const known = err instanceof Unreadable ? unreadable(err, where) : err;
    if (!(known instanceof ApiError)) {
      trail?.broken();
      deps.log.error('a request failed by a mistake of ours', {
        request: call.auditId,
        target: loggedTarget(call.request.target),
        error: stackOf(err),
      });
    }
    return replyError(known, wantsProtobufErrors(header(headers, 'accept')), warnings);
  }
}

const credentials = ({request, path}: Call, workspace: WorkspaceId | '*' | undefined): Credentials => ({
  authorization: authorizationOf(request),
  peer: request.peer,
  path,
  workspace,
});

/** A request whose sender is known, and where it leads. */
type Received = {readonly call: Call; readonly place: Place; readonly real: User};

/** The same question later on. (By itself, as what goes on keeps all that this knows.) */
const asking =
  (deps: Deps, {call, place: {workspace}, real}: Received): Asked['again'] =>
  async who => {
    const sent = credentials(call, call.target.cluster === undefined ? undefined : workspace);
    const received = {call, place: await locate(deps.store, workspace), real: who ? await authenticate(sent, deps) : real};
    // What went on in a workspace that is gone is over for everybody.
    if (received.place.missing === 'hidden') throw refusal(received.real, attributesOf(call, received.place));
    await permit(deps, received, await meaningOf(deps, received));
  };

/** Who is to have made a request, and what it asks for. */
type Meaning = {readonly user: User; readonly attributes: Attributes};

/** As whom it is meant. @throws ApiError also where it leads nowhere */
async function meaningOf(deps: Deps, {call, place, real}: Received, trail?: Trail): Promise<Meaning> {
  const wish = readWish(call.request.headers);
  const user = wish ? await impersonate(real, wish, place.workspace, deps.authorizer) : real;
  if (wish) trail?.actsAs(user);
  const attributes = attributesOf(call, place);
  const missing = await whatIsMissing(deps, user, attributes, place);
  if (missing) throw missing;
  return {user, attributes};
}

/** Whether it may be made. @throws ApiError */
async function permit(deps: Deps, {call, place}: Received, {user, attributes}: Meaning, trail?: Trail): Promise<Allowed> {
  const allowed = await deps.authorizer.authorize(user, attributes, trail?.decided);
  await checkActive(deps.store, call, place.workspace);
  return allowed;
}

/** What finds itself too heavy is answered by another thread, on the same account. */
async function orElsewhere(
  {elsewhere, fairness}: Deps,
  {request, auditId}: Call,
  {place, visit, trail}: {readonly place: Place; readonly visit: Visit | undefined; readonly trail: Trail | undefined},
  here: () => Promise<HttpReply>,
): Promise<HttpReply> {
  try {
    return await here();
  } catch (err) {
    if (!(err instanceof Heavy && elsewhere)) throw err;
    const ask = (): Promise<Answered> => elsewhere.answer(withAuditId(request, auditId), place.workspace);
    const answered = await (fairness ? fairness.time.elsewhere(ask) : ask());
    if (fairness) visit?.spent(answered.tookMs ?? 0, fairness.time.now());
    for (const [key, value] of answered.notes ?? []) trail?.note(key, value);
    return answered;
  }
}

/**
 * That a path leads nowhere is for those to know who may see where it ends; to others it looks as if it was only forbidden. The shard itself may look
 * whether anything is left where a logical cluster was, or is not yet open.
 */
async function whatIsMissing(
  {authorizer}: Deps,
  user: User,
  attributes: Attributes,
  {workspace, missing}: Place,
): Promise<ApiError | undefined> {
  if (missing === undefined) return undefined;
  if (missing === 'hidden') return user.groups.includes(groups.masters) ? undefined : refusal(user, attributes);
  const workspaces = {group: 'tenancy.kcp.io', plural: 'workspaces', subresource: undefined, namespace: undefined, name: undefined};
  const decision = await authorizer.decide(user, {verb: 'get', workspace, resource: workspaces});
  return decision.allowed ? missing : refusal(user, attributes);
}

function attributesOf({resource, request, path, target}: Call, {workspace}: Place): Attributes {
  if (!resource) return {verb: request.method.toLowerCase(), workspace, path};
  const {verb, group, version, plural, subresource, namespace, name} = resource;
  if (!selecting.has(verb)) return {verb, workspace, resource: {group, version, plural, subresource, namespace, name}};
  const fieldSelector = target.query.get('fieldSelector') ?? undefined;
  const labelSelector = target.query.get('labelSelector') ?? undefined;
  const selected = name ?? nameSelected(fieldSelector);
  return {verb, workspace, resource: {group, version, plural, subresource, namespace, name: selected, fieldSelector, labelSelector}};
}

const selecting: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);

/** Who may see but one object may also list and watch it by its name (spec kubernetes-api 1.1). */
function nameSelected(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const selector = attempt(() => parseFieldSelector(text));
  const name = selector instanceof ApiError ? undefined : exactValue(selector, 'metadata.name');
  return name && pathSegment(name).length === 0 ? name : undefined;
}

function attempt<T>(what: () => T): T | ApiError {
  try {
    return what();
  } catch (err) {
    if (err instanceof ApiError) return err;
    throw err;
  }
}

const stackOf = (err: unknown): string => (err instanceof Error ? (err.stack ?? err.message) : String(err));
