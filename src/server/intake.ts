import {ApiError, badRequest, invalid} from '../api/errors.ts';
import {invalidValue} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {digString, getKey, isObject, stringify} from '../api/json.ts';
import {dedupeOwners} from '../api/metadata.ts';
import {cleanMetadata, metadataTypeError} from '../api/metadata-shape.ts';
import type {KubeObject} from '../api/object.ts';
import {asObject} from '../api/object.ts';
import type {Kind} from '../kinds/kind.ts';
import type {Resource} from '../registry/resource.ts';
import {decodeJson} from '../wire/json.ts';
import {requestType} from '../wire/negotiate.ts';
import {decodeProtobuf} from '../wire/protobuf/decode.ts';
import type {TypeMeta} from '../wire/protobuf/kinds.ts';
import {decodeYaml, looksLikeJson as isJson} from '../wire/yaml.ts';
import type {Exchange} from './exchange.ts';
import type {Form} from './heavy.ts';
import {checkWeight} from './heavy.ts';
import {header} from './http.ts';
import type {FieldValidation} from './options.ts';
import {payForBytes} from './paid-streams.ts';

/** A body read into JSON, and what strict validation would hold against it. */
export type Body = {readonly value: Json; readonly duplicates: readonly string[]; readonly lenient: boolean};

/**
 * Reads a body in any of the types writes accept; null when there is none.
 * @throws ApiError UnsupportedMediaType, BadRequest, RequestEntityTooLarge
 */
export async function readBody(x: Pick<Exchange, 'call' | 'deps'>, expected?: TypeMeta): Promise<Body> {
  return decodeBody(x, await sentBody(x), expected);
}

/** The bytes of a body. While they are on their way, the loop works for others; what it took to receive them is paid for. */
export async function sentBody({call, deps}: Pick<Exchange, 'call' | 'deps'>): Promise<Uint8Array> {
  const time = deps.fairness?.time;
  if (!time) return call.request.body();
  const bytes = await time.suspend(call.request.body());
  payForBytes(time.current, bytes.length, time);
  return bytes;
}

function decodeBody(x: Pick<Exchange, 'call' | 'deps'>, bytes: Uint8Array, expected?: TypeMeta): Body {
  const type = requestType(header(x.call.request.headers, 'content-type'));
  if (bytes.length === 0) return {value: null, duplicates: [], lenient: true};
  if (type === 'application/yaml') {
    checkWeight(x.deps, bytes, yamlForm(bytes));
    return {...decodeYaml(bytes), lenient: false};
  }
  if (type === 'application/vnd.kubernetes.protobuf') {
    checkWeight(x.deps, bytes, 'protobuf');
    // Protobuf names fields by number: there is nothing to be strict about.
    return {value: decodeProtobuf(bytes, expected).object, duplicates: [], lenient: true};
  }
  checkWeight(x.deps, bytes);
  return {...decodeJson(bytes), lenient: false};
}

/** Much of what is called YAML is JSON, and costs what that costs. */
export const yamlForm = (bytes: Uint8Array): Form => (isJson(bytes) ? 'json' : 'yaml');

/** The same for the body of a write on a kind, which errors then name. */
export async function readObject(x: Exchange): Promise<Body> {
  const bytes = await sentBody(x);
  const unreadable = `the object provided is unrecognized (must be of type ${x.resource.kind.names.kind}): couldn't get version/kind; json parse error: `;
  const shown = ` (${excerptOf(bytes)})`;
  if (bytes.length === 0 && !x.resource.kind.custom) throw badRequest(`${unreadable}unexpected end of JSON input${shown}`);
  try {
    return decodeBody(x, bytes, typeOf(x));
  } catch (err) {
    throw renamedJsonError(err, unreadable, shown);
  }
}

/** What a body is that does not say so: protobuf cannot be read without knowing. */
const typeOf = ({what, resource}: Exchange): TypeMeta =>
  what.subresource === 'scale'
    ? {apiVersion: 'autoscaling/v1', kind: 'Scale'}
    : {apiVersion: resource.apiVersion, kind: resource.kind.names.kind};

/** How the JSON reader begins what it says. */
const jsonTrouble = 'error parsing JSON: ';

/** What the JSON reader threw, to be told with another beginning and end; anything else as it is. */
export const renamedJsonError = (err: unknown, head: string, tail = ''): unknown =>
  err instanceof ApiError && err.message.startsWith(jsonTrouble) ? badRequest(head + err.message.slice(jsonTrouble.length) + tail) : err;

