import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from './json.ts';
import {equal, stringify} from './json.ts';
import {hasEscapedKey, parse} from './parse-json.ts';

test('keys that are written with escapes are not taken for those of others', () => {
  // What each of these leaves behind in the engine is what the others must not be mistaken for.
  const keys = ['\\', '\n', 'é', '"', '\\\\', 'a\\', 'a\n', 'a"', '\\n', '\u2028', '\ud800', 'a', ''];
  for (const [i, first] of keys.entries())
    for (const [j, second] of keys.entries())
      for (const [k, write] of [stringify, escaped].entries()) {
        // The engine expects what followed in the last object that began in this way, and in no other.
        const begin = {[`begin-${i}-${j}-${k}`]: 0};
        parse(write({...begin, [first]: 1}));
        const found = parse(write({...begin, [second]: 1})) as JsonObject;
        assert.deepEqual(Object.keys(found), [...Object.keys(begin), second], `${write(second)} after ${write(first)}`);
      }
});

/** JSON of ASCII alone, as Python writes it. */
const escaped = (value: Json): string =>
  stringify(value).replace(/[^\x20-\x7e]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

const name = fc.oneof(
  fc.string({unit: fc.constantFrom('\\', '"', '\n', 'n', 'u', 'é', 'a', ':', ' '), maxLength: 4}),
  fc.constantFrom('a', 'b'),
);
const {value} = fc.letrec<{value: Json}>(tie => ({
  value: fc.oneof(
    {depthSize: 'small'},
    fc.string({unit: fc.constantFrom('\\', '"', ':', ' ', '{', ',', 'x')}),
    fc.integer(),
    fc.constant(null),
    fc.bigInt({min: 2n ** 53n, max: 2n ** 63n - 1n}),
    fc.array(tie('value'), {maxLength: 3}),
    fc.dictionary(name, tie('value'), {maxKeys: 4, noNullPrototype: true}),
  ),
}));

test('whatever was written is read again', () => {
  fc.assert(
    fc.property(value, fc.boolean(), (json, spaced) => {
      assert.ok(equal(parse(stringify(json, spaced ? 1 : undefined)), json), stringify(json));
      assert.ok(equal(parse(escaped(json)), json), stringify(json));
    }),
    {numRuns: 2_000},
  );
});

test('an escape in a key is found, and one in a value is none', () => {
  for (const [text, found] of [
    ['{"a":"\\"b\\":1"}', false],
    ['{"a":"x\\\\"}', false],
    ['["\\\\", "\\"" ]', false],
    ['"\\u00e9"', false],
    ['{"\\u0061":1}', true],
    ['{"a":"\\\\","b\\\\" \n: 1}', true],
    ['{"a":{"b":[{"c\\"d":1}]}}', true],
  ] as const)
    assert.equal(hasEscapedKey(text), found, text);
});

test('what is no JSON is a SyntaxError, and no search without end', () => {
  for (const text of ['', '{', '"\\', '{"\\', '{"a\\":1}']) assert.throws(() => parse(text), SyntaxError);
  for (const text of ['"\\', '"\\"', '\\', '{"a\\']) assert.equal(hasEscapedKey(text), false);
});
