import {badRequest, noSuchResource} from '../api/errors.ts';
import type {HttpRequest} from './http.ts';
import type {Target} from './target.ts';
import {flag, parseTarget} from './target.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What is asked of which resource (spec kubernetes-api 1.1). */
export type ResourceCall = {
  readonly verb: Verb;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
};

/** A request understood: who asked is not known yet, nor whether any of it exists. */
export type Call = {
  readonly request: HttpRequest;
  readonly target: Target;
  /** Absent for everything that is no resource: discovery, health, documents. */
  readonly resource?: ResourceCall;
  /** The decoded path behind the workspace, for what is no resource. */
  readonly path: string;
};

/** @throws ApiError BadRequest for targets that are not canonical, NotFound for methods and paths no resource has */
export function parseCall(request: HttpRequest): Call {
  const target = parseTarget(request.target);
  const path = `/${target.segments.join('/')}`;
  const resource = parseResource(request.method, target);
  return resource ? {request, target, path, resource} : {request, target, path};
}

const methodVerbs: {readonly [method: string]: Verb} = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

function parseResource(method: string, target: Target): ResourceCall | undefined {
  const [root, ...rest] = target.segments;
  const grouped = root === 'apis';
  if (!grouped && root !== 'api') return undefined;
  const [group, version, ...parts] = grouped ? rest : ['', ...rest];
  // `/api/v1` and `/apis/g/v` are documents.
  if (group === undefined || version === undefined || parts.length === 0) return undefined;

  const legacyWatch = parts[0] === 'watch';
  if (legacyWatch) parts.shift();
  const place = split(parts);
  if (!place) throw noSuchResource();
  return {group, version, ...place, verb: verbOf(method, target, place.name !== undefined, legacyWatch)};
}

function verbOf(method: string, target: Target, named: boolean, legacyWatch: boolean): Verb {
  const verb = Object.hasOwn(methodVerbs, method) ? methodVerbs[method] : undefined;
  if (!verb) throw badRequest(`the method ${JSON.stringify(method.slice(0, 20))} is not one this server knows`);
  if (legacyWatch) return 'watch';
  if (verb === 'delete' && !named) return 'deletecollection';
  if (verb !== 'get' || named) return verb;
  return flag(target.query, 'watch') ? 'watch' : 'list';
}

type Place = Pick<ResourceCall, 'plural' | 'namespace' | 'name' | 'subresource'>;

/** `namespaces/x/y` means resource y in namespace x, unless y is a subresource of the namespace itself. */
function split(parts: readonly string[]): Place | undefined {
  const [first, second, third, fourth, fifth, ...more] = parts;
  if (first === undefined || more.length > 0) return undefined;
  const inNamespace = first === 'namespaces' && third !== undefined && third !== 'status' && third !== 'finalize';
  if (inNamespace) return {plural: third, namespace: second, name: fourth, subresource: fifth};
  if (fourth !== undefined) return undefined;
  return {plural: first, namespace: undefined, name: second, subresource: third};
}
