/**
 * The room of requests. `apiServer` tells the life of one from top to bottom; each verb has a file of its own. The room knows no
 * sockets, no process and no wall clock.
 */
import {ApiError, forbidden} from '../api/errors.ts';
import {authenticate} from '../auth/authenticate.ts';
import type {Attributes} from '../auth/authorize.ts';
import {authorize, refusal} from '../auth/authorize.ts';
import {homeOf} from '../auth/service-account.ts';
import {wantsProtobufErrors} from '../wire/negotiate.ts';
import {answer} from './answer.ts';
import {auditIdOf, withAuditId} from './audit-id.ts';
import {notUnderstood, Trail} from './audit-trail.ts';
import type {Call} from './call.ts';
import {parseCall} from './call.ts';
import {compress} from './compress.ts';
import type {Deps} from './deps.ts';
import {document} from './documents.ts';
import {Heavy} from './heavy.ts';
import type {Handler, HeaderList, HttpReply} from './http.ts';
import {header} from './http.ts';
import type {Place} from './locate.ts';
import {locate} from './locate.ts';
import {replyError} from './reply.ts';
import {resolve} from './resolve.ts';
import {authorizationOf} from './web-socket.ts';

/** The server is a function: plain values in, plain values out (architecture D2). */
export function apiServer(deps: Deps): Handler {
  return async request => {
    const startedMs = deps.world.now();
    const auditId = auditIdOf(request, deps.world);
    const call = attempt(() => parseCall(request, auditId));
    const understood = call instanceof ApiError ? undefined : call;
    const trail = deps.audit && new Trail(deps.audit, deps, understood ?? notUnderstood(request, auditId));
    let reply = call instanceof ApiError ? replyError(call, false) : await serve(deps, call, trail);
    if (trail) reply = await trail.answered(reply);
    deps.observe(understood, reply.status, deps.world.now() - startedMs);
    return {...reply, headers: {...reply.headers, 'audit-id': auditId}};
  };
}

async function serve(deps: Deps, call: Call, trail: Trail | undefined): Promise<HttpReply> {
  const {headers, peer} = call.request;
  let warnings: readonly string[] = [];
  try {
    const user = await authenticate({authorization: authorizationOf(call.request), peer}, deps);
    // Programs in a cluster know no workspaces: their token leads to theirs (spec kcp 3.3).
    const place = await locate(deps.store, call.target.cluster ?? homeOf(user));
    if (trail) await trail.received(user, place);
    refuseImpersonation(headers);
    // Before anything is said about what exists.
    const attributes = attributesOf(call, place);
    const allowed = authorize(user, attributes, trail?.steps);
    if (place.missing) throw place.missing === 'hidden' ? refusal(user, attributes) : place.missing;
    trail?.allowed(allowed.why);
    return await orElsewhere(deps, call, place, async () => {
      if (!call.resource) return compress(call, await document(deps, allowed, call, place.workspace));
      const exchange = await resolve(deps, allowed, call, place.workspace);
      ({warnings} = exchange);
      trail?.understood(exchange.resource);
      return compress(call, await answer(trail ? {...exchange, trail} : exchange));
    });
  } catch (err) {
    if (!(err instanceof ApiError)) {
      trail?.broken();
      deps.log.error('a request failed by a mistake of ours', {
        request: call.auditId,
        target: call.request.target.slice(0, 200),
        error: stackOf(err),
      });
    }
    return replyError(err, wantsProtobufErrors(header(headers, 'accept')), warnings);
  }
}

/** What finds itself too heavy is answered by another thread. */
async function orElsewhere(
  {elsewhere}: Deps,
  {request, auditId}: Call,
  {workspace}: Place,
  here: () => Promise<HttpReply>,
): Promise<HttpReply> {
  try {
    return await here();
  } catch (err) {
    if (err instanceof Heavy && elsewhere) return elsewhere.answer(withAuditId(request, auditId), workspace);
    throw err;
  }
}

/** Until one can act as somebody else, who wants to is refused: going on with one's own rights would do more than was meant. */
function refuseImpersonation(headers: HeaderList): void {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]?.startsWith('impersonate-')) throw forbidden({group: '', resource: ''}, '', 'impersonation is not supported');
}

function attributesOf({resource, request, path}: Call, {workspace}: Place): Attributes {
  if (!resource) return {verb: request.method.toLowerCase(), workspace, path};
  const {verb, group, plural, subresource, namespace, name} = resource;
  return {verb, workspace, resource: {group, plural, subresource, namespace, name}};
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
