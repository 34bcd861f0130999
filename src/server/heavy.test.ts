import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json} from '../api/json.ts';
import {isObject} from '../api/json.ts';
import {checkSize, checkWeight, Heavy, heavyLimits, isHeavy, valuesOf} from './heavy.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function count(value: Json): number {
  if (Array.isArray(value)) return 1 + value.reduce<number>((sum, each) => sum + count(each), 0);
  return isObject(value) ? 1 + Object.values(value).reduce<number>((sum, each) => sum + count(each), 0) : 1;
}

test('values of JSON are counted, whatever its texts hold', () => {
  const tricky = fc.constantFrom('"', '\\', '\\"', ',{[', '\\\\,', 'ä,', '');
  const value = fc.json({noUnicodeString: false}).map(text => JSON.parse(text) as Json);
  fc.assert(
    fc.property(value, fc.array(tricky), (inner, texts) => {
      const json: Json = [inner, ...texts, {[texts.join('')]: texts}];
      // Of a list or object with something in it, the first value needs no comma: each counts one too much, and never too little.
      const found = valuesOf(bytes(JSON.stringify(json)), 1_000_000);
      assert.ok(found >= (count(json) - 1) / 2 && found <= 2 * count(json) + 1, `${found} of ${count(json)}`);
    }),
  );
  assert.equal(valuesOf(bytes('[1,"a,b\\",[",3]'), 100), 4);
  assert.equal(valuesOf(bytes(`[${'[],'.repeat(10_000)}1]`), 100), 101);
  assert.equal(valuesOf(bytes('["never ends'), 100), 2);
});

test('what is heavy', () => {
  const list = (values: number, text: string): Uint8Array => bytes(JSON.stringify(Array.from({length: values}, () => text)));
  const {jsonValuesMax, jsonBytesMax, yamlBytesMax, protobufBytesMax} = heavyLimits;
  const cases: readonly (readonly [what: string, Uint8Array, Parameters<typeof isHeavy>[1], boolean])[] = [
    ['a text', bytes(JSON.stringify('x,'.repeat(200_000))), 'json', false],
    ['a longer text', bytes(JSON.stringify('x'.repeat(jsonBytesMax))), 'json', true],
    ['some values', list(jsonValuesMax - 2, 'abcd'), 'json', false],
    ['many values', list(jsonValuesMax + 2, 'abcd'), 'json', true],
    ['many values in little', bytes(`[${'1,'.repeat(5_000)}1]`), 'json', false],
    ['some YAML', bytes('a: 1\n'.repeat(yamlBytesMax / 5)), 'yaml', false],
    ['much YAML', bytes('a: 1\n'.repeat(yamlBytesMax / 5 + 1)), 'yaml', true],
    ['a YAML bomb', bytes('a: &a [x]\nb: [*a, *a]\n'), 'yaml', true],
    ['much protobuf', new Uint8Array(protobufBytesMax + 1), 'protobuf', true],
  ];
  for (const [what, given, form, heavy] of cases) assert.equal(isHeavy(given, form), heavy, what);
});

test('nothing is too heavy where there is no elsewhere', () => {
  const body = new Uint8Array(heavyLimits.jsonBytesMax + 1);
  checkWeight({}, body);
  checkSize({}, Number.POSITIVE_INFINITY);
  const elsewhere = {answer: async () => ({status: 200, headers: {}})};
  assert.throws(() => checkWeight({elsewhere}, body), Heavy);
  assert.throws(() => checkSize({elsewhere}, body.length), Heavy);
  checkSize({elsewhere}, 1);
});
