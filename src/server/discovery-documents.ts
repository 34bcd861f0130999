import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {Kind} from '../kinds/kind.ts';
import type {Discovery} from '../registry/discovery.ts';
import {discoveryOf} from '../registry/discovery.ts';
import {publish} from '../registry/publish.ts';
import type {WorkspaceKinds} from '../registry/resource.ts';
import {negotiate, wantsAggregatedDiscovery} from '../wire/negotiate.ts';
import type {Call} from './call.ts';
import type {Deps} from './deps.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';
import {openIdPaths} from './openid-documents.ts';
import {conditional, published} from './published.ts';
import {noCache} from './reply.ts';

/** What a workspace serves, in the form that was asked for; undefined where there is nothing (spec kubernetes-api 7.1, 7.2). */
export async function discoveryDocument(deps: Deps, call: Call, workspace: WorkspaceId | '*'): Promise<HttpReply | undefined> {
  const {segments} = call.target;
  const kinds = await deps.registry.kindsOf(workspace);
  const accept = header(call.request.headers, 'accept');
  if (segments.length === 1 && (segments[0] === 'api' || segments[0] === 'apis') && wantsAggregatedDiscovery(accept)) {
    const part = segments[0] === 'api' ? 'core' : 'groups';
    const document = await published(deps.published, `${kinds.hash} aggregated ${part}`, () =>
      publish(discovery(kinds).aggregated(part), deps.world.turn),
    );
    return conditional(call, document, 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList', {'cache-control': 'public'});
  }
  negotiate(accept, {});
  const path = segments.join('/');
  if (!exists(kinds, segments)) return undefined;
  const address = deps.about.address();
  const document = await published(deps.published, `${kinds.hash} legacy ${address} ${path}`, () =>
    publish(legacy(discovery(kinds), segments, address) as Iterable<string>, deps.world.turn),
  );
  return {status: 200, headers: {'content-type': 'application/json', 'cache-control': noCache}, body: document.pieces};
}

const made = new WeakMap<WorkspaceKinds, Discovery>();

function discovery(kinds: WorkspaceKinds): Discovery {
  const found = made.get(kinds) ?? discoveryOf([...kinds.fixed, ...kinds.own]);
  made.set(kinds, found);
  return found;
}

/** Whether a path is one of discovery's; kept apart from making the document, so that made-up paths leave nothing in the cache. */
function exists({fixed, own}: WorkspaceKinds, segments: readonly string[]): boolean {
  const [root, group, version, ...more] = segments;
  if (root === undefined || root === 'index.html') return segments.length <= 1;
  if (more.length > 0) return false;
  if (root === 'api') return version === undefined && (group === undefined || group === 'v1');
  if (group === undefined) return true;
  const served = (kinds: readonly Kind[]): boolean =>
    kinds.some(kind => kind.group === group && (version === undefined || kind.version === version));
  return group !== '' && (served(fixed) || served(own));
}

function legacy(from: Discovery, segments: readonly string[], address: string): Iterable<string> | undefined {
  const [root, group, version] = segments;
  if (root === undefined || root === 'index.html') return whole(from.rootPaths(otherPaths));
  if (root === 'api') return group === undefined ? whole(from.apiVersions(address)) : from.apiResourceList('', group);
  if (group === undefined) return whole(from.apiGroupList());
  return version === undefined ? whole(from.apiGroup(group)) : from.apiResourceList(group, version);
}

const whole = (document: JsonObject | undefined): readonly string[] | undefined => document && [stringify(document)];

const otherPaths = [...openIdPaths, '/healthz', '/livez', '/metrics', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/readyz', '/version'];
