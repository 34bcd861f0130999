import assert from 'node:assert/strict';
import {test} from 'node:test';
import {kubernetesFunctions} from './libraries.ts';
import {compile} from './program.ts';
import type {Environment} from './scope.ts';
import {double, dyn, int, listOf, mapOf, string, timestamp} from './types.ts';
import {Double, Failure} from './values.ts';

const environment: Environment = {
  variables: new Map(
    Object.entries({
      x: int,
      s: string,
      d: double,
      t: timestamp,
      any: dyn,
      ints: listOf(int),
      doubles: listOf(double),
      labels: mapOf(string, string),
      constructor: int,
    }),
  ),
  functions: kubernetesFunctions,
};
const bindings = {
  x: 7,
  s: 'héllo',
  d: 3,
  t: '2024-02-29T12:30:45.123Z',
  any: JSON.parse('{"a": {"b": [1, 2.5, "c", null, true]}, "big": 12345, "__proto__": "own"}'),
  ints: [3, 1, 2],
  doubles: [1, 2.5],
  labels: {app: 'web', 'a/b': 'c'},
  constructor: 1,
};

function evaluate(source: string): unknown {
  const program = compile(source, environment);
  if (!program.ok) return `does not compile:\n${program.report}`;
  const outcome = program.evaluate(bindings, 1_000_000);
  return outcome.ok ? outcome.value : `fails: ${outcome.error}`;
}

