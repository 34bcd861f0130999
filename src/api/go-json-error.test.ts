import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {goJsonError} from './go-json-error.ts';

test('what Go says of texts that are no JSON', () => {
  const cases: {readonly [text: string]: string} = {
    '': 'unexpected end of JSON input',
    ' {': 'unexpected end of JSON input',
    '{"a"': 'unexpected end of JSON input',
    'not json': "invalid character 'o' in literal null (expecting 'u')",
    x: "invalid character 'x' looking for beginning of value",
    '{"a":}': "invalid character '}' looking for beginning of value",
    '{"a":1} x': "invalid character 'x' after top-level value",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1 "b"}': `invalid character '"' after object key:value pair`,
    '{a:1}': "invalid character 'a' looking for beginning of object key string",
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    '[1 2]': "invalid character '2' after array element",
    '[1,]': "invalid character ']' looking for beginning of value",
    "'a'": "invalid character '\\'' looking for beginning of value",
    '"a\nb"': "invalid character '\\n' in string literal",
    '"\\x"': "invalid character 'x' in string escape code",
    '"\\u12g"': "invalid character 'g' in \\u hexadecimal character escape",
    '-a': "invalid character 'a' in numeric literal",
    '1.x': "invalid character 'x' after decimal point in numeric literal",
    '1ex': "invalid character 'x' in exponent of numeric literal",
    '01': "invalid character '1' after top-level value",
  };
  for (const [text, error] of Object.entries(cases)) assert.equal(goJsonError(text), error, text);
});

test('what JavaScript takes for JSON Go does too, and nothing else', () => {
  const pieces = fc.array(
    fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '-0.5e+3', 'true', 'null', ' ', '"\\u00e9"', 'x', '.'),
    {maxLength: 9},
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        pieces.map(all => all.join('')),
      ),
      text => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        assert.equal(goJsonError(text) === undefined, valid, text);
      },
    ),
    {numRuns: 500},
  );
});

test('a text of any depth', () => {
  assert.equal(goJsonError('['.repeat(200_000)), 'unexpected end of JSON input');
  assert.equal(goJsonError(`${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`), undefined);
});
