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
import {ownSchemas, sharedSchemas} from './openapi-schemas.ts';
import {joined} from './publish.ts';

/** The OpenAPI v3 documents of a workspace (spec kubernetes-api 7.4). */
export type OpenApi = {
  /** Below `/openapi/v3/`, as the index lists them: `api`, `api/v1`, `apis`, `apis/<group>`, `apis/<group>/<version>`, `version`, OpenID's. */
  readonly paths: readonly string[];
  /** One of them, made anew at each call and complete in itself: JSON text in many pieces. Undefined for another path. */
  document(path: string): Iterable<string> | undefined;
};

/** The documents of exactly these kinds. Nothing is made before it is asked for. */
export function openApiOf(kinds: readonly Kind[], schemas: SchemaSource): OpenApi {
  const groups = servedGroups(kinds);
  const makers = new Map<string, () => Iterable<string>>([
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

/** The index, as JSON text in many pieces. `hashOf` gives the ETag of a document, by its path. */
export function* openApiIndex(paths: readonly string[], hashOf: (path: string) => string): Generator<string> {
  yield '{"paths":{';
  yield* joined(indexTexts(paths, hashOf));
  yield '}}';
}

function* indexTexts(paths: readonly string[], hashOf: (path: string) => string): Generator<string> {
  for (const path of paths) yield `${stringify(path)}:${stringify({serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(path)}`})}`;
}

export const info = {title: 'Kubernetes', version: 'unversioned'} as const;

export const bearerToken = {
  BearerToken: {type: 'apiKey', description: 'Bearer token', name: 'authorization', in: 'header'},
} as const;

function* openApiDocument({name: group}: ServedGroup, {version, kinds}: ServedVersion, schemas: SchemaSource): Generator<string> {
  const tag = tagOf(group, version);
  yield `{"openapi":"3.0.0","info":${stringify({...info})},"paths":{`;
  yield* joined(pathTexts(kinds, tag));
  yield '},"components":{"schemas":{';
  yield* joined(schemaTexts(kinds, schemas));
  yield `},"securitySchemes":${stringify({...bearerToken})}}}`;
}

function* pathTexts(kinds: readonly Kind[], tag: string): Generator<string> {
  for (const kind of kinds) for (const path of pathsOf(kind)) yield `${stringify(path.path)}:${stringify(pathItem(path, tag))}`;
}

function* schemaTexts(kinds: readonly Kind[], schemas: SchemaSource): Generator<string> {
  const shared = sharedSchemas(kinds, schemas);
  const told = new Set(Object.keys(shared));
  for (const kind of kinds) {
    for (const [name, schema] of ownSchemas(kind, schemas)) {
      if (told.has(name)) continue;
      told.add(name);
      yield `${stringify(name)}:${stringify(schema)}`;
    }
  }
  for (const [name, schema] of Object.entries(shared)) yield `${stringify(name)}:${stringify(schema)}`;
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

const small = (path: string, operationId: string, description: string): readonly string[] => [
  stringify(smallDocument(path, operationId, description)),
];

const smallDocument = (path: string, operationId: string, description: string): JsonObject => ({
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
