import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {OpenApi} from '../registry/openapi.ts';
import {openApiIndex, openApiOf} from '../registry/openapi.ts';
import {openApiV2, publishV2} from '../registry/openapi-v2.ts';
import {fixedKinds} from '../registry/registry.ts';
import type {CustomKinds} from '../registry/workspace-kinds.ts';
import {metaSchemas} from '../schema/meta-schemas.ts';
import {publishedV3} from '../schema/openapi.ts';
import type {Call} from './call.ts';
import type {Deps} from './deps.ts';
import {customKindsOf} from './discovery-documents.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';
import {conditional, published} from './published.ts';

const schemas = {published: publishedV3, meta: metaSchemas};

/** The OpenAPI documents of a workspace; undefined where there is none (spec kubernetes-api 7.3, 7.4). */
export async function openApiDocument(deps: Deps, call: Call, workspace: WorkspaceId | '*'): Promise<HttpReply | undefined> {
  const [, version, ...path] = call.target.segments;
  const custom = await customKindsOf(deps, workspace);
  if (version === 'v2' && path.length === 0) return v2(deps, call, custom);
  if (version !== 'v3') return undefined;
  const api = openApiOf([...fixedKinds, ...custom.kinds], schemas);
  const document = (name: string) => published(deps.published, hashFor(custom, name), `openapi ${name}`, () => api.document(name) ?? {});
  if (path.length === 0) {
    const index = published(deps.published, custom.hash, 'openapi index', () => openApiIndex(api.paths, name => document(name).etag));
    return conditional(call, index, 'application/json');
  }
  return v3(call, path.join('/'), api, document);
}

/** A group that no definition of the workspace touches looks the same everywhere. */
function hashFor(custom: CustomKinds, name: string): string {
  const group = name.startsWith('apis/') ? name.split('/')[1] : '';
  return custom.kinds.some(kind => kind.group === group) ? custom.hash : '';
}

function v3(
  call: Call,
  name: string,
  api: OpenApi,
  document: (name: string) => {readonly bytes: Uint8Array; readonly etag: string},
): HttpReply | undefined {
  if (!api.paths.includes(name)) return undefined;
  const found = document(name);
  const hash = call.target.query.get('hash');
  if (hash === null || hash === '') return conditional(call, found, 'application/json');
  if (hash === found.etag) return conditional(call, found, 'application/json', {'cache-control': 'public, immutable', expires: inAYear});
  const prefix = call.target.cluster === undefined ? '' : `/clusters/${call.target.cluster}`;
  return {status: 301, headers: {location: `${prefix}/openapi/v3/${name}?hash=${found.etag}`}};
}

/** Documents named by their hash never change; any date far off will do. */
const inAYear = 'Thu, 31 Dec 2099 23:59:59 GMT';

const protobufTypes = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
];

function v2(deps: Deps, call: Call, custom: CustomKinds): HttpReply {
  const document = deps.published.getOrMake(`${custom.hash} openapi v2`, () =>
    publishV2(openApiV2([...fixedKinds, ...custom.kinds], schemas)),
  );
  for (const clause of (header(call.request.headers, 'accept') ?? '*/*').split(',')) {
    const type = clause.split(';')[0]?.trim() ?? '';
    if (protobufTypes.includes(type) && document.protobuf)
      return conditional(call, {...document, bytes: document.protobuf}, protobufTypes[0] as string);
    if (['application/json', 'application/*', '*/*', ''].includes(type)) return conditional(call, document, 'application/json');
  }
  throw new ApiError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  );
}
