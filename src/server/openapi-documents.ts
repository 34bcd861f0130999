import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {OpenApi} from '../registry/openapi.ts';
import {openApiIndex, openApiOf} from '../registry/openapi.ts';
import type {FormV2} from '../registry/openapi-v2.ts';
import {openApiV2, publishV2} from '../registry/openapi-v2.ts';
import {publish, tagFor} from '../registry/publish.ts';
import type {WorkspaceKinds} from '../registry/resource.ts';
import {metaSchemas} from '../schema/meta-schemas.ts';
import {publishedV3} from '../schema/openapi.ts';
import type {Call} from './call.ts';
import type {Deps} from './deps.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';
import {conditional, published, unchanged} from './published.ts';

const schemas = {published: publishedV3, meta: metaSchemas};

/** The OpenAPI documents of a workspace; undefined where there is none (spec kubernetes-api 7.3, 7.4). */
export async function openApiDocument(deps: Deps, call: Call, workspace: WorkspaceId | '*'): Promise<HttpReply | undefined> {
  const [, version, ...path] = call.target.segments;
  const kinds = await deps.registry.kindsOf(workspace);
  if (version === 'v2' && path.length === 0) return v2(deps, call, kinds);
  if (version !== 'v3') return undefined;
  const api = openApiFor(kinds);
  if (path.length > 0) return v3(deps, call, kinds, path.join('/'));
  const index = await published(deps.published, `${kinds.hash} openapi index`, () =>
    publish(
      openApiIndex(api.paths, name => tagOf(deps, hashFor(kinds, name), name)),
      deps.world.turn,
    ),
  );
  return conditional(call, index, 'application/json');
}

const made = new WeakMap<WorkspaceKinds, OpenApi>();

function openApiFor(kinds: WorkspaceKinds): OpenApi {
  const api = made.get(kinds) ?? openApiOf([...kinds.fixed, ...kinds.own], schemas);
  made.set(kinds, api);
  return api;
}

/** A group that no definition of the workspace touches looks the same nearly everywhere, and so do groups with equal definitions. */
const hashFor = (kinds: WorkspaceKinds, name: string): string => kinds.groups.get(name.split('/')[1] ?? '') ?? '';

/** The tag of a document follows from what it is made of: the index names thousands without making one. */
const tagOf = (deps: Deps, hash: string, name: string): string => tagFor(`${deps.about.version['gitVersion']} ${hash} ${name}`);

async function v3(deps: Deps, call: Call, kinds: WorkspaceKinds, name: string): Promise<HttpReply | undefined> {
  const api = openApiFor(kinds);
  if (!api.paths.includes(name)) return undefined;
  const hash = hashFor(kinds, name);
  const etag = tagOf(deps, hash, name);
  const asked = call.target.query.get('hash');
  if (asked && asked !== etag) {
    const prefix = call.target.cluster === undefined ? '' : `/clusters/${call.target.cluster}`;
    return {status: 301, headers: {location: `${prefix}/openapi/v3/${name}?hash=${etag}`}};
  }
  const headers = asked ? {'cache-control': 'public, immutable', expires: inAYear} : {};
  const early = unchanged(call, etag, headers);
  if (early) return early;
  const document = await published(deps.published, `${hash} openapi ${name}`, () =>
    publish(api.document(name) as Iterable<string>, deps.world.turn, etag),
  );
  return conditional(call, document, 'application/json', headers);
}

/** Documents named by their hash never change; any date far off will do. */
const inAYear = 'Thu, 31 Dec 2099 23:59:59 GMT';

const protobufTypes = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
];

/** The old document. It is made in the form that is asked for: it can be tens of megabytes long. */
async function v2(deps: Deps, call: Call, kinds: WorkspaceKinds): Promise<HttpReply> {
  const form = formOf(header(call.request.headers, 'accept') ?? '*/*');
  const etag = tagOf(deps, kinds.hash, 'v2');
  const early = unchanged(call, etag);
  if (early) return early;
  const document = await published(deps.published, `${kinds.hash} openapi v2 ${form}`, async () => {
    const pieces = await publishV2(openApiV2([...kinds.fixed, ...kinds.own], schemas), form, deps.world.turn);
    return pieces && {pieces, etag};
  });
  return conditional(call, document, form === 'json' ? 'application/json' : (protobufTypes[0] as string));
}

/** @throws ApiError NotAcceptable */
function formOf(accept: string): FormV2 {
  for (const clause of accept.split(',')) {
    const type = clause.split(';')[0]?.trim() ?? '';
    if (protobufTypes.includes(type)) return 'protobuf';
    if (['application/json', 'application/*', '*/*', ''].includes(type)) return 'json';
  }
  throw new ApiError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  );
}
