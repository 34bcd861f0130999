import type {Json, JsonObject} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {Kind} from '../kinds/kind.ts';
import {servedGroups} from './discovery.ts';
import {bearerToken, info, reasons} from './openapi.ts';
import {tagOf} from './openapi-names.ts';
import type {Operation, Path} from './openapi-operations.ts';
import {pathsOf} from './openapi-operations.ts';
import type {Parameter} from './openapi-parameters.ts';
import type {SchemaSource} from './openapi-schemas.ts';
import {ownSchemas, sharedSchemas} from './openapi-schemas.ts';
import {encodeDocument} from './openapi-v2-protobuf.ts';
import {definitionV2} from './openapi-v2-schema.ts';

/**
 * The OpenAPI v2 document of exactly these kinds, all groups in one (spec kubernetes-api 7.3), in parts: each has some of its paths and definitions, and is
 * made when it is asked for. Definitions are complete. Of the operations only PATCH is there, for clients that look up its parameters and media types; v3
 * tells the rest, and this document grows with every group.
 */
export function* openApiV2(kinds: readonly Kind[], schemas: SchemaSource): Generator<PartV2> {
  yield {paths: {}, definitions: inV2(Object.entries(sharedSchemas(kinds, schemas)))};
  const told = new Set<string>();
  for (const kind of servedGroups(kinds).flatMap(group => group.versions.flatMap(served => served.kinds))) {
    const own = ownSchemas(kind, schemas).filter(([name]) => !told.has(name));
    for (const [name] of own) told.add(name);
    yield {paths: patchesOf(kind), definitions: inV2(own)};
  }
}

export type PartV2 = {readonly paths: JsonObject; readonly definitions: JsonObject};

export const v2Limits = {
  /** What is made between two turns of the event loop, but for a single part that is larger. */
  bytesAtOnce: 96 * 1024,
  /** Beyond this there is no such document: v3 has one for each group. */
  bytesMax: 64 * 1024 * 1024,
} as const;

/** A document as it travels, as JSON and as protobuf; undefined when it would become too long. `turn` lets others in. */
export async function publishV2(
  parts: Iterable<PartV2>,
  turn: () => Promise<void>,
): Promise<{readonly bytes: Uint8Array; readonly protobuf: Uint8Array} | undefined> {
  const paths: Uint8Array[] = [];
  const definitions: Uint8Array[] = [];
  // Messages that follow each other are one message, with the fields of all of them.
  const protobuf = [encodeDocument({...opening})];
  let total = 0;
  let sinceTurn = 0;
  for (const part of parts) {
    const made = [inner(part.paths), inner(part.definitions)] as const;
    if (made[0].length > 0) paths.push(paths.length > 0 ? comma : nothing, made[0]);
    if (made[1].length > 0) definitions.push(definitions.length > 0 ? comma : nothing, made[1]);
    protobuf.push(encodeDocument({...part}));
    const bytes = made[0].length + made[1].length;
    total += bytes;
    sinceTurn += bytes;
    if (total > v2Limits.bytesMax) return undefined;
    if (sinceTurn > v2Limits.bytesAtOnce) {
      await turn();
      sinceTurn = 0;
    }
  }
  protobuf.push(encodeDocument({...closing}));
  const frame = (text: string): Uint8Array => Buffer.from(text);
  return {
    bytes: Buffer.concat([
      frame(`{${innerText(opening)},"paths":{`),
      ...paths,
      frame('},"definitions":{'),
      ...definitions,
      frame(`},${innerText(closing)}}`),
    ]),
    protobuf: Buffer.concat(protobuf),
  };
}

const opening: JsonObject = {swagger: '2.0', info: {...info}};
const closing: JsonObject = {securityDefinitions: {...bearerToken}, security: [{BearerToken: []}]};

/** The members of an object, without its braces. */
const innerText = (object: JsonObject): string => stringify(object).slice(1, -1);
const inner = (object: JsonObject): Uint8Array => Buffer.from(innerText(object));
const comma = Buffer.from(',');
const nothing = new Uint8Array();

const inV2 = (definitions: readonly [string, Json][]): JsonObject =>
  Object.fromEntries(definitions.map(([name, schema]) => [name, definitionV2(schema as JsonObject)]));

const patchesOf = (kind: Kind): JsonObject =>
  Object.fromEntries(
    pathsOf(kind).flatMap(path =>
      path.operations.filter(isPatch).map(one => [path.path, pathItem(path, one, tagOf(kind.group, kind.version))]),
    ),
  );

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
