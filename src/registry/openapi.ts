import {createHash} from 'node:crypto';
import type {JsonObject} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {Kind} from '../kinds/kind.ts';
import type {ServedGroup, ServedVersion} from './discovery.ts';
import {rootPathOf, servedGroups} from './discovery.ts';
import {groupWord, tagOf} from './openapi-names.ts';
import type {Operation, Path} from './openapi-operations.ts';
import {pathsOf} from './openapi-operations.ts';
import type {Parameter} from './openapi-parameters.ts';
import type {SchemaSource} from './openapi-schemas.ts';
import {schemasOf} from './openapi-schemas.ts';

/** The OpenAPI v3 documents of a workspace (spec kubernetes-api 7.4). */
export type OpenApi = {
  /** Below `/openapi/v3/`, as the index lists them: `api`, `api/v1`, `apis`, `apis/<group>`, `apis/<group>/<version>`, `version`, OpenID's. */
  readonly paths: readonly string[];
  /** One of them, made anew at each call and complete in itself; undefined for another path. */
  document(path: string): JsonObject | undefined;
};

/** The documents of exactly these kinds. Nothing is made before it is asked for. */
export function openApiOf(kinds: readonly Kind[], schemas: SchemaSource): OpenApi {
  const groups = servedGroups(kinds);
  const makers = new Map<string, () => JsonObject>([
    ['api', () => small('/api/', 'getCoreAPIVersions', 'Lists the versions of the core API.')],
    ['apis', () => small('/apis/', 'getAPIVersions', 'Lists the API groups.')],
    [
      '.well-known/openid-configuration',
      () =>
        small(
          '/.well-known/openid-configuration/',
          'getServiceAccountIssuerOpenIDConfiguration',
          'Tells who issues tokens of service accounts.',
        ),
    ],
    ['openid/v1/jwks', () => small('/openid/v1/jwks/', 'getServiceAccountIssuerOpenIDKeyset', 'Lists the keys that verify these tokens.')],
    ['version', () => small('/version/', 'getCodeVersion', 'Tells the version of the server.')],
  ]);
  for (const group of groups) {
    const {name} = group;
    if (name) makers.set(`apis/${name}`, () => small(`/apis/${name}/`, `get${groupWord(name)}APIGroup`, 'Describes the API group.'));
    for (const served of group.versions)
      makers.set(rootPathOf(name, served.version).slice(1), () => openApiDocument(group, served, schemas));
  }
  return {paths: [...makers.keys()].sort(), document: path => makers.get(path)?.()};
}

/** The index. `hashOf` gives the ETag of a document, by its path. */
export const openApiIndex = (paths: readonly string[], hashOf: (path: string) => string): JsonObject => ({
  paths: Object.fromEntries(paths.map(path => [path, {serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(path)}`}])),
});

export type Published = {
  readonly bytes: Uint8Array;
  /** Upper-case hex, without quotes. */
  readonly etag: string;
};

/** A document as it travels: its JSON, and the SHA-512 of that. */
export function publish(document: JsonObject): Published {
  const bytes = Buffer.from(stringify(document));
  return {bytes, etag: tagFor(bytes)};
}

/** Such text as one makes at a time, before others have their turn. */
const charactersAtOnce = 128 * 1024;

/** The same of a document that comes as text in many pieces. `turn` lets others in. */
export async function publishInTurns(
  texts: Iterable<string>,
  turn: () => Promise<void>,
): Promise<{readonly pieces: readonly Uint8Array[]; readonly etag: string}> {
  const pieces: Uint8Array[] = [];
  const hash = createHash('sha512');
  let text = '';
  const flush = (): void => {
    const piece = Buffer.from(text);
    hash.update(piece);
    pieces.push(piece);
    text = '';
  };
  for (const some of texts) {
    text += some;
    if (text.length < charactersAtOnce) continue;
    flush();
    await turn();
  }
  if (text || pieces.length === 0) flush();
  return {pieces, etag: hash.digest('hex').toUpperCase()};
}

/** The tag of a document by itself, or by what it will be made of: all that differs must be in it. */
export const tagFor = (content: Uint8Array | string): string => createHash('sha512').update(content).digest('hex').toUpperCase();

export const info = {title: 'Kubernetes', version: 'unversioned'} as const;

export const bearerToken = {
  BearerToken: {type: 'apiKey', description: 'Bearer token', name: 'authorization', in: 'header'},
} as const;

function openApiDocument({name: group}: ServedGroup, {version, kinds}: ServedVersion, schemas: SchemaSource): JsonObject {
  const tag = tagOf(group, version);
  const paths = kinds.flatMap(pathsOf).map(path => [path.path, pathItem(path, tag)]);
  return {
    openapi: '3.0.0',
    info: {...info},
    paths: Object.fromEntries(paths),
    components: {schemas: schemasOf(kinds, schemas), securitySchemes: {...bearerToken}},
  };
}

function pathItem({parameters, operations}: Path, tag: string): JsonObject {
  const item: JsonObject = {parameters: parameters.map(parameter)};
  for (const one of operations) item[one.method] = operation(one, tag);
  return item;
}

function operation(from: Operation, tag: string): JsonObject {
  const {body, answer} = from;
  const replies: [string, JsonObject][] = answer.codes.map(code => [
    String(code),
    {description: reasons[code] ?? '', content: content(answer.mediaTypes, answer.definition)},
  ]);
  return {
    tags: [tag],
    description: from.description,
    operationId: from.id,
    parameters: from.parameters.map(parameter),
    ...(body && {requestBody: {content: content(body.mediaTypes, body.definition), ...(body.required && {required: true})}}),
    responses: {...Object.fromEntries(replies), '401': {description: 'Unauthorized'}},
    'x-kubernetes-action': from.action,
    'x-kubernetes-group-version-kind': {...from.gvk},
  };
}

/** The reason phrases of the codes that operations answer with. */
export const reasons: {readonly [code: number]: string} = {200: 'OK', 201: 'Created', 202: 'Accepted'};

const parameter = ({name, in: where, description, type}: Parameter): JsonObject => ({
  name,
  in: where,
  description,
  ...(where === 'path' && {required: true}),
  schema: {type, uniqueItems: true},
});

const content = (mediaTypes: readonly string[], definition: string): JsonObject =>
  Object.fromEntries(mediaTypes.map(mediaType => [mediaType, {schema: {$ref: `#/components/schemas/${definition}`}}]));

const small = (path: string, operationId: string, description: string): JsonObject => ({
  openapi: '3.0.0',
  info: {...info},
  paths: {
    [path]: {
      get: {
        operationId,
        description,
        responses: {
          '200': {description: 'OK', content: {'application/json': {schema: {type: 'object'}}}},
          '401': {description: 'Unauthorized'},
        },
      },
    },
  },
  components: {securitySchemes: {...bearerToken}},
});
