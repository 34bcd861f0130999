import {ApiError} from '../api/errors.ts';
import type {Json} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {postProblem} from '../api/webhooks.ts';
import type {Question} from '../registry/conversion-review.ts';
import {conversionFailed, conversionReview, convertedObjects} from '../registry/conversion-review.ts';
import type {Conversion, Resource, Shape} from '../registry/resource.ts';
import {decodeStored, encodeStored} from '../registry/stored.ts';
import {conform, isForeign, stored, view} from '../registry/view.ts';
import type {Entry, Event} from '../storage/storage.ts';
import {decodeJson} from '../wire/json.ts';
import type {Exchange, InWorkspace} from './exchange.ts';

export const conversionLimits = {
  callMsMax: 30_000,
  /** For all calls of a request that is to be answered; a watch may go on for ever. */
  requestMsMax: 60_000,
  /** What is sent in one call, but for a single object that is larger. */
  sentEntriesMax: 500,
  sentBytesMax: 512 * 1024,
  answerBytesMax: 4 * 1024 * 1024,
} as const;

/** What of a request conversions need. */
type Asked = Pick<Exchange, 'deps' | 'call' | 'what' | 'resource' | 'workspace' | 'startedMs'>;

/**
 * The entries in the version that was asked for: the foreign ones with the bytes they would have, had they been written in it. Whoever reads many asks
 * for them together.
 * @throws ApiError InternalError when the webhook fails for any of them
 */
export async function converted<E extends Entry>(x: Asked, entries: readonly E[]): Promise<readonly E[]> {
  const result = [...entries];
  for (const places of callsFor(x.resource, entries)) {
    const objects = await convert(
      x,
      x.resource,
      places.map(place => decodeStored(entries[place] as E)),
    );
    places.forEach((place, i) => {
      result[place] = {...(entries[place] as E), value: encodeStored(objects[i] as KubeObject)};
    });
  }
  return result;
}

/** A fresh object as this version shows it, whatever it takes. @throws ApiError InternalError when its webhook fails */
export async function viewOf(x: Asked, entry: Entry): Promise<KubeObject> {
  return view(x.resource, isForeign(x.resource, entry) ? ((await converted(x, [entry]))[0] as Entry) : entry);
}

const events = new WeakMap<Resource, WeakMap<Event, Promise<Event>>>();

/** The same for events, each of which is converted once, whoever watches. */
export async function convertedEvents(x: Asked, batch: readonly Event[]): Promise<readonly Event[]> {
  const known = events.get(x.resource) ?? new WeakMap<Event, Promise<Event>>();
  events.set(x.resource, known);
  const missing = batch.filter(event => isForeign(x.resource, event) && !known.has(event));
  if (missing.length > 0) {
    const all = converted(x, missing);
    for (const [i, event] of missing.entries())
      known.set(
        event,
        all.then(found => found[i] as Event),
      );
    // Who watches anew asks anew.
    all.catch(() => {
      for (const event of missing) known.delete(event);
    });
  }
  return Promise.all(batch.map(event => known.get(event) ?? event));
}

/** An object as it is stored, and as it reads from there where that is not the same. */
export type StoredForm = {readonly object: KubeObject; readonly shown?: KubeObject};

/**
 * What will be stored of an object. Where its webhook writes another version, it has to read that back before anything is stored: nothing gets in that
 * could not be shown to who wrote it.
 * @throws ApiError InternalError when the webhook fails
 */
export async function storedForm(x: InWorkspace, object: KubeObject): Promise<StoredForm> {
  const storage = x.resource.conversion?.storage;
  if (!storage || storage.apiVersion === object.apiVersion) return {object: stored(x.resource, object)};
  const kept = await convertOne(x, storage, object);
  return {object: kept, shown: await convertOne(x, x.resource, kept)};
}

/** One object in another version. Nothing is shared with the object given. @throws ApiError InternalError when the webhook fails */
export const convertOne = async (x: Asked, to: Shape, object: KubeObject): Promise<KubeObject> =>
  (await convert(x, to, [object]))[0] as KubeObject;

/** The places of foreign entries, cut into calls. */
function callsFor(resource: Resource, entries: readonly Entry[]): readonly (readonly number[])[] {
  const calls: number[][] = [];
  let bytes = 0;
  for (const [place, entry] of entries.entries()) {
    if (!isForeign(resource, entry)) continue;
    const last = calls.at(-1);
    bytes += entry.value.length;
    if (last && last.length < conversionLimits.sentEntriesMax && bytes <= conversionLimits.sentBytesMax) last.push(place);
    else {
      calls.push([place]);
      bytes = entry.value.length;
    }
  }
  return calls;
}

async function convert(x: Asked, to: Shape, objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
  const {client, reviewVersion} = x.resource.conversion as Conversion;
  const question: Question = {version: reviewVersion, uid: x.deps.world.uid(), apiVersion: to.apiVersion, objects};
  const timeoutMs = timeLeftMs(x);
  const fail = (why: string): ApiError => conversionFailed(objects, `failed: ${why}`);
  if (timeoutMs <= 0) throw fail(postProblem(client, conversionLimits.callMsMax, 'context deadline exceeded'));
  const answer = await x.deps.webhooks.post({
    client,
    body: Buffer.from(stringify(conversionReview(question))),
    workspace: (x as InWorkspace).workspace,
    timeoutMs,
    answerBytesMax: conversionLimits.answerBytesMax,
    // Of what others watch too, nobody knows whether it is still waited for.
    ...(x.what.verb !== 'watch' && {signal: x.call.request.signal}),
  });
  if ('problem' in answer) throw fail(answer.problem);
  const result = convertedObjects(question, readAnswer(answer.bytes, fail));
  for (const object of result) conform(to, object);
  return result;
}

const timeLeftMs = ({what, startedMs, deps}: Asked): number =>
  what.verb === 'watch'
    ? conversionLimits.callMsMax
    : Math.min(conversionLimits.callMsMax, startedMs + conversionLimits.requestMsMax - deps.world.now());

function readAnswer(bytes: Uint8Array, fail: (why: string) => ApiError): Json {
  try {
    return decodeJson(bytes).value;
  } catch (err) {
    // What it says instead is not for everybody to read.
    if (err instanceof ApiError) throw fail('the answer is not JSON');
    throw err;
  }
}
