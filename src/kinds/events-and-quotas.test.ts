import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {summary} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {clone} from '../api/json.ts';
import {asObject} from '../api/object.ts';
import {isWhole, parseQuantity} from '../api/quantity.ts';
import {event} from './event.ts';
import {eventsV1} from './events-v1.ts';
import type {Kind} from './kind.ts';
import {resourceQuota} from './resource-quota.ts';

const judge = (kind: Kind, object: JsonObject): string => {
  kind.strategy.normalize?.(object);
  const errors = kind.strategy.validate?.(object) ?? [];
  return errors.length ? summary(errors) : '';
};
const old: JsonObject = {
  metadata: {name: 'e', namespace: 'n'},
  involvedObject: {kind: 'Pod', name: 'p', namespace: 'n', fieldPath: 'spec'},
  reason: 'Started',
  message: ' it runs\n',
  source: {component: 'kubelet', host: 'node'},
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:01:00Z',
  count: 3,
  type: 'Normal',
};
const timed: JsonObject = {
  metadata: {name: 'e', namespace: 'n'},
  involvedObject: {kind: 'Pod', name: 'p', namespace: 'n'},
  eventTime: '2026-01-01T00:00:00.000000Z',
  reason: 'Started',
  message: 'it runs',
  action: 'Starting',
  type: 'Normal',
  reportingComponent: 'example.com/c',
  reportingInstance: 'c-1',
};

test('events belong to the namespace of what they are about', () => {
  assert.equal(judge(event, clone(old)), '');
  assert.equal(
    judge(event, {...old, metadata: {namespace: 'm'}}),
    'involvedObject.namespace: Invalid value: "n": does not match event.namespace',
  );
  assert.equal(judge(event, {...old, involvedObject: {}, metadata: {namespace: 'default'}}), '');
  assert.match(judge(event, {...old, involvedObject: {}}), /does not match event\.namespace/);
  assert.equal(judge(event, {...timed, involvedObject: {}, metadata: {namespace: 'kube-system'}}), '');
});

test('events with an exact time say more', () => {
  assert.equal(judge(event, clone(timed)), '');
  assert.equal(judge(event, {...timed, action: ''}), 'action: Required value');
  assert.equal(judge(event, {...timed, message: 'x'.repeat(1025)}), 'message: Invalid value: "": can have at most 1024 characters');
  assert.match(judge(event, {...timed, reportingComponent: 'a b'}), /^reportingComponent: Invalid value: "a b": name part must consist of/);
});

test('what tables show of events', () => {
  const now = Date.parse('2026-01-01T00:02:00Z');
  const cells = (object: JsonObject): unknown[] => event.columns.map(c => c.cell(asObject(object), now));
  assert.deepEqual(cells(old), ['60s', 'Normal', 'Started', 'pod/p', 'spec', 'kubelet, node', 'it runs', '2m', 3, 'e']);
  const again = {...timed, series: {count: 5, lastObservedTime: '2026-01-01T00:01:30.000000Z'}};
  assert.deepEqual(cells(again), ['30s', 'Normal', 'Started', 'pod/p', '', 'example.com/c, c-1', 'it runs', '2m', 5, 'e']);
});

test('field selectors of events', () => {
  const fields = event.strategy.fields ?? {};
  assert.equal(fields['involvedObject.name']?.(old), 'p');
  assert.equal(fields['source']?.(old), 'kubelet');
  assert.equal(fields['source']?.(timed), 'example.com/c');
});

test('events of events.k8s.io are the same events by other names', () => {
  const shown = {...clone(old), apiVersion: 'v1'};
  eventsV1.view?.fromStored(shown);
  assert.deepEqual<unknown>(shown, {
    apiVersion: 'events.k8s.io/v1',
    metadata: old['metadata'],
    regarding: old['involvedObject'],
    reason: 'Started',
    note: ' it runs\n',
    deprecatedSource: old['source'],
    deprecatedFirstTimestamp: old['firstTimestamp'],
    deprecatedLastTimestamp: old['lastTimestamp'],
    deprecatedCount: 3,
    type: 'Normal',
  });
  assert.equal(eventsV1.strategy.fields?.['regarding.name']?.(shown), 'p');
  const now = Date.parse('2026-01-01T00:02:00Z');
  assert.deepEqual(
    eventsV1.columns.map(c => c.cell(asObject(shown), now)),
    event.columns.map(c => c.cell(asObject(old), now)),
  );
  eventsV1.view?.toStored(shown);
  assert.deepEqual<unknown>(shown, {...old, apiVersion: 'v1'});
});

