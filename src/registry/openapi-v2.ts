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
import {publishLimits} from './publish.ts';

/**
 * The OpenAPI v2 document of exactly these kinds, all groups in one (spec kubernetes-api 7.3), in parts: each has some of its paths and definitions, and is
 * made when it is asked for. Definitions are complete. Of the operations only PATCH is there, for clients that look up its parameters and media types; v3
 * tells the rest, and this document grows with every group.
 */
export function* openApiV2(kinds: readonly Kind[], schemas: SchemaSource): Generator<PartV2> {
  const shared = sharedSchemas(kinds, schemas);
  yield {paths: {}, definitions: inV2(Object.entries(shared))};
  const told = new Set(Object.keys(shared));
  for (const kind of servedGroups(kinds).flatMap(group => group.versions.flatMap(served => served.kinds))) {
    const own = ownSchemas(kind, schemas).filter(([name]) => !told.has(name));
    for (const [name] of own) told.add(name);
    yield {paths: patchesOf(kind), definitions: inV2(own)};
  }
}

export type PartV2 = {readonly paths: JsonObject; readonly definitions: JsonObject};

export type FormV2 = 'json' | 'protobuf';

/** A document as it travels, in pieces; undefined when it would become too long. `turn` lets others in. */
export async function publishV2(
  parts: Iterable<PartV2>,
  form: FormV2,
  turn: () => Promise<void>,
): Promise<readonly Uint8Array[] | undefined> {
  const writer = form === 'json' ? new JsonWriter() : new ProtobufWriter();
  let total = 0;
  let sinceTurn = 0;
  for (const part of parts) {
    const length = writer.add(part);
    total += length;
    sinceTurn += length;
    if (total > publishLimits.bytesMax) return undefined;
    if (sinceTurn > publishLimits.charactersAtOnce) {
      writer.flush();
      await turn();
      sinceTurn = 0;
    }
  }
  return writer.end();
}

const opening: JsonObject = {swagger: '2.0', info: {...info}};
const closing: JsonObject = {securityDefinitions: {...bearerToken}, security: [{BearerToken: []}]};

/** Paths and definitions apart, as they stand in two places of the document. */
class JsonWriter {
  readonly #paths: Uint8Array[] = [];
  readonly #definitions: Uint8Array[] = [];
  #pathsText = `{${innerText(opening)},"paths":{`;
  #definitionsText = '},"definitions":{';
  #pathsComma = '';
  #definitionsComma = '';

  /** Tells about how many bytes it is. */
  add({paths, definitions}: PartV2): number {
    const [somePaths, someDefinitions] = [innerText(paths), innerText(definitions)];
    if (somePaths) {
      this.#pathsText += this.#pathsComma + somePaths;
      this.#pathsComma = ',';
    }
    if (someDefinitions) {
      this.#definitionsText += this.#definitionsComma + someDefinitions;
      this.#definitionsComma = ',';
    }
    return somePaths.length + someDefinitions.length;
  }

  /** Makes bytes of what has come together. */
  flush(): void {
    if (this.#pathsText) this.#paths.push(Buffer.from(this.#pathsText));
    if (this.#definitionsText) this.#definitions.push(Buffer.from(this.#definitionsText));
    this.#pathsText = '';
    this.#definitionsText = '';
  }

  end(): readonly Uint8Array[] {
    this.#definitionsText += `},${innerText(closing)}}`;
    this.flush();
    return [...this.#paths, ...this.#definitions];
  }
}

/** Messages that follow each other are one message, with the fields of all of them. */
class ProtobufWriter {
  readonly #pieces: Uint8Array[] = [];
  #messages: Uint8Array[] = [encodeDocument({...opening})];

  add(part: PartV2): number {
    const message = encodeDocument({...part});
    this.#messages.push(message);
    return message.length;
  }

  flush(): void {
    this.#pieces.push(Buffer.concat(this.#messages));
    this.#messages = [];
  }

  end(): readonly Uint8Array[] {
    this.#messages.push(encodeDocument({...closing}));
    this.flush();
    return this.#pieces;
  }
}

/** The members of an object, without its braces. */
const innerText = (object: JsonObject): string => stringify(object).slice(1, -1);

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
