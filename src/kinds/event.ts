import {age} from '../api/age.ts';
import type {FieldError} from '../api/field-error.ts';
import {invalidValue, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import {dnsSubdomain, qualifiedName} from '../api/names.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {column, integer, kind, microTime, object, string, time} from './build.ts';
import type {Column, Kind} from './kind.ts';
import {child, number, text} from './read.ts';
import {objectReferenceFields} from './reference.ts';

export const eventSource: JsonSchema = object('Who saw it.', {
  component: string('The program.'),
  host: string('The machine.'),
});
export const eventSeries: JsonSchema = object('Present when it was seen again and again.', {
  count: integer('How often so far.'),
  lastObservedTime: microTime('When last.'),
});

/** Event of the core group (spec kubernetes-api 8.6). */
export const event: Kind = kind({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  description: 'Something that happened to an object, for people to read. Kept for about an hour.',
  fields: {
    involvedObject: object('What it happened to.', objectReferenceFields, {'x-kubernetes-map-type': 'atomic'}),
    reason: string('What happened, in one word.'),
    message: string('What happened, for people.'),
    source: eventSource,
    firstTimestamp: time('When it was first seen.'),
    lastTimestamp: time('When it was last seen.'),
    count: integer('How often it was seen.'),
    type: string('Normal or Warning.'),
    eventTime: microTime('When it was first seen, in microseconds.'),
    series: eventSeries,
    action: string('What was being done, in one word.'),
    related: object('Another object that has to do with it.', objectReferenceFields, {'x-kubernetes-map-type': 'atomic'}),
    reportingComponent: string('The controller that saw it, such as example.com/controller.', {default: ''}),
    reportingInstance: string('The instance of that controller.', {default: ''}),
  },
  required: ['involvedObject'],
  columns: eventColumns(),
  strategy: {
    createOnUpdate: true,
    unconditionalUpdate: true,
    validate: stored => storedEventErrors(stored, 'reportingComponent'),
    fields: selectors(
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'type',
    ),
  },
});

/** Field selectors of events in stored form; `source` is who saw it, wherever that is written. */
function selectors(...paths: readonly string[]): {readonly [name: string]: (stored: JsonObject) => string} {
  const plain = paths.map((path): [string, (stored: JsonObject) => string] => {
    const steps = path.split('.');
    return [path, stored => digString(stored, ...steps) ?? ''];
  });
  return {
    ...Object.fromEntries(plain),
    source: stored => digString(stored, 'source', 'component') || text(stored, 'reportingComponent'),
  };
}

const limits = {reportingInstance: 128, action: 128, reason: 128, message: 1024} as const;

/** The rules of events that are stored; `controller` is what the field of the controller is called in errors. */
export function storedEventErrors(stored: JsonObject, controller: string): FieldError[] {
  const errors: FieldError[] = [];
  const namespace = digString(stored, 'metadata', 'namespace') ?? '';
  const about = digString(stored, 'involvedObject', 'namespace') ?? '';
  const homes = text(stored, 'eventTime') ? ['default', 'kube-system'] : ['', 'default'];
  const fits = about ? about === namespace || text(stored, 'eventTime') !== '' : homes.includes(namespace);
  if (!fits) errors.push(invalidValue('involvedObject.namespace', about, 'does not match event.namespace'));
  if (text(stored, 'eventTime')) errors.push(...timedErrors(stored, controller));
  return [...errors, ...dnsSubdomain(namespace).map(why => invalidValue('namespace', namespace, why))];
}

/** Events with an exact time come from newer recorders, of which more is asked. */
function timedErrors(stored: JsonObject, controllerField: string): FieldError[] {
  const errors: FieldError[] = [];
  const controller = text(stored, 'reportingComponent');
  if (!controller) errors.push(required(controllerField));
  errors.push(...qualifiedName(controller).map(why => invalidValue(controllerField, controller, why)));
  for (const field of ['reportingInstance', 'action', 'reason', 'message'] as const) {
    const value = text(stored, field);
    if (!value && field !== 'message') errors.push(required(field));
    if (Buffer.byteLength(value) > limits[field]) errors.push(invalidValue(field, '', `can have at most ${limits[field]} characters`));
  }
  return errors;
}

/** The columns of events; `stored` gives the stored form of what is shown. */
export function eventColumns(stored: (shown: JsonObject) => JsonObject = shown => shown): readonly Column[] {
  const of =
    (cell: (stored: JsonObject, now: number) => string | number) =>
    (shown: KubeObject, now: number): string | number =>
      cell(stored(asJson(shown)), now);
  const wide = {priority: 1};
  return [
    column(
      'Last Seen',
      'Time since it was last seen.',
      of((o, now) => age(lastSeen(o), now)),
    ),
    column(
      'Type',
      'Normal or Warning.',
      of(o => text(o, 'type')),
    ),
    column(
      'Reason',
      'What happened, in one word.',
      of(o => text(o, 'reason')),
    ),
    column('Object', 'What it happened to.', of(objectCell)),
    column(
      'Subobject',
      'The part of the object.',
      of(o => text(child(o, 'involvedObject'), 'fieldPath')),
      wide,
    ),
    column('Source', 'Who saw it.', of(sourceCell), wide),
    column(
      'Message',
      'What happened, for people.',
      of(o => text(o, 'message').trim()),
    ),
    column(
      'First Seen',
      'Time since it was first seen.',
      of((o, now) => age(firstSeen(o), now)),
      wide,
    ),
    column('Count', 'How often it was seen.', of(countCell), wide),
    column(
      'Name',
      'Name of the event.',
      of(o => digString(o, 'metadata', 'name') ?? ''),
      {...wide, format: 'name'},
    ),
  ];
}

const firstSeen = (o: JsonObject): string => text(o, 'firstTimestamp') || text(o, 'eventTime');
const lastSeen = (o: JsonObject): string => text(child(o, 'series'), 'lastObservedTime') || text(o, 'lastTimestamp') || firstSeen(o);

function countCell(o: JsonObject): number {
  const series = child(o, 'series');
  return series ? (number(series, 'count') ?? 0) : number(o, 'count') || 1;
}

function objectCell(o: JsonObject): string {
  const about = child(o, 'involvedObject');
  const kindName = text(about, 'kind').toLowerCase();
  return text(about, 'name') ? `${kindName}/${text(about, 'name')}` : kindName;
}

function sourceCell(o: JsonObject): string {
  const source = child(o, 'source');
  const component = text(source, 'component') || text(o, 'reportingComponent');
  const host = text(source, 'host') || text(o, 'reportingInstance');
  return host ? `${component}, ${host}` : component;
}
