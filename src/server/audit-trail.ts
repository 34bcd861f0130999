import type {WorkspaceId} from '../api/cluster.ts';
import {isWorkspaceId, root} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject, stringify} from '../api/json.ts';
import type {Audit, ObjectReference, ResponseStatus} from '../audit/event.ts';
import type {Level, Stage} from '../audit/policy.ts';
import {sourceIps} from '../audit/source-ips.ts';
import type {Asked, Verdict} from '../audit/verdict.ts';
import {verdict} from '../audit/verdict.ts';
import type {Decision} from '../auth/decision.ts';
import type {Step} from '../auth/steps.ts';
import {shownReason, stepsToTell} from '../auth/steps.ts';
import type {User} from '../auth/user.ts';
import {logicalClusterKey, read} from '../registry/logical-clusters.ts';
import type {Resource} from '../registry/resource.ts';
import {peek} from '../registry/stored.ts';
import type {Recorded} from './audit-objects.ts';
import {bytesOf, recorded, tooMuch, withoutManagedFields} from './audit-objects.ts';
import type {Call} from './call.ts';
import type {Deps} from './deps.ts';
import type {HttpReply, HttpRequest, StreamBody} from './http.ts';
import {header} from './http.ts';
import type {Place} from './locate.ts';
import type {Notes} from './notes.ts';
import {noteSteps} from './notes.ts';

/** What one request leaves in the audit log (spec kubernetes-api 10.7, kcp 10.7): one event a stage, each telling what is known by then. */
export class Trail implements Notes {
  readonly #audit: Audit;
  readonly #deps: Deps;
  readonly #call: Call;
  readonly #receivedMs: number;
  readonly #annotations = new Map<string, string>();
  #user: User | undefined;
  #impersonated: User | undefined;
  #verdict: Verdict | undefined;
  #hidden = false;
  #decision: Decision | undefined;
  #resource: {readonly kind: string; readonly apiVersion: string} | undefined;
  #broken = false;
  #object: ObjectReference | undefined;
  #response: ResponseStatus | undefined;
  #requestObject: string | undefined;
  #responseObject: string | undefined;

  constructor(audit: Audit, deps: Deps, call: Call) {
    this.#audit = audit;
    this.#deps = deps;
    this.#call = call;
    this.#receivedMs = deps.world.now();
    this.#object = objectOf(call);
  }

  /** It is known who asks and where: the first stage. @throws ApiError InternalError when it cannot be recorded and has to be */
  async received(user: User, {workspace, missing}: Place): Promise<void> {
    this.#user = user;
    this.#hidden = missing === 'hidden';
    await this.#judge(missing instanceof ApiError ? undefined : workspace);
    if (!this.#record('RequestReceived')) throw new ApiError('InternalError', 'failed to store audit event');
  }

  /** The user acts as somebody else. */
  actsAs(user: User): void {
    this.#impersonated = user;
  }

  /** Whether it may be done. To be handed on as it is. */
  readonly decided = (decision: Decision): void => {
    this.#decision = decision;
  };

  /** There is such a resource: from now on a body is read. */
  understood({kind, apiVersion}: Resource): void {
    this.#resource = {kind: kind.names.kind, apiVersion};
  }

  note(key: string, value: string): void {
    if (!this.#annotations.has(key)) this.#annotations.set(key, value);
  }

  /** It failed by a mistake of ours. */
  broken(): void {
    this.#broken = true;
  }

  /** The last stage. An answer that goes on is returned as one that tells its end. */
  async answered(reply: HttpReply): Promise<HttpReply> {
    const identified = this.#verdict !== undefined;
    if (!identified) await this.#judge(workspaceNamed(this.#call));
    if (this.#level === 'None') return reply;
    if (identified) this.#authorized(reply.status);
    this.#response = {code: reply.status};
    const {body} = reply;
    if (typeof body === 'function') return this.#goesOn({...reply, body});
    await this.#readRequest(reply.status < 400);
    await this.#readResponse(reply);
    // Who could not be identified was not received either (as Kubernetes has it).
    this.#record(this.#broken ? 'Panic' : identified ? 'ResponseComplete' : 'ResponseStarted');
    return reply;
  }

  get #level(): Level {
    return this.#verdict?.level ?? 'None';
  }

  async #judge(workspace: WorkspaceId | '*' | undefined): Promise<void> {
    const {request, path, resource} = this.#call;
    this.#verdict = verdict(this.#audit.policy, {
      user: this.#user,
      verb: resource?.verb ?? request.method.toLowerCase(),
      resource: this.#object,
      path,
    });
    if (this.#level === 'None' || workspace === undefined || workspace === '*' || isOfShard(this.#call)) return;
    this.#annotations.set('kcp.io/path', await pathOf(this.#deps, workspace));
    this.#annotations.set('kcp.io/cluster', workspace);
    this.#annotations.set('tenancy.kcp.io/workspace', workspace);
  }

