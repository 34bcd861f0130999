import assert from 'node:assert/strict';
import {test} from 'node:test';
import {linearRegex, patternCharsMax} from './regex.ts';

const cases: readonly [pattern: string, matching: string[], other: string[]][] = [
  ['b', ['abc', 'b'], ['ac', '']],
  ['^[a-z]+$', ['abc'], ['aBc', '', 'abc\n']],
  ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', ['a', 'a-b'], ['-a', 'a-']],
  ['^a.c$', ['abc', 'a😀c', 'a\rc'], ['a\nc']],
  ['(?i)^abc$', ['ABC'], ['abd']],
  ['^\\s$', [' ', '\t'], ['\u00a0', '\v']],
  ['^\\d{2}$', ['12'], ['1', '٣٣']],
  ['^\\pL+$', ['é'], ['1']],
  ['^[^/]$', ['😀'], ['/']],
  ['^(a|b)*$', ['abab', ''], ['c']],
  ['^[a-]{2}$', ['a-'], ['ab']],
];

for (const [pattern, matching, other] of cases) {
  test(`pattern ${pattern}`, () => {
    for (const text of matching) assert.ok(linearRegex(pattern).test(text), JSON.stringify(text));
    for (const text of other) assert.ok(!linearRegex(pattern).test(text), JSON.stringify(text));
  });
}

const found: readonly [pattern: string, text: string, matches: string[]][] = [
  ['a+', 'baaaca', ['aaa', 'a']],
  ['a*', 'baaac', ['', 'aaa', '']],
  ['^[a-z]+', 'abc1def', ['abc']],
  ['^x', 'abc', []],
  ['.', '😀b', ['😀', 'b']],
];

for (const [pattern, text, matches] of found) {
  test(`found by ${pattern}`, () => {
    assert.deepEqual(linearRegex(pattern).findAll(text, Number.POSITIVE_INFINITY), matches);
    assert.deepEqual(linearRegex(pattern).findAll(text, 1), matches.slice(0, 1));
  });
}

test('what takes too long to find is not found', () => {
  assert.equal(linearRegex('a.*b|a').findAll('a'.repeat(50_000), Number.POSITIVE_INFINITY), undefined);
});

const wrong: readonly [pattern: string, message: string][] = [
  ['(a', 'error parsing regexp: missing closing ): `(a`'],
  ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
  ['^[z-a]$', 'error parsing regexp: invalid character class range: `z-a`'],
  ['\\Z', 'error parsing regexp: invalid escape sequence: `\\Z`'],
  ['((a{100}){10}){10}', 'error parsing regexp: invalid repeat count: `{10}`'],
  ['(a{1000}){1}'.repeat(20), 'error parsing regexp: expression is larger than 10000 instructions'],
  ['a'.repeat(patternCharsMax + 1), `error parsing regexp: expression is longer than ${patternCharsMax} characters`],
];

for (const [pattern, message] of wrong) {
  test(`no pattern: ${pattern.slice(0, 20)}`, () => assert.throws(() => linearRegex(pattern), {name: 'SyntaxError', message}));
}

test('js-redos a large pattern on a large text counts as not matching, in no time', () => {
  const started = performance.now();
  assert.ok(linearRegex('^(a|b)*a(a|b){900}$').test(`${'ab'.repeat(1000)}a`));
  assert.ok(!linearRegex('^(a|b)*a(a|b){900}$').test('ab'.repeat(100_000)));
  assert.ok(performance.now() - started < 20_000);
});

test('js-redos patterns that blow up elsewhere do not here', () => {
  const text = `${'a'.repeat(50_000)}!`;
  for (const pattern of ['^(a+)+$', '^(a|a)*$', '^a*a*a*a*$', 'a+$', '^a{1,999}b$', '(x+x+)+y'])
    assert.ok(!linearRegex(pattern).test(text));
});
