import type {JsonObject} from '../../src/api/json.ts';
import {clone, dig} from '../../src/api/json.ts';
import type {Answer, Api} from './api-client.ts';
import {definition, newPlace, paths, succeeded, widgetVersion} from './place.ts';
import type {TestPlane} from './plane.ts';
import type {Says} from './webhooks.ts';

/** Kinds in two versions with a webhook between them: v1 says `size: 3x4`, v2 says `width: 3, height: 4`. */
export const boxVersions = (storage: 'v1' | 'v2'): readonly object[] => [
  version('v1', {size: {type: 'string'}, note: {type: 'string', default: 'none'}}, storage, {selectableFields: [{jsonPath: '.spec.size'}]}),
  version('v2', {width: {type: 'integer'}, height: {type: 'integer'}, unit: {type: 'string', default: 'mm'}}, storage, {
    additionalPrinterColumns: [{name: 'Width', type: 'integer', jsonPath: '.spec.width'}],
  }),
];

const status = {type: 'object', 'x-kubernetes-preserve-unknown-fields': true};
const version = (name: string, properties: object, storage: string, more: object): object =>
  widgetVersion(name, {
    schema: {openAPIV3Schema: {type: 'object', properties: {spec: {type: 'object', properties}, status}}},
    storage: name === storage,
    ...more,
  });

export const byWebhook = (clientConfig: object, conversionReviewVersions: readonly string[] = ['v1']): object => ({
  strategy: 'Webhook',
  webhook: {clientConfig, conversionReviewVersions},
});

export type Change = (response: JsonObject, objects: JsonObject[]) => unknown;

/** The true answer to a review, but for what `change` does to it. */
export function truth(review: JsonObject, change?: Change): JsonObject {
  const wanted = dig(review, 'request', 'desiredAPIVersion') as string;
  const convertedObjects = (dig(review, 'request', 'objects') as JsonObject[]).map(each => inVersion(each, wanted));
  const response: JsonObject = {uid: dig(review, 'request', 'uid') as string, result: {status: 'Success'}, convertedObjects};
  change?.(response, convertedObjects);
  return {apiVersion: review['apiVersion'] as string, kind: 'ConversionReview', response};
}

export const honest =
  (change?: Change): Says =>
  review =>
    truth(review, change);

function inVersion(object: JsonObject, apiVersion: string): JsonObject {
  const spec = (object['spec'] ?? {}) as JsonObject;
  const converted = clone(object);
  converted['apiVersion'] = apiVersion;
  const {size, width, height, ...rest} = spec;
  if (apiVersion.endsWith('/v1')) converted['spec'] = width === undefined ? spec : {...rest, size: `${width}x${height}`};
  else if (typeof size === 'string') {
    const [w, h] = size.split('x').map(Number) as [number, number];
    converted['spec'] = {...rest, width: w, height: h};
  }
  return converted;
}

type Wished = {readonly storage?: 'v1' | 'v2'; readonly reviewVersions?: readonly string[]};

/** A kind with a webhook of its own. */
export type BoxKind = {
  readonly url: string;
  /** Of its definition. */
  readonly name: string;
  /** The path of an object, or of all for ''. */
  at(name: string, version?: string): string;
  object(name: string, spec: object, version?: string, metadata?: object): object;
  /** The requests that its webhook got. */
  calls(): readonly JsonObject[];
  /** Creates one of v1. */
  make(name: string): Promise<Answer>;
  /** Some that are stored as v1, whereas v2 is written from now on. */
  makeOld(...names: readonly string[]): Promise<void>;
  switchTo(storage: 'v1' | 'v2'): Promise<Answer>;
};

/** Makes such kinds in a place of their own. */
export async function boxes(plane: TestPlane): Promise<{readonly api: Api; kindWith(says: Says, wished?: Wished): Promise<BoxKind>}> {
  const api = await newPlace(plane);
  let made = 0;
  return {
    api,
    async kindWith(says, {storage = 'v2', reviewVersions} = {}) {
      const kind = `Box${++made}`;
      const plural = `box${made}s`;
      const url = `https://convert.example/${plural}`;
      plane.webhooks.at(url, says);
      const spec = (stored: 'v1' | 'v2') => ({versions: boxVersions(stored), conversion: byWebhook({url}, reviewVersions)});
      succeeded(await api.post(paths.definitions, definition(plural, kind, spec(storage))), 201);
      const box: BoxKind = {
        url,
        name: `${plural}.example.com`,
        at: (name, of = 'v1') => `/apis/example.com/${of}/namespaces/t/${plural}${name && `/${name}`}`,
        object: (name, of, v = 'v1', metadata = {}) => ({apiVersion: `example.com/${v}`, kind, metadata: {name, ...metadata}, spec: of}),
        calls: () => plane.webhooks.calls.filter(call => call.url === url).map(call => dig(call.review, 'request') as JsonObject),
        make: async name => succeeded(await api.post(box.at(''), box.object(name, {size: '3x4'})), 201),
        async makeOld(...names) {
          for (const name of names) await box.make(name);
          await box.switchTo('v2');
        },
        switchTo: async stored => succeeded(await api.patch(`${paths.definitions}/${box.name}`, {spec: spec(stored)})),
      };
      return box;
    },
  };
}