  #authorized(status: number): void {
    const decision = this.#decision;
    const tell = (what: string, why: string): void => {
      this.#annotations.set('authorization.k8s.io/decision', what);
      this.#annotations.set('authorization.k8s.io/reason', why);
    };
    if (decision?.allowed) tell('allow', shownReason(decision));
    else if (status === 403) tell('forbid', decision ? shownReason(decision) : 'access denied');
    else if (decision?.error !== undefined) this.#annotations.set('authorization.k8s.io/reason', 'internal error');
    noteSteps(this, 'request.auth.kcp.io', this.#hidden && !decision?.allowed ? notThere : decision ? stepsToTell(decision) : []);
  }

  #goesOn(reply: HttpReply & {readonly body: StreamBody}): HttpReply {
    const {request, resource} = this.#call;
    if (resource?.verb === 'watch') this.#record('ResponseStarted');
    else if (this.#level === 'RequestResponse') this.#leftOut();
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#record('ResponseComplete');
    };
    // A body that nobody takes is never begun.
    if (request.method === 'HEAD' || request.signal.aborted) end();
    else request.signal.addEventListener('abort', end, {once: true});
    return {
      ...reply,
      body: sink => {
        sink.onClose(end);
        reply.body(sink);
      },
    };
  }

  async #readRequest(sound: boolean): Promise<void> {
    const {request, resource} = this.#call;
    if (!this.#resource || !resource || !writes.has(resource.verb)) return;
    const wanted = this.#level !== 'Metadata';
    const named = resource.verb === 'create' || resource.verb === 'update';
    if (!wanted && !named) return;
    const bytes = await request.body().catch(() => new Uint8Array());
    if (bytes.length === 0) return;
    const found = recorded(bytes, header(request.headers, 'content-type') ?? '', sound);
    if (named && typeof found === 'object') this.#name(found.value);
    if (wanted) this.#requestObject = this.#shown(named ? this.#typed(found) : found);
  }

  /** An object that leaves its kind to its path, with it. Other kinds have paths of their own below that of an object. */
  #typed(found: Found): Found {
    const value = typeof found === 'object' ? found.value : undefined;
    const {subresource} = this.#call.resource ?? {};
    if (!isObject(value) || typeof value['kind'] === 'string' || (subresource !== undefined && subresource !== 'status')) return found;
    const whole: JsonObject = {...this.#resource, ...value};
    return {text: stringify(whole), value: whole};
  }

  /** What the object that was sent says of itself and the path does not. */
  #name(value: Json | undefined): void {
    const object = this.#object;
    const metadata = dig(value, 'metadata');
    if (!object || !isObject(metadata)) return;
    const uid = digString(metadata, 'uid');
    const resourceVersion = digString(metadata, 'resourceVersion');
    this.#object = {
      ...object,
      namespace: object.namespace || (digString(metadata, 'namespace') ?? ''),
      name: object.name || (digString(metadata, 'name') ?? ''),
      ...(uid && {uid}),
      ...(resourceVersion && {resourceVersion}),
    };
  }

  async #readResponse(reply: HttpReply): Promise<void> {
    const {resource, path} = this.#call;
    const wanted = this.#level === 'RequestResponse' && (resource !== undefined || documents.test(path) || reply.status >= 400);
    const mayBeStatus = reply.status >= 400 || resource?.verb === 'delete' || resource?.verb === 'deletecollection';
    if (!wanted && !mayBeStatus) return;
    const type = String(reply.headers['content-type'] ?? '');
    if (!/json|yaml|protobuf/.test(type)) return;
    const bytes = await bytesOf(reply).catch(() => undefined);
    const found = bytes ? recorded(bytes, type, true) : tooMuch;
    if (mayBeStatus && typeof found === 'object') this.#takeStatus(found.value, reply.status);
    if (wanted) this.#responseObject = this.#shown(found);
  }

  #takeStatus(value: Json | undefined, code: number): void {
    if (!isObject(value) || value['kind'] !== 'Status' || value['apiVersion'] !== 'v1') return;
    const {status, message, reason, details} = value;
    const told = !(this.#verdict?.discreet && quoting.has(code));
    this.#response = {
      code,
      ...((status === 'Failure' || status === 'Success') && {status}),
      ...(told && typeof message === 'string' && {message}),
      ...(typeof reason === 'string' && {reason}),
      ...(told && isObject(details) && {details}),
    };
  }

  /** An object as its text, without managed fields where the policy says so. */
  #shown(found: Found): string | undefined {
    if (found === undefined) return undefined;
    const omit = this.#verdict?.omitManagedFields === true;
    if (found === tooMuch || (omit && found.value === undefined)) {
      this.#leftOut();
      return undefined;
    }
    return omit && found.value !== undefined ? stringify(withoutManagedFields(found.value)) : found.text;
  }

  /** As Kubernetes marks events that lost their objects. */
  #leftOut(): void {
    this.#annotations.set('audit.k8s.io/truncated', 'true');
  }

  /** False when it had to be kept and could not. */
  #record(stage: Stage): boolean {
    if (this.#level === 'None' || this.#verdict?.omitStages.includes(stage)) return true;
    const {request, auditId, resource} = this.#call;
    const {headers} = request;
    return this.#audit.record({
      level: this.#level,
      auditId,
      stage,
      requestUri: withoutTokens(behindWorkspace(request.target)),
      verb: resource?.verb ?? request.method.toLowerCase(),
      user: this.#user,
      impersonated: this.#impersonated,
      sourceIps: sourceIps(header(headers, 'x-forwarded-for'), header(headers, 'x-real-ip'), request.remoteAddress),
      userAgent: header(headers, 'user-agent') ?? '',
      object: this.#object,
      response: this.#response,
      requestObject: this.#requestObject,
      responseObject: this.#responseObject,
      receivedMs: this.#receivedMs,
      stageMs: stage === 'RequestReceived' ? this.#receivedMs : this.#deps.world.now(),
      annotations: this.#annotations,
    });
  }
}

