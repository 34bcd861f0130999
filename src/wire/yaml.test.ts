import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {ApiError} from '../api/errors.ts';
import type {Json} from '../api/json.ts';
import {decodeJson} from './json.ts';
import {decodeYaml, encodeYaml, yamlLimits} from './yaml.ts';

const decode = (text: string) => decodeYaml(new TextEncoder().encode(text));

test('what is written in YAML', () => {
  fc.assert(
    fc.property(fc.jsonValue({maxDepth: 3}) as fc.Arbitrary<Json>, value => {
      const plain = decodeJson(Buffer.from(JSON.stringify(value))).value;
      assert.deepEqual(decode(encodeYaml(plain)).value, plain);
    }),
  );
  assert.equal(encodeYaml({b: 'yes', a: [9007199254740993n, null]}), 'a:\n  - 9007199254740993\n  - null\nb: "yes"\n');
});

test('scalars are those of YAML 1.1', () => {
  const cases: {[text: string]: Json} = {
    yes: true,
    Off: false,
    y: 'y',
    '~': null,
    '': null,
    '"yes"': 'yes',
    '!!str 1': '1',
    '12': 12,
    '-1_000': -1000,
    '0x1F': 31,
    '0777': 511,
    '0o17': 15,
    '-0b11': -3,
    '08': 8,
    '9007199254740993': 9007199254740993n,
    '1.5': 1.5,
    '.5e1': 5,
    '1.': 1,
    '1e3': 1000,
    '1.2.3': '1.2.3',
    '2026-01-01': '2026-01-01',
    '1:30': '1:30',
    '100m': '100m',
  };
  for (const [text, value] of Object.entries(cases)) assert.deepEqual(decode(`a: ${text}`).value, {a: value}, text);
});

test('keys are strings, and may be given twice', () => {
  assert.deepEqual(decode('1: a\nyes: b\n1.5: c\n').value, {'1': 'a', true: 'b', '1.5': 'c'});
  const twice = decode('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n');
  assert.deepEqual(twice, {
    value: {a: 3, b: {c: 2}},
    duplicates: ['line 4: key "c" already set in map', 'line 5: key "a" already set in map'],
  });
  assert.deepEqual(decode('{"a": 1,\n "a": 2}').duplicates, ['line 2: key "a" already set in map']);
  assert.equal(JSON.stringify(decode('__proto__: {a: 1}').value), '{"__proto__":{"a":1}}');
});

test('js-yaml anchors, aliases and merge keys', () => {
  const {value} = decode('base: &b {x: 1, y: 2}\nsame: *b\nmore:\n  <<: *b\n  y: 3\nlist:\n  <<: [*b, {z: 4}]\n');
  assert.deepEqual(value, {base: {x: 1, y: 2}, same: {x: 1, y: 2}, more: {x: 1, y: 3}, list: {x: 1, y: 2, z: 4}});
});

test('JSON is YAML', () => {
  assert.deepEqual(decode('{"a":[1,"yes"]}'), {value: {a: [1, 'yes']}, duplicates: []});
  assert.deepEqual(decode('{a: yes}').value, {a: true});
  assert.equal(decode('').value, null);
});

test('bad documents are refused', () => {
  const bomb = Array.from({length: 20}, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join()}]`).join('\n');
  const bad = [
    'a: b: c',
    'a: [1',
    'a: *x',
    'a: &x [*x]',
    'a: .nan',
    'a: 1e999',
    '? [a]\n: b',
    'a: 1\n---\nb: 2\n',
    '<<: 1',
    '\t- a',
    `a0: &a0 x\n${bomb}`,
    '['.repeat(5000),
    `${'['.repeat(yamlLimits.depthMax + 1)}${']'.repeat(yamlLimits.depthMax + 1)}`,
  ];
  for (const text of bad)
    assert.throws(
      () => decode(text),
      (err: unknown) => err instanceof ApiError && err.code === 400,
      text.slice(0, 30),
    );
  assert.throws(() => decode(`a: ${'x'.repeat(yamlLimits.bytesMax)}`), {code: 413});
  decode(`{"a":"${'x'.repeat(yamlLimits.bytesMax)}"}`);
});