/** The beginning of a body as Kubernetes quotes it: what does not look like an object in hexadecimal digits. */
function excerptOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>';
  const start = Buffer.from(bytes.subarray(0, excerptChars));
  const quoted = bytes[0] === '{'.charCodeAt(0) ? start.toString() : start.toString('hex');
  return bytes.length > excerptChars ? `${quoted} ...` : quoted;
}

/**
 * Makes an object of the endpoint's kind out of what was sent: its type checked, unknown fields dropped and told about as asked,
 * defaults filled in. Values are not validated yet.
 * @throws ApiError BadRequest
 */
export function toObject(x: Exchange, body: Body, validation: FieldValidation): KubeObject {
  const {resource} = x;
  const json = body.value;
  if (!isObject(json)) throw unrecognized(resource.kind, json, 'it is not an object');
  checkType(resource, json);
  const {custom, names} = resource.kind;
  const wrong =
    metadataTypeError(getKey(json, 'metadata'), custom ? undefined : names.kind) ??
    (custom ? undefined : resource.schema.decodeError(json, names.kind));
  if (wrong !== undefined) throw badRequest(decodingText(resource, wrong));
  const metadata = (getKey(json, 'metadata') ?? {}) as JsonObject;
  json['metadata'] = metadata;
  // An empty list is a wish of its own (spec kubernetes-api 5.8), and would be cleaned away.
  if (Array.isArray(metadata['managedFields']) && metadata['managedFields'].length === 0) metadata['managedFields'] = [{}];
  const unknown = cleanMetadata(metadata);
  const repeated = dedupeOwners(metadata, false);
  if (repeated) x.warnings.push(repeated);
  unknown.push(...resource.schema.prune(json));
  if (!body.lenient) report(x, validation, unknown, body.duplicates);
  resource.kind.strategy.normalize?.(json);
  resource.schema.applyDefaults(json);
  if (!custom) resource.schema.goForm(json);
  return asObject(json);
}

function checkType({kind, apiVersion}: Resource, json: JsonObject): void {
  const sentKind = getKey(json, 'kind');
  const sentVersion = getKey(json, 'apiVersion');
  if (kind.custom && (sentKind === undefined || sentKind === ''))
    throw unrecognized(kind, json, `Object 'Kind' is missing in '${whole(json)}'`);
  if (kind.custom ? (sentVersion ?? '') !== apiVersion : sentVersion && sentVersion !== apiVersion) {
    throw badRequest(`the API version in the data (${text(sentVersion ?? '')}) does not match the expected API version (${apiVersion})`);
  }
  if (kind.custom && sentKind !== kind.names.kind) {
    const name = digString(json, 'metadata', 'name') ?? '';
    throw invalid(kind.group, kind.names.kind, name, [invalidValue('kind', text(sentKind as Json), `must be ${kind.names.kind}`)]);
  }
  if (sentKind !== undefined && sentKind !== '' && sentKind !== kind.names.kind) {
    const why = `no kind ${JSON.stringify(text(sentKind))} is registered for this endpoint`;
    throw badRequest(`${text(sentKind)} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.names.kind}: ${why}`);
  }
  json['kind'] = kind.names.kind;
  json['apiVersion'] = apiVersion;
}

/** Tells about unknown and duplicate fields as the request asked (spec kubernetes-api 3.9). */
function report(x: Exchange, validation: FieldValidation, unknown: readonly string[], duplicates: readonly string[]): void {
  if (validation === 'Ignore' || (unknown.length === 0 && duplicates.length === 0)) return;
  const problems = [
    ...unknown.map(path => `unknown field ${JSON.stringify(path)}`),
    // A YAML reader's own words come whole, JSON's as paths.
    ...duplicates.map(path => (path.includes(' ') ? path : `duplicate field ${JSON.stringify(path)}`)),
  ];
  if (validation === 'Strict') throw badRequest(decodingText(x.resource, `strict decoding error: ${problems.join(', ')}`));
  x.warnings.push(...problems);
}

const decodingText = ({kind}: Resource, why: string): string =>
  `${kind.names.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.names.kind}: ${why}`;

const unrecognized = ({names}: Kind, json: Json, why: string): ApiError =>
  badRequest(`the object provided is unrecognized (must be of type ${names.kind}): ${why} (${excerpt(json)})`);

const excerptChars = 30;
const wholeCharsMax = 2_000;
const whole = (json: Json): string => stringify(json).slice(0, wholeCharsMax);
const excerpt = (json: Json): string => {
  const start = whole(json);
  return start.length > excerptChars ? `${start.slice(0, excerptChars)} ...` : start;
};
const text = (value: Json): string => (typeof value === 'string' ? value : stringify(value)).slice(0, 200);