/** Expressions that must be true. */
const truths: readonly string[] = String.raw`
1 + 2 * 3 == 7
(1 + 2) * 3 == 9
10 - 4 - 3 == 3
7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1
-x == -7
--x == 7
!!true
!(1 == 2)
1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3
1 != 2
0x1F == 31
-0x1F == -31
1u + 2u == 3u
9223372036854775807 - 1 == 9223372036854775806
-9223372036854775808 < 0
9007199254740993 == 9007199254740992 + 1
9007199254740991 + 1 == 9007199254740992
3037000499 * 3037000499 == 9223372030926249001
0 * -5 == 0
1.5 + 1.5 == 3.0
1e3 == 1000.0
.5 == 0.5
1 < 1.5 && 2u > 1.5 && 1 < 2u
1.0 <= 1
dyn(1) == 1.0
dyn(1u) == 1
dyn(1) in [1.0, 2.0]
dyn([1, 2]) == [1.0, 2.0]
dyn(1) != 'a'
null == null
dyn(null) != 1
"a" + 'b' == "ab"
r"\n" == "\\n"
R'a\b' == 'a\\b'
"""a"b""" == 'a"b'
'\x41\u0042\U00000043\104' == 'ABCD'
b'\xff\377' == b'\377\xff'
b'abc' == bytes('abc')
b'é' == bytes('é')
size(b'é') == 2
string(b'abc') == 'abc'
size('héllo') == 5
s.size() == 5
'😀'.size() == 1
'a' < 'b' && 'ab' > 'a'
'\uffff' < '😀'
b'a' < b'b'
false < true
'abc'.contains('bc') && 'abc'.startsWith('ab') && 'abc'.endsWith('bc')
'abc'.matches('^a.c$') && matches('xabcx', 'b')
!'abc'.matches('^b')
int('42') == 42 && int(4.9) == 4 && int(-4.9) == -4 && int(3u) == 3
uint('42') == 42u && uint(4) == 4u
double('1.5') == 1.5 && double(2) == 2.0
string(1) == '1' && string(1u) == '1' && string(1.5) == '1.5' && string(true) == 'true'
string(1e6) == '1e+06' && string(100000.0) == '100000' && string(1.5e-7) == '1.5e-07'
bool('true') && !bool('f')
type(1) == int && type('a') == string && type(1.0) == double && type(1u) == uint
type([]) == list && type({}) == map && type(null) == null_type && type(type(1)) == type
type(t) == google.protobuf.Timestamp && type(duration('1s')) == google.protobuf.Duration
type(1) != type('a')
[1, 2] + [3] == [1, 2, 3]
2 in [1, 2] && !(3 in [1, 2])
'app' in labels && !('b' in labels)
labels.app == 'web' && labels['a/b'] == 'c'
has(labels.app) && !has(labels.none)
{'a': 1}['a'] == 1 && {'a': 1}.a == 1
{1: 'x'}[1] == 'x'
{'a': 1, 'b': 2} == {'b': 2, 'a': 1}
size({'a': 1}) == 1 && {'a': 1}.size() == 1
[1, 2, 3][1] == 2
[[1], [2]][1][0] == 2
any.a.b[0] == 1 && any.a.b[1] == 2.5 && any.a.b[2] == 'c' && any.a.b[3] == null && any.a.b[4]
any.__proto__ == 'own'
!has(any.constructor) && !('toString' in any)
has(any.a.b) && !has(any.a.c)
d == 3.0 && type(d) == double && type(doubles[0]) == double
doubles.all(x, type(x) == double)
doubles.map(x, x * 2.0) == [2.0, 5.0]
ints.all(i, i > 0) && !ints.all(i, i > 1)
ints.exists(i, i == 2) && !ints.exists(i, i > 5)
ints.exists_one(i, i > 2) && !ints.exists_one(i, i > 0)
ints.map(i, i + 1) == [4, 2, 3]
ints.map(i, i > 1, i * 10) == [30, 20]
ints.filter(i, i > 1) == [3, 2]
labels.all(k, k.size() > 0)
labels.map(k, labels[k]).exists(v, v == 'web')
ints.all(i, v, i < 3 && v > 0)
ints.exists(i, v, i == 2 && v == 2)
ints.existsOne(i, v, v == 3)
ints.transformList(i, v, i + v) == [3, 2, 4]
ints.transformList(i, v, v > 1, v) == [3, 2]
labels.transformMap(k, v, v + '!') == {'app': 'web!', 'a/b': 'c!'}
labels.transformMap(k, v, v == 'c', k) == {'a/b': 'a/b'}
ints.transformMap(i, v, v)[0] == 3
labels.transformMapEntry(k, v, {v: k}) == {'web': 'app', 'c': 'a/b'}
[[1, 2], [3]].all(l, l.exists(i, i > 0))
[1, 2].map(i, [3, 4].map(j, i * j)) == [[3, 4], [6, 8]]
cel.bind(a, x + 1, a * a) == 64
cel.bind(a, 1, cel.bind(b, a + 1, a + b)) == 3
x > 5 ? true : false
true ? true : 1 / 0 == 1
false && 1 / 0 == 1 || true
true || 1 / 0 == 1
1 / 0 == 1 || true
!(1 / 0 == 1 && false)
[0, 1].exists(i, 1 / i == 1)
![0, 2].all(i, 1 / i > 0)
[true, false, true].exists(b, b)
optional.of(1).hasValue() && !optional.none().hasValue()
optional.of(1).value() == 1
optional.of(1).orValue(1 / 0) == 1
optional.none().orValue(5) == 5
optional.none().or(optional.of(3)).value() == 3
!optional.ofNonZeroValue('').hasValue() && optional.ofNonZeroValue('a').hasValue()
optional.of(2).optMap(v, v * 2).value() == 4
!optional.none().optMap(v, v).hasValue()
optional.of(2).optFlatMap(v, optional.of(v + 1)).value() == 3
labels.?app.orValue('none') == 'web' && labels.?none.orValue('none') == 'none'
labels[?'a/b'] == optional.of('c') && !labels[?'x'].hasValue()
any.?a.b[0] == optional.of(1)
!any.?none.b.c.hasValue()
[1, 2][?5] == optional.none()
[?labels.?none, ?labels.?app] == ['web']
{?'a': labels.?none, ?'b': labels.?app} == {'b': 'web'}
type(optional.none()) == optional_type
t.getFullYear() == 2024 && t.getMonth() == 1 && t.getDate() == 29 && t.getDayOfMonth() == 28
t.getDayOfWeek() == 4 && t.getDayOfYear() == 59
t.getHours() == 12 && t.getMinutes() == 30 && t.getSeconds() == 45 && t.getMilliseconds() == 123
t.getHours('+05:30') == 18 && t.getHours('-02:00') == 10
t.getHours('America/New_York') == 7 && t.getHours('Europe/Berlin') == 13
timestamp('2024-01-01T00:00:00Z') < t
t - timestamp('2024-02-29T12:30:45Z') == duration('123ms')
t + duration('1h') > t && duration('1h') + t == t + duration('60m')
string(timestamp('2024-01-01T01:00:00.5+01:00')) == '2024-01-01T00:00:00.5Z'
int(timestamp('1970-01-01T00:01:00Z')) == 60 && timestamp(60) == timestamp('1970-01-01T00:01:00Z')
timestamp('2024-01-01') == timestamp('2024-01-01T00:00:00Z')
string(duration('1h30m')) == '5400s' && string(duration('-1.5s')) == '-1.5s' && string(duration('0')) == '0s'
duration('90m').getHours() == 1 && duration('90m').getMinutes() == 90 && duration('1.5s').getMilliseconds() == 500
duration('1s') + duration('1ms') == duration('1001ms')
double('NaN') != double('NaN')
1.0 / 0.0 > 1e308
string(1.0 / 0.0) == '+Inf'
[] == []
{} == {}
[].all(y, y > 0)
[].map(y, y) == []
// a comment
1 == 1 // and another
.x == 7
[1, 2,] == [1, 2]
{'a': 1,} == {'a': 1}
any.a.b.size() == 5
any.a.b.filter(i, type(i) == int) == [1]
any.big + 1 == 12346
`
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('//'));

