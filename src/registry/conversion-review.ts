/** What is said to a conversion webhook, and whether its answer is one (spec kubernetes-api 6.11). Pure. */
import {ApiError} from '../api/errors.ts';
import {summary} from '../api/field-error.ts';
import {goType} from '../api/go-type.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {clone, dig, digString, equal, getKey, isObject} from '../api/json.ts';
import {annotationErrors, labelErrors} from '../api/metadata.ts';
import type {KubeObject, ObjectMeta} from '../api/object.ts';
import {asJson, asObject, clusterAnnotation} from '../api/object.ts';
import type {ReviewVersion} from '../kinds/crd-conversion.ts';

/** One question. Of at least one object; all of them are in other versions than the one they are wanted in. */
export type Question = {
  readonly version: ReviewVersion;
  readonly uid: string;
  readonly apiVersion: string;
  readonly objects: readonly KubeObject[];
};

/** The ConversionReview that is sent. */
export const conversionReview = ({version, uid, apiVersion, objects}: Question): JsonObject => ({
  kind: 'ConversionReview',
  apiVersion: reviewApiVersion(version),
  request: {uid, desiredAPIVersion: apiVersion, objects: objects.map(asJson)},
});

const reviewApiVersion = (version: ReviewVersion): string => `apiextensions.k8s.io/${version}`;

/**
 * The objects of an answer, in the order of the question. Of their metadata only labels and annotations are the webhook's; the rest is what was sent.
 * They have not been brought into the form of their version yet.
 * @throws ApiError InternalError for anything but a true answer to this question
 */
export function convertedObjects(question: Question, answer: Json): KubeObject[] {
  const {objects} = question;
  const problem = reviewProblem(question, answer);
  if (problem !== undefined) throw conversionFailed(objects, `failed: ${problem}`);
  const found = dig(answer, 'response', 'convertedObjects');
  const converted = Array.isArray(found) ? found : [];
  if (converted.length !== objects.length)
    throw conversionFailed(objects, `returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((object, i) => {
    const {invalid, metadata} = judge(object, converted[i] as Json, question.apiVersion);
    const [one, all] = metadata ? ['metadata', `metadata in object at index ${i}`] : ['object', `converted object at index ${i}`];
    if (invalid !== undefined) throw conversionFailed(objects, `returned invalid ${objects.length > 1 ? all : one}: ${invalid}`);
    return restored(object, converted[i] as JsonObject);
  });
}

/** The failure of a whole conversion: `what` is what the webhook did, such as `failed: <why>`. */
export function conversionFailed(objects: readonly KubeObject[], what: string): ApiError {
  const {apiVersion, kind} = objects[0] as KubeObject;
  const message = `conversion webhook for ${apiVersion}, Kind=${kind} ${what}`;
  return new ApiError('InternalError', `Internal error occurred: ${message}`, {causes: [{message}]});
}

function reviewProblem({version, uid}: Question, answer: Json): string | undefined {
  const [apiVersion, kind] = [digString(answer, 'apiVersion') ?? '', digString(answer, 'kind') ?? ''];
  const response = dig(answer, 'response');
  // Webhooks of the older version never had to say what they answer.
  const strict = version === 'v1';
  if (strict && (apiVersion !== reviewApiVersion(version) || kind !== 'ConversionReview'))
    return `expected webhook response of ${reviewApiVersion(version)}, Kind=ConversionReview, got ${told(apiVersion)}, Kind=${told(kind)}`;
  if (!isObject(response)) return 'no response provided';
  const echoed = digString(response, 'uid') ?? '';
  if (strict && echoed !== uid) return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(told(echoed))}`;
  const status = digString(response, 'result', 'status') ?? '';
  if (status === 'Success') return undefined;
  return told(digString(response, 'result', 'message') ?? '') || `response.result.status was '${told(status)}', not 'Success'`;
}

type Verdict = {readonly invalid?: string; readonly metadata?: true};

function judge(sent: KubeObject, got: Json, apiVersion: string): Verdict {
  if (!isObject(got)) return {invalid: 'it is no object'};
  const found = digString(got, 'apiVersion') ?? '';
  if (found !== apiVersion) return {invalid: `invalid groupVersion (expected ${apiVersion}, received ${told(found)})`};
  const kind = digString(got, 'kind') ?? '';
  if (kind !== sent.kind) return {invalid: `invalid kind (expected ${sent.kind}, received ${told(kind)})`};
  for (const [field, name] of fixed) {
    const [before, after] = [sent.metadata[field] ?? '', digString(got, 'metadata', field) ?? ''];
    if (before !== after) return {invalid: `must have the same ${name}: ${before} != ${told(after)}`};
  }
  const invalid = metadataProblem(sent.metadata, getKey(got, 'metadata'));
  return invalid === undefined ? {} : {invalid, metadata: true};
}

const fixed = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const;

function metadataProblem(sent: ObjectMeta, got: Json | undefined): string | undefined {
  if (got === undefined) return 'missing metadata in converted object';
  if (!isObject(got)) return `invalid metadata of type ${goType(got)} in converted object`;
  for (const field of ['labels', 'annotations'] as const) {
    const value = getKey(got, field);
    if (value === undefined || value === null) continue;
    if (!isObject(value)) return `invalid metadata.${field} of type ${goType(value)} in converted object`;
    const odd = Object.entries(value).find(([, one]) => typeof one !== 'string');
    if (odd) return `metadata.${field}[${told(odd[0])}] must be a string, but is ${goType(odd[1])} in converted object`;
    if (equal(value, sent[field] ?? {})) continue;
    const errors = field === 'labels' ? labelErrors('metadata.labels', value) : annotationErrors(value);
    if (errors.length > 0) return told(summary(errors.slice(0, errorsMax)));
  }
  return undefined;
}

function restored(sent: KubeObject, got: JsonObject): KubeObject {
  const metadata = clone(asJson(sent)['metadata'] as JsonObject);
  for (const field of ['labels', 'annotations'] as const) {
    const value = dig(got, 'metadata', field);
    if (isObject(value) && Object.keys(value).length > 0) metadata[field] = value;
    else delete metadata[field];
  }
  const object = asObject({...got, metadata});
  // Which workspace it lies in is nobody's to say.
  const cluster = sent.metadata.annotations?.[clusterAnnotation];
  if (cluster !== undefined) object.metadata.annotations = {...object.metadata.annotations, [clusterAnnotation]: cluster};
  else if (object.metadata.annotations) delete object.metadata.annotations[clusterAnnotation];
  return object;
}

const errorsMax = 10;
const toldCharsMax = 2_000;
/** Words of a webhook, as far as they may fill our own. */
const told = (text: string): string => (text.length > toldCharsMax ? `${text.slice(0, toldCharsMax)}...` : text);