/** Refusals of a body, which may quote it. */
const quoting: ReadonlySet<number> = new Set([400, 422, 500]);

/** Nobody is believed for a token in a query, but some send it there all the same. Kubernetes writes it down. */
const withoutTokens = (target: string): string =>
  target.includes('_token=') ? target.replace(/([?&](?:access|id|refresh)_token=)[^&]*/g, '$1REDACTED') : target;

const notThere: readonly Step[] = [{authorizer: '01-requiredgroups', decision: 'NoOpinion', reason: 'logical cluster not found'}];
type Found = Recorded | typeof tooMuch | undefined;

const writes: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Documents that Kubernetes counts as objects. */
const documents = /^\/apis?(\/|$)/;

function objectOf({resource}: Call): Asked | undefined {
  if (!resource) return undefined;
  const {group, version, plural, subresource = '', name = ''} = resource;
  // A namespace lies in itself, for those who ask where.
  const namespace = resource.namespace ?? (group === '' && plural === 'namespaces' ? name : '');
  return {group, version, plural, subresource, namespace, name};
}

/** The canonical path of a workspace; empty where it has none, as root, or cannot be read: that is for others to tell. */
async function pathOf({store}: Deps, workspace: WorkspaceId): Promise<string> {
  try {
    const entry = await read(store, logicalClusterKey(workspace));
    return (entry && peek(entry).metadata.annotations?.['kcp.io/path']) ?? '';
  } catch {
    return '';
  }
}

/** A request that could not be taken apart, as far as the log can tell it. */
export const notUnderstood = (request: HttpRequest, auditId: string): Call => ({
  request,
  auditId,
  target: {cluster: undefined, segments: [], query: new URLSearchParams()},
  path: '',
});

/** Whether it is about the server as a whole, as `/healthz` is. */
const isOfShard = ({target, resource, path}: Call): boolean =>
  target.cluster === undefined && !resource && !documents.test(path) && !path.startsWith('/openapi');

/** The workspace that a path names by its id, for who could not be identified and is led nowhere. */
function workspaceNamed({target: {cluster}}: Call): WorkspaceId | undefined {
  if (cluster === undefined) return root;
  return isWorkspaceId(cluster) ? cluster : undefined;
}

/** The target as it is without its workspace, which an annotation tells. */
const behindWorkspace = (target: string): string => {
  const rest = target.replace(/^\/clusters\/[^/?]*/, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
};