for (const source of truths) test(`true: ${source}`, () => assert.equal(evaluate(source), true));

/** Expressions that compile, and fail when they run. */
const failures: readonly [source: string, error: string][] = [
  ['1 / 0', 'division by zero'],
  ['1 % (x - 7)', 'modulus by zero'],
  ['9223372036854775807 + 1', 'integer overflow'],
  ['-9223372036854775808 - 1', 'integer overflow'],
  ['-(-9223372036854775808)', 'integer overflow'],
  ['-9223372036854775808 / -1', 'integer overflow'],
  ['9223372036854775807 * 2', 'integer overflow'],
  ['1u - 2u', 'unsigned integer overflow'],
  ['18446744073709551615u + 1u', 'unsigned integer overflow'],
  ['uint(-1)', 'unsigned integer overflow'],
  ['int(1e19)', 'integer overflow'],
  ["int('abc')", 'strconv.ParseInt: parsing "abc": invalid syntax'],
  ["labels['none']", 'no such key: none'],
  ['labels.none', 'no such key: none'],
  ['any.none', 'no such key: none'],
  ['any.constructor', 'no such key: constructor'],
  ["any['toString']", 'no such key: toString'],
  ['any.a.b.c', "unsupported index type 'string' in list"],
  ['[1, 2][5]', 'index out of bounds: 5'],
  ['[1, 2][-1]', 'index out of bounds: -1'],
  ['any + 1', 'no such overload'],
  ['any && true', 'no such overload'],
  ['any ? 1 : 2', 'no such overload'],
  ['1 / 0 == 1 && true', 'division by zero'],
  ['[0].all(i, 1 / i == 1)', 'division by zero'],
  ['optional.none().value()', 'optional.none() dereference'],
  ["{'a': 1, 'a': 2}", 'Failed with repeated key: a'],
  ['{1.0: 1}', 'unsupported key type: double'],
  ["timestamp('2024-02-30' + 'T00:00:00Z')", 'cannot parse "2024-02-30T00:00:00Z" as a timestamp'],
  ["timestamp('9999-12-31T23:59:59Z') + duration('1s')", 'timestamp overflow'],
  ["duration('1' + 'x')", 'time: invalid duration "1x"'],
  ["t.getHours('Nowhere/None')", 'unknown time zone Nowhere/None'],
  ["'a'.matches('(' + '')", 'error parsing regexp: missing closing ): `(`'],
  ["string(b'\\xff')", 'invalid UTF-8 in bytes, cannot convert to string'],
  ['any.big.map(i, i)', "got 'int', expected iterable type"],
];
for (const [source, error] of failures) test(`fails: ${source}`, () => assert.equal(evaluate(source), `fails: ${error}`));