test('what events.k8s.io asks of new events', () => {
  const shown = clone(timed);
  eventsV1.view?.fromStored(shown);
  const create = (object: JsonObject): string => {
    const errors = eventsV1.strategy.validateCreate?.(object) ?? [];
    return errors.length ? summary(errors) : '';
  };
  assert.equal(create(shown), '');
  assert.equal(create({...shown, eventTime: ''}), 'eventTime: Required value');
  assert.equal(create({...shown, type: 'Odd'}), 'type: Invalid value: "": has invalid value: Odd');
  assert.equal(create({...shown, deprecatedCount: 2}), 'count: Invalid value: "": needs to be unset');
  assert.equal(create({...shown, series: {count: 1, lastObservedTime: 't'}}), 'series.count: Invalid value: "": should be at least 2');
  const changed = eventsV1.strategy.validateUpdate?.({...shown, note: 'x', series: {count: 2}}, shown);
  assert.match(summary(changed ?? []), /^\[series\.lastObservedTime: Required value, message: Invalid value: "x": field is immutable\]$/);
  const again = {series: {count: 2, lastObservedTime: '2026-01-01T00:00:05.000000Z'}};
  assert.deepEqual(eventsV1.strategy.validateUpdate?.({...shown, ...again}, shown), []);
  const other = {
    regarding: {kind: 'Pod', name: 'q', namespace: 'n'},
    reportingController: 'x.io/d',
    related: {name: 'r'},
    deprecatedCount: 1,
  };
  const kept = '"UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""';
  assert.equal(
    summary(eventsV1.strategy.validateUpdate?.({...shown, ...other}, shown) ?? []),
    `[involvedObject: Invalid value: {"Kind":"Pod","Namespace":"n","Name":"q",${kept}}: field is immutable, count: Invalid value: 1: field is immutable, related: Invalid value: {"Kind":"","Namespace":"","Name":"r",${kept}}: field is immutable, reportingController: Invalid value: "x.io/d": field is immutable]`,
  );
});

test('quantities', () => {
  const value = (text: string): number | undefined => {
    const quantity = parseQuantity(text);
    return quantity && Number(quantity.numerator) / Number(quantity.denominator);
  };
  const cases: readonly [string, number | undefined][] = [
    ['10', 10],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['-1', -1],
    ['100m', 0.1],
    ['2k', 2000],
    ['2Ki', 2048],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['1e3', 1000],
    ['5E-1', 0.5],
    ['1E', 1e18],
    ['', undefined],
    ['.', undefined],
    ['1 Gi', undefined],
    ['1x', undefined],
    ['1ki', undefined],
    [`${'1'.repeat(65)}`, undefined],
  ];
  for (const [text, expected] of cases) assert.equal(value(text), expected, text);
});

test('whole numbers are whole however they are written', () => {
  fc.assert(
    fc.property(fc.bigInt({min: 0n, max: 10n ** 15n}), n => {
      for (const text of [`${n}`, `${n}.0`, `${n}000m`, `${n}e3`, `${n}Ki`]) assert.ok(isWhole(parseQuantity(text)!), text);
      assert.ok(!isWhole(parseQuantity(`${n}.5`)!));
    }),
  );
});

test('quotas limit what there is', () => {
  const hard = (amounts: JsonObject): string => judge(resourceQuota, {spec: {hard: amounts}});
  assert.equal(hard({'count/widgets.example.com': 2, cpu: '500m', configmaps: '3', 'hugepages-2Mi': '1Gi'}), '');
  const notForQuotas = 'must be a standard resource for quota';
  assert.equal(
    hard({widgets: '1'}),
    `[spec.hard[widgets]: Invalid value: "widgets": must be a standard resource type or fully qualified, spec.hard[widgets]: Invalid value: "widgets": ${notForQuotas}]`,
  );
  assert.equal(hard({storage: '1'}), `spec.hard[storage]: Invalid value: "storage": ${notForQuotas}`);
  assert.match(
    hard({'a b': '1'}),
    /name part must consist of .*, spec\.hard\[a b\]: Invalid value: "a b": must be a standard resource for quota\]$/,
  );
  assert.equal(hard({pods: '-1'}), 'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0');
  for (const name of ['pods', 'count/pods', 'example.com/gpu'])
    assert.equal(hard({[name]: '1.5'}), `spec.hard[${name}]: Invalid value: "1500m": must be an integer`);
  for (const name of ['cpu', 'requests.example.com/gpu', 'kubernetes.io/gpu']) assert.equal(hard({[name]: '1.5'}), '');
  assert.match(hard({cpu: 'lots'}), /^spec\.hard\[cpu\]: Invalid value: "lots": quantities must match the regular expression/);
});

