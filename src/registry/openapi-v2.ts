import type {JsonObject} from '../api/json.ts';
import type {Kind} from '../kinds/kind.ts';
import {servedGroups} from './discovery.ts';
import type {Published} from './openapi.ts';
import {bearerToken, info, publish, reasons} from './openapi.ts';
import {tagOf} from './openapi-names.ts';
import type {Operation, Path} from './openapi-operations.ts';
import {pathsOf} from './openapi-operations.ts';
import type {Parameter} from './openapi-parameters.ts';
import type {SchemaSource} from './openapi-schemas.ts';
import {schemasOf} from './openapi-schemas.ts';
import {encodeDocument} from './openapi-v2-protobuf.ts';
import {definitionV2} from './openapi-v2-schema.ts';

/**
 * The OpenAPI v2 document of exactly these kinds, all groups in one (spec kubernetes-api 7.3). Definitions are complete. Of the operations
 * only PATCH is there, for clients that look up its parameters and media types; v3 tells the rest, and this document grows with every group.
 */
export function openApiV2(kinds: readonly Kind[], schemas: SchemaSource): JsonObject {
  const ordered = servedGroups(kinds).flatMap(group => group.versions.flatMap(served => served.kinds));
  const definitions = Object.entries(schemasOf(ordered, schemas));
  const paths = ordered.flatMap(kind =>
    pathsOf(kind).flatMap(path =>
      path.operations.filter(isPatch).map(one => [path.path, pathItem(path, one, tagOf(kind.group, kind.version))]),
    ),
  );
  return {
    swagger: '2.0',
    info: {...info},
    paths: Object.fromEntries(paths),
    definitions: Object.fromEntries(definitions.map(([name, schema]) => [name, definitionV2(schema as JsonObject)])),
    securityDefinitions: {...bearerToken},
    security: [{BearerToken: []}],
  };
}

/** The v2 document as it travels: JSON or protobuf, with one tag for both. */
export function publishV2(document: JsonObject): Published & {readonly protobuf: Uint8Array} {
  return {...publish(document), protobuf: encodeDocument(document)};
}

const isPatch = ({action}: Operation): boolean => action === 'patch';

const pathItem = (path: Path, patch: Operation, tag: string): JsonObject => ({
  patch: operation(patch, tag),
  parameters: path.parameters.map(parameter),
});

function operation(from: Operation, tag: string): JsonObject {
  const {body, answer} = from;
  const bodyParameter = body && {in: 'body', name: 'body', ...(body.required && {required: true}), schema: reference(body.definition)};
  const replies: [string, JsonObject][] = answer.codes.map(code => [
    String(code),
    {description: reasons[code] ?? '', schema: reference(answer.definition)},
  ]);
  return {
    description: from.description,
    consumes: [...(body?.mediaTypes ?? ['*/*'])],
    produces: [...answer.mediaTypes],
    tags: [tag],
    operationId: from.id,
    parameters: [...(bodyParameter ? [bodyParameter] : []), ...from.parameters.map(parameter)],
    responses: {...Object.fromEntries(replies), '401': {description: 'Unauthorized'}},
    'x-kubernetes-action': from.action,
    'x-kubernetes-group-version-kind': {...from.gvk},
  };
}

const parameter = ({name, in: where, type}: Parameter): JsonObject => ({
  in: where,
  name,
  ...(where === 'path' && {required: true}),
  type,
  uniqueItems: true,
});

const reference = (definition: string): JsonObject => ({$ref: `#/definitions/${definition}`});