/** Expressions that do not compile. */
const malformed: readonly [source: string, line: number, column: number, message: string][] = [
  [
    '',
    1,
    1,
    "Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
  ],
  [
    '1 +',
    1,
    4,
    "Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
  ],
  ['1 1', 1, 3, "Syntax error: extraneous input '1' expecting <EOF>"],
  ['(1', 1, 3, "Syntax error: mismatched input '<EOF>' expecting ')'"],
  ['a # b', 1, 3, "Syntax error: token recognition error at: '#'"],
  ["'abc", 1, 1, "Syntax error: token recognition error at: ''abc'"],
  ['for', 1, 1, 'reserved identifier: for'],
  ['9223372036854775808', 1, 1, 'invalid int literal'],
  ['18446744073709551616u', 1, 1, 'invalid uint literal'],
  ["'\\q'", 1, 1, 'Syntax error: invalid escape sequence'],
  ['has(x)', 1, 5, 'invalid argument to has() macro'],
  ['ints.all(1, true)', 1, 10, 'argument must be a simple name'],
  ['y', 1, 1, "undeclared reference to 'y' (in container '')"],
  ['x +\n y', 2, 2, "undeclared reference to 'y' (in container '')"],
  ['f(x)', 1, 2, "undeclared reference to 'f' (in container '')"],
  ["1 + 'a'", 1, 3, "found no matching overload for '_+_' applied to '(int, string)'"],
  ['1 == 1.0', 1, 3, "found no matching overload for '_==_' applied to '(int, double)'"],
  ['size(1)', 1, 5, "found no matching overload for 'size' applied to '(int)'"],
  ['s.startsWith(1)', 1, 13, "found no matching overload for 'startsWith' applied to 'string.(int)'"],
  ['x.y', 1, 2, "type 'int' does not support field selection"],
  ["[1, 'a']", 1, 5, "expected type 'int' but found 'string'"],
  ['x.all(y, true)', 1, 1, "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"],
  ['Foo{a: 1}', 1, 4, "undeclared reference to 'Foo' (in container '')"],
  ["s.matches('(')", 1, 11, 'invalid matches argument'],
  ["duration('1x')", 1, 10, 'invalid duration argument'],
  ["timestamp('2024-02-30T00:00:00Z')", 1, 11, 'invalid timestamp argument'],
  ['!x', 1, 1, "found no matching overload for '!_' applied to '(int)'"],
  ['true ? 1 : s', 1, 6, "found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
];
for (const [source, line, column, message] of malformed) {
  test(`malformed: ${source}`, () => {
    const compiled = compile(source, environment);
    assert.ok(!compiled.ok, 'compiles');
    assert.equal(compiled.report.split('\n', 1)[0], `ERROR: <input>:${line}:${column}: ${message}`);
  });
}

test('a report shows the line and the place', () => {
  const compiled = compile("x == 1 &&\n\ts == 'é' + y", environment);
  assert.ok(!compiled.ok);
  assert.equal(compiled.report, "ERROR: <input>:2:13: undeclared reference to 'y' (in container '')\n |  s == 'é' + y\n | .......．....^");
});

test('values come out as they are', () => {
  assert.deepEqual(evaluate('1.5'), new Double(1.5));
  assert.deepEqual(evaluate('any.a.b'), [1, 2.5, 'c', null, true]);
  assert.equal(evaluate('9223372036854775807'), 9223372036854775807n);
  assert.ok(new Failure('x').message);
});
