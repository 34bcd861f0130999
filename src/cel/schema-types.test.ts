import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json} from '../api/json.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {kubernetesFunctions} from './libraries.ts';
import {compile} from './program.ts';
import {escapeField, typeOfSchema} from './schema-types.ts';
import {showType} from './types.ts';

const text: JsonSchema = {type: 'string'};
const schema: JsonSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        replicas: {type: 'integer'},
        ratio: {type: 'number'},
        port: {'x-kubernetes-int-or-string': true},
        when: {type: 'string', format: 'date-time'},
        day: {type: 'string', format: 'date'},
        period: {type: 'string', format: 'duration'},
        data: {type: 'string', format: 'byte'},
        labels: {type: 'object', additionalProperties: text},
        items: {type: 'array', items: {type: 'object', properties: {name: text, weight: {type: 'number'}}}},
        note: {type: 'string', nullable: true},
        maybe: {type: 'object', nullable: true, properties: {a: text}},
        namespace: text,
        'a-b/c.d__e': text,
        '1st': text,
        free: {'x-kubernetes-preserve-unknown-fields': true},
        open: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true},
        template: {type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true},
        times: {type: 'array', items: {type: 'string', format: 'date-time'}},
      },
    },
  },
};
const self: Json = {
  apiVersion: 'v1',
  kind: 'K',
  metadata: {name: 'web', labels: {a: 'b'}},
  spec: {
    replicas: 3,
    ratio: 2,
    port: 'http',
    when: '2024-01-01T00:00:00Z',
    day: '2024-01-01',
    period: '1h',
    data: 'aGk=',
    labels: {a: 'b'},
    items: [{name: 'x', weight: 1}, {name: 'y'}],
    note: null,
    maybe: null,
    namespace: 'ns',
    'a-b/c.d__e': 'odd',
    template: {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'p'}},
    times: ['2024-01-01T00:00:00Z'],
  },
};
const environment = {variables: new Map([['self', typeOfSchema(schema, {name: 'object', root: true})!]]), functions: kubernetesFunctions};

const truths = [
  "self.metadata.name == 'web' && self.kind == 'K' && self.apiVersion == 'v1'",
  'self.spec.replicas + 1 == 4',
  'self.spec.ratio / 4.0 == 0.5',
  "self.spec.port == 'http' || self.spec.port == 80",
  "self.spec.when == timestamp('2024-01-01T00:00:00Z') && self.spec.day == self.spec.when",
  'self.spec.when.getFullYear() == 2024',
  "self.spec.period == duration('60m')",
  "self.spec.data == b'hi'",
  "self.spec.labels.a == 'b' && self.spec.labels['a'] == 'b'",
  "self.spec.items.all(i, i.name != '')",
  'self.spec.items.exists(i, has(i.weight) && i.weight == 1.0 && type(i.weight) == double)',
  'self.spec.items.map(i, i.?weight.orValue(0.5)) == [1.0, 0.5]',
  '!has(self.spec.note) && !has(self.spec.maybe)',
  "self.spec.__namespace__ == 'ns'",
  "self.spec.a__dash__b__slash__c__dot__d__underscores__e == 'odd'",
  "self.spec.template.metadata.name == 'p' && self.spec.template.kind == 'Pod'",
  "self.spec.times[0] < timestamp('2025-01-01T00:00:00Z')",
  '!has(self.metadata.generateName)',
];
for (const source of truths) {
  test(`over a schema: ${source}`, () => {
    const program = compile(source, environment);
    assert.ok(program.ok, program.ok ? '' : program.report);
    const outcome = program.evaluate({self}, 10_000);
    assert.ok(outcome.ok, outcome.ok ? '' : outcome.error);
    assert.equal(outcome.value, true);
  });
}

const malformed: readonly [source: string, message: string][] = [
  ['self.spec.none', "undefined field 'none'"],
  ['self.metadata.labels', "undefined field 'labels'"],
  ['self.spec.free', "undefined field 'free'"],
  ['self.spec.open.x', "undefined field 'x'"],
  ['has(self.spec.none)', "undefined field 'none'"],
  ['self.spec.replicas == "a"', "found no matching overload for '_==_' applied to '(int, string)'"],
  ['self.spec.note == null', "found no matching overload for '_==_' applied to '(string, null)'"],
  ['self.spec.replicas == null', "found no matching overload for '_==_' applied to '(int, null)'"],
  ['self.spec.labels.a > 1', "found no matching overload for '_>_' applied to '(string, int)'"],
];
for (const [source, message] of malformed) {
  test(`not over a schema: ${source}`, () => {
    const compiled = compile(source, environment);
    assert.ok(!compiled.ok);
    assert.equal(compiled.issues[0]!.message, message);
  });
}

test('names of fields are escaped', () => {
  const cases: readonly [string, string | undefined][] = [
    ['a', 'a'],
    ['in', '__in__'],
    ['int', 'int'],
    ['a__b', 'a__underscores__b'],
    ['a.b-c/d', 'a__dot__b__dash__c__slash__d'],
    ['1a', undefined],
    ['a b', undefined],
    ['', undefined],
    ['__proto__', '__underscores__proto__underscores__'],
  ];
  for (const [key, escaped] of cases) assert.equal(escapeField(key), escaped, key);
});

test('types are shown as errors show them', () => {
  const shown = showType(typeOfSchema({type: 'array', items: {type: 'object', additionalProperties: text}}, {name: 'x', root: false})!);
  assert.equal(shown, 'list(map(string, string))');
});
