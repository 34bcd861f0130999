import type {WorkspaceId} from '../api/cluster.ts';
import {type ApiError, methodNotAllowed, noSuchResource, notFound, printGroupResource} from '../api/errors.ts';
import type {Kind, Subresources} from '../kinds/kind.ts';
import type {Resource} from '../registry/resource.ts';
import {negotiate} from '../wire/negotiate.ts';
import {hasProtobuf} from '../wire/protobuf/encode.ts';
import type {Call, ResourceCall, Verb} from './call.ts';
import type {Deps} from './deps.ts';
import type {Exchange} from './exchange.ts';
import {header} from './http.ts';
import {checkTimeout} from './target.ts';

/** That a request may be made. */
type Permit = Pick<Exchange, 'allowed' | 'asked'>;

/**
 * Finds the kind a request is about, and checks that it has what is asked of it.
 * @throws ApiError NotFound, MethodNotAllowed, NotAcceptable, BadRequest for a timeout that is none
 */
export async function resolve(deps: Deps, permit: Permit, call: Call, workspace: WorkspaceId | '*'): Promise<Exchange> {
  const what = call.resource as ResourceCall;
  // Across all workspaces only kinds that all of them share can be read (spec kcp 3.7).
  const resource =
    workspace === '*'
      ? deps.registry.everywhere(what.group, what.version, what.plural)
      : await deps.registry.resolve(workspace, what.group, what.version, what.plural);
  if (!resource) throw noSuchResource();
  checkScope(resource.kind, what);
  checkSubresource(resource, what);
  if (workspace === '*' && what.verb !== 'list' && what.verb !== 'watch') {
    throw methodNotAllowed(
      `${what.verb} is not supported on resources of kind "${printGroupResource(resource.gr)}" in the \`*\` logical cluster`,
    );
  }
  if (what.verb !== 'watch') checkTimeout(call.target.query);
  const {headers} = call.request;
  const as = negotiate(header(headers, 'accept'), {
    protobuf: canBeProtobuf(resource, what),
    userAgent: header(headers, 'user-agent'),
    pretty: call.target.query.get('pretty'),
  });
  const warnings = resource.kind.deprecation ? [resource.kind.deprecation] : [];
  return {deps, call, what, ...permit, workspace, resource, as, startedMs: deps.world.now(), warnings};
}

/** Custom resources have no numbers for their fields; a scale is a kind of its own. */
const canBeProtobuf = ({kind, apiVersion}: Resource, {subresource}: ResourceCall): boolean =>
  subresource === 'scale' || (!kind.custom && hasProtobuf(apiVersion, kind.names.kind));

function checkScope(kind: Kind, what: ResourceCall): void {
  if (!kind.namespaced && what.namespace !== undefined) throw noSuchResource();
  const acrossNamespaces = what.name === undefined && (what.verb === 'list' || what.verb === 'watch');
  if (!kind.namespaced || what.namespace !== undefined || acrossNamespaces) return;
  throw what.name === undefined && !kind.custom ? methodNotAllowed() : noSuchResource();
}

function checkSubresource(resource: Resource, {verb, subresource, name}: ResourceCall): void {
  const {kind, gr} = resource;
  if (subresource !== undefined) {
    const verbs = Object.hasOwn(subresourceVerbs, subresource) ? subresourceVerbs[subresource as keyof Subresources] : undefined;
    if (!verbs || !kind.subresources[subresource as keyof Subresources]) throw kind.custom ? notFound(gr, name ?? '') : noSuchResource();
    if (!verbs.includes(verb)) throw notSupported(resource, verb);
    return;
  }
  const collection = verb === 'create' || verb === 'list' || verb === 'watch' || verb === 'deletecollection';
  // A definition on its way out shows fewer verbs than it serves: finalizers must still come off its objects.
  if (!resource.terminating && !(kind.verbs as readonly string[]).includes(verb)) throw notSupported(resource, verb);
  if (collection !== (name === undefined) && verb !== 'watch') throw notSupported(resource, verb);
}

const subresourceVerbs: {readonly [name in keyof Required<Subresources>]: readonly Verb[]} = {
  status: ['get', 'update', 'patch'],
  approval: ['get', 'update', 'patch'],
  scale: ['get', 'update', 'patch'],
  finalize: ['update'],
  token: ['create'],
};

const notSupported = ({kind, gr}: Resource, verb: string): ApiError =>
  kind.custom ? methodNotAllowed(`${verb} is not supported on resources of kind "${printGroupResource(gr)}"`) : methodNotAllowed();
