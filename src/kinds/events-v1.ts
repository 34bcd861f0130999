import type {FieldError} from '../api/field-error.ts';
import {invalidValue, required} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {equal, isObject} from '../api/json.ts';
import {integer, kind, microTime, object, string, time} from './build.ts';
import {event, eventColumns, eventSeries, eventSource, storedEventErrors} from './event.ts';
import type {Kind} from './kind.ts';
import {child, number, text} from './read.ts';
import {keptReference, objectReferenceFields} from './reference.ts';

/** What fields are called in events.k8s.io, and in the core group, where they are stored. Others have one name. */
const names = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
} as const;

/** Event of events.k8s.io (spec kubernetes-api 8.6): the same object as the Event of the core group, with other names of fields. */
export const eventsV1: Kind = {
  ...kind({
    group: 'events.k8s.io',
    version: 'v1',
    kind: 'Event',
    plural: 'events',
    shortNames: ['ev'],
    namespaced: true,
    description: 'Something that happened to an object, for people to read. Kept for about an hour.',
    fields: {
      eventTime: microTime('When it was first seen, in microseconds.'),
      series: eventSeries,
      reportingController: string('The controller that saw it, such as example.com/controller.'),
      reportingInstance: string('The instance of that controller.'),
      action: string('What was being done, in one word.'),
      reason: string('What happened, in one word.'),
      regarding: object('What it happened to.', objectReferenceFields, {'x-kubernetes-map-type': 'atomic'}),
      related: object('Another object that has to do with it.', objectReferenceFields, {'x-kubernetes-map-type': 'atomic'}),
      note: string('What happened, for people.'),
      type: string('Normal or Warning.'),
      deprecatedSource: eventSource,
      deprecatedFirstTimestamp: time('When it was first seen; only in events of the core group.'),
      deprecatedLastTimestamp: time('When it was last seen; only in events of the core group.'),
      deprecatedCount: integer('How often it was seen; only in events of the core group.'),
    },
    required: ['eventTime'],
    columns: eventColumns(storedForm),
    strategy: {
      createOnUpdate: true,
      unconditionalUpdate: true,
      validate: shown => storedEventErrors(storedForm(shown), 'reportingController'),
      validateCreate: newEventErrors,
      validateUpdate,
      fields: Object.fromEntries(
        Object.entries(event.strategy.fields ?? {}).map(([name, select]) => [shownName(name), o => select(storedForm(o))]),
      ),
    },
  }),
  view: {
    group: '',
    version: 'v1',
    toStored: object => rename(object, names, 'v1'),
    fromStored: object => rename(object, shownNames, 'events.k8s.io/v1'),
  },
};

const shownNames: {readonly [stored: string]: string} = Object.fromEntries(Object.entries(names).map(([shown, stored]) => [stored, shown]));

function rename(object: JsonObject, by: {readonly [from: string]: string}, apiVersion: string): void {
  object['apiVersion'] = apiVersion;
  for (const [from, to] of Object.entries(by)) {
    const value = object[from];
    if (value === undefined) continue;
    delete object[from];
    object[to] = value;
  }
}

function storedForm(shown: JsonObject): JsonObject {
  const stored = {...shown};
  rename(stored, names, 'v1');
  return stored;
}

/** `involvedObject.kind` is `regarding.kind` here. */
function shownName(field: string): string {
  const [first = '', ...rest] = field.split('.');
  const shown = Object.entries(names).find(([, stored]) => stored === first)?.[0];
  return first === 'source' || !shown ? field : [shown, ...rest].join('.');
}

function seriesErrors(stored: JsonObject): FieldError[] {
  const series = child(stored, 'series');
  const errors: FieldError[] = [];
  if (series && (number(series, 'count') ?? 0) < 2) errors.push(invalidValue('series.count', '', 'should be at least 2'));
  if (series && !text(series, 'lastObservedTime')) errors.push(required('series.lastObservedTime'));
  return errors;
}

/** On creation through this group: newer recorders say more, and leave the old fields alone. */
function newEventErrors(shown: JsonObject): FieldError[] {
  const stored = storedForm(shown);
  const errors = seriesErrors(stored);
  if (!text(stored, 'eventTime')) errors.push(required('eventTime'));
  const type = text(stored, 'type');
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalidValue('type', '', `has invalid value: ${type}`));
  const source = child(stored, 'source');
  const old: Record<string, boolean> = {
    firstTimestamp: text(stored, 'firstTimestamp') !== '',
    lastTimestamp: text(stored, 'lastTimestamp') !== '',
    count: (number(stored, 'count') ?? 0) !== 0,
    source: text(source, 'component') !== '' || text(source, 'host') !== '',
  };
  return [...errors, ...Object.entries(old).flatMap(([field, isSet]) => (isSet ? [invalidValue(field, '', 'needs to be unset')] : []))];
}

/** What happened does not change; that it happened again does. */
function validateUpdate(shown: JsonObject, oldShown: JsonObject): FieldError[] {
  const [now, was] = [storedForm(shown), storedForm(oldShown)];
  const errors = equal(now['series'] ?? null, was['series'] ?? null) ? [] : seriesErrors(now);
  const changed = fixed.filter(field => !equal(now[field] ?? null, was[field] ?? null));
  return [
    ...errors,
    ...changed.map(field => invalidValue(calledIn[field] ?? field, asKept(field, now[field] ?? null), 'field is immutable')),
  ];
}

const fixed = [
  ...['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type'],
  ...['eventTime', 'action', 'related', 'reportingComponent', 'reportingInstance'],
];
/** Errors name the fields of the core group, but for this one. */
const calledIn: {readonly [field: string]: string} = {reportingComponent: 'reportingController'};

/** Errors show a value as Kubernetes keeps it inside. */
function asKept(field: string, value: Json): Json {
  if (field === 'involvedObject' || field === 'related') return isObject(value) ? keptReference(value) : value;
  if (field === 'source') return {Component: text(value, 'component'), Host: text(value, 'host')};
  return value ?? (field === 'count' ? 0 : field.endsWith('Timestamp') ? null : '');
}
