import {methodNotAllowed, noSuchResource} from '../api/errors.ts';
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
  /** What it goes by in answers and logs. */
  readonly auditId: string;
  readonly target: Target;
  /** Absent for everything that is no resource: discovery, health, documents. */
  readonly resource?: ResourceCall;
  /** The decoded path behind the workspace, for what is no resource. */
  readonly path: string;
};

/** @throws ApiError BadRequest for targets that are not canonical, NotFound for methods and paths no resource has */
export function parseCall(request: HttpRequest, auditId: string): Call {
  const target = parseTarget(request.target);
  const path = `/${target.segments.join('/')}`;
  const resource = parseResource(request.method, target);
  return resource ? {request, auditId, target, path, resource} : {request, auditId, target, path};
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
  const {segments} = target;
  const grouped = segments[0] === 'apis';
  if (!grouped && segments[0] !== 'api') return undefined;
  const first = grouped ? 3 : 2;
  // `/api/v1` and `/apis/g/v` are documents.
  if (segments.length <= first) return undefined;
  const legacyWatch = segments[first] === 'watch';
  const place = split(segments, legacyWatch ? first + 1 : first);
  if (!place) throw noSuchResource();
  const {plural, namespace, name, subresource} = place;
  return {
    verb: verbOf(method, target, name !== undefined, legacyWatch),
    group: grouped ? (segments[1] as string) : '',
    version: segments[first - 1] as string,
    plural,
    namespace,
    name,
    subresource,
  };
}

function verbOf(method: string, target: Target, named: boolean, legacyWatch: boolean): Verb {
  const verb = Object.hasOwn(methodVerbs, method) ? methodVerbs[method] : undefined;
  if (!verb) throw methodNotAllowed();
  if (legacyWatch) return 'watch';
  if (verb === 'delete' && !named) return 'deletecollection';
  if (verb !== 'get' || named) return verb;
  return flag(target.query, 'watch') ? 'watch' : 'list';
}

type Place = Pick<ResourceCall, 'plural' | 'namespace' | 'name' | 'subresource'>;

/**
 * What stands behind the version, from segment `at` on. `namespaces/x/y` means resource y in namespace x, unless y is a subresource of the
 * namespace itself. (Read by index: this runs for every request.)
 */
function split(segments: readonly string[], at: number): Place | undefined {
  const count = segments.length - at;
  const plural = segments[at];
  const third = segments[at + 2];
  if (plural === undefined || count > 5) return undefined;
  if (plural === 'namespaces' && third !== undefined && third !== 'status' && third !== 'finalize') {
    return {plural: third, namespace: segments[at + 1], name: segments[at + 3], subresource: segments[at + 4]};
  }
  return count > 3 ? undefined : {plural, namespace: undefined, name: segments[at + 1], subresource: third};
}