test('quotas keep amounts in one form', () => {
  const quota: JsonObject = {spec: {hard: {cpu: '1000m', memory: '1.5Gi', pods: 2000, secrets: null, 'requests.cpu': 0.5}}};
  assert.equal(judge(resourceQuota, quota), '');
  assert.deepEqual(quota, {spec: {hard: {cpu: '1', memory: '1536Mi', pods: '2k', secrets: '0', 'requests.cpu': '500m'}}});
});

test('scopes of quotas', () => {
  const spec = (more: JsonObject): string => judge(resourceQuota, {spec: more});
  const scoped = (scopes: string[], ...names: string[]): string => spec({scopes, hard: Object.fromEntries(names.map(name => [name, '1']))});
  assert.equal(scoped(['Terminating', 'NotBestEffort'], 'pods', 'requests.cpu', 'count/pods'), '');
  assert.equal(scoped(['VolumeAttributesClass'], 'persistentvolumeclaims', 'requests.storage'), '');
  assert.equal(scoped(['Nope'], 'secrets'), 'spec.scopes: Invalid value: ["Nope"]: unsupported scope');
  const conflict = 'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes';
  assert.equal(scoped(['BestEffort', 'NotBestEffort']), conflict);
  for (const [scope, name] of [
    ['BestEffort', 'cpu'],
    ['Terminating', 'secrets'],
    ['CrossNamespacePodAffinity', 'hugepages-2Mi'],
    ['VolumeAttributesClass', 'pods'],
  ] as const)
    assert.equal(scoped([scope], name), `spec.scopes: Invalid value: ["${scope}"]: unsupported scope applied to resource`);

  const selecting = (...matchExpressions: JsonObject[]): string => spec({scopeSelector: {matchExpressions}, hard: {pods: '1', cpu: '1'}});
  const path = 'spec.scopeSelector.matchExpressions';
  assert.equal(selecting({scopeName: 'PriorityClass', operator: 'In', values: ['high']}), '');
  assert.equal(
    selecting({scopeName: 'PriorityClass', operator: 'NotIn'}),
    `${path}.values: Required value: must be at least one value when \`operator\` is 'In' or 'NotIn' for scope selector`,
  );
  assert.equal(
    selecting({scopeName: 'PriorityClass', operator: 'DoesNotExist', values: ['a']}),
    `${path}.values: Invalid value: ["a"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
  );
  assert.equal(
    selecting({scopeName: 'Nope', operator: 'Near'}),
    `[${path}.scopeName: Invalid value: "Nope": unsupported scope, ${path}.operator: Invalid value: "Near": not a valid selector operator]`,
  );
  assert.match(
    selecting({scopeName: 'Terminating', operator: 'In', values: ['a']}),
    /^spec\.scopeSelector\.matchExpressions\.operator: Invalid value: "In": must be 'Exists' when scope is any of /,
  );
  assert.equal(
    selecting({scopeName: 'BestEffort', operator: 'Exists'}),
    `${path}: Invalid value: {"MatchExpressions":[{"ScopeName":"BestEffort","Operator":"Exists","Values":null}]}: unsupported scope applied to resource`,
  );
  assert.equal(
    selecting({scopeName: 'Terminating', operator: 'Exists'}, {scopeName: 'NotTerminating', operator: 'Exists'}),
    `${path}: Invalid value: null: conflicting scopes`,
  );
});

test('the scopes of a quota stay', () => {
  const update = resourceQuota.strategy.validateUpdate;
  assert.deepEqual(update?.({spec: {scopes: ['a', 'b']}}, {spec: {scopes: ['b', 'a']}}), []);
  assert.deepEqual(update?.({spec: {scopeSelector: {}}}, {spec: {}}), []);
  assert.equal(summary(update?.({spec: {scopes: ['a']}}, {spec: {}}) ?? []), 'spec.scopes: Invalid value: ["a"]: field is immutable');
});

test('what tables show of quotas', () => {
  const object = {metadata: {}, status: {hard: {pods: '3', 'limits.cpu': '2', cpu: '1'}, used: {pods: '1'}}};
  assert.deepEqual(
    resourceQuota.columns.map(c => c.cell(asObject(object), 0)),
    ['cpu: 0/1, pods: 1/3', 'limits.cpu: 0/2', '<unknown>'],
  );
});
