import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {kubernetesFunctions} from './libraries.ts';
import type {Outcome} from './program.ts';
import {callBudget, compile} from './program.ts';
import type {Environment} from './scope.ts';
import {dyn, listOf, string} from './types.ts';

const environment: Environment = {
  variables: new Map(Object.entries({self: dyn, names: listOf(string)})),
  functions: kubernetesFunctions,
};

function run(source: string, self: never | object | string = {}, names: string[] = ['ab', 'cd'], budget = callBudget): Outcome {
  const program = compile(source, environment);
  assert.ok(program.ok, program.ok ? '' : program.report);
  return program.evaluate({self: self as never, names}, budget);
}

/** What evaluations cost, by the rules of cel-go as Kubernetes uses it. */
const costs: readonly [source: string, cost: number][] = [
  ['true', 0],
  ['1 + 1 == 2', 2],
  ['self == null', 2],
  ['names', 1],
  ['names[0]', 2],
  ['self.a.b', 3],
  ['has(self.a.c)', 2],
  ['has(self.a) && self.a.b == 1', 5],
  ['true ? self : names', 1],
  ['[1, 2]', 0],
  ["{'a': 1}", 0],
  ['[1, self]', 11],
  ["{'a': self}", 31],
  ['[1, 2][0]', 2],
  ["names[0].contains('a')", 3],
  ["names[0].startsWith('a')", 3],
  ["'abcdefghijklmnop'.matches('^abcdefgh$')", 6],
  ["'abcdefghijk' + 'a' == 'x'", 3],
  ['size(names) > 0', 3],
  ["'x' in names", 3],
  ['!true', 1],
  ['names.all(n, true)', 8],
  ['names.exists(n, true)', 9],
  ['names.map(n, n)', 28],
  ['cel.bind(a, 1, a + a)', 3],
];
for (const [source, cost] of costs) test(`cost of ${source}`, () => assert.equal(run(source, {a: {b: 1}}).cost, cost));

test('js-cel an evaluation ends with its budget, whatever else would come of it', () => {
  const names = Array.from({length: 1000}, () => 'x');
  const outcome = run('names.all(a, names.all(b, names.all(c, true))) || true', {}, names);
  assert.ok(!outcome.ok && outcome.exhausted);
  assert.equal(outcome.error, 'operation cancelled: actual cost limit exceeded');
  assert.ok(outcome.cost > callBudget && outcome.cost < callBudget + 1000);
});

const big = Array.from({length: 20_000}, (_, i) => ({name: `n${i}`, value: i}));
const costly: readonly string[] = [
  'self.all(a, self == self.map(x, x))',
  'self.all(a, self.map(x, x) == self.map(x, x))',
  'self.all(a, size(self[0]) + size(self.map(x, x)) > 0)',
  'self.map(a, self.map(b, self.map(c, [a, b, c]))).size() > 0',
  `cel.bind(a, self + self, ${'a + a + '.repeat(150)}a).size() > 0`,
  "self.all(a, 'x' in self)",
  "self.all(a, ('a' + string(a.value)).matches('(a|b{' + string(a.value % 900) + '}c|d)+$') || true)",
  "self.all(a, self[0].name.matches('((a|b){30}){30}$') || true)",
  "cel.bind(s, self.map(a, a.name + 'xxxxxxxxxxxxxxxxxxxxxx').join(), self.all(a, s.charAt(1) != '' && s.reverse() != ''))",
  "cel.bind(s, self.map(a, a.name + 'xxxxxxxxxxxxxxxxxxxxxx').join(), self.all(a, {s: a}[s] == a && s + 'a' < s + 'b'))",
  "cel.bind(s, self.map(a, a.name).join(), self.all(a, int(s) > 0 || true) && self.all(a, duration(s) > duration('1s') || true))",
  "self.all(a, timestamp(a.value).getHours(a.value % 2 == 0 ? 'Asia/Tokyo' : 'X' + a.name) > 0 || true)",
  'self.exists(a, [1].all(b, self + self == []))',
];
for (const source of costly) {
  test(`js-cel does not hold the event loop: ${source.slice(0, 60)}`, () => {
    const started = performance.now();
    run(source, big);
    assert.ok(performance.now() - started < 3000);
  });
}

test('strings do not grow without end', () => {
  const doubling = `${Array.from({length: 60}, (_, i) => `cel.bind(a${i + 1}, a${i} + a${i}, `).join('')}size(a60)${')'.repeat(60)}`;
  const outcome = run(`cel.bind(a0, 'aaaaaaaa', ${doubling})`);
  assert.ok(!outcome.ok);
});

/** What no recursion and no type must follow to its end. */
const deep: readonly [what: string, source: string][] = [
  ['parentheses', `${'('.repeat(50_000)}1${')'.repeat(50_000)}`],
  ['lists', `${'['.repeat(40_000)}${']'.repeat(40_000)}`],
  ['maps', '{1:'.repeat(30_000)],
  ['selects', `self${'.a'.repeat(49_000)}`],
  ['calls', `self${'.size()'.repeat(14_000)}`],
  ['sums', `1${'+1'.repeat(49_000)}`],
  ['branches', `${'true ? 1 : '.repeat(9000)}1`],
  ['macros', `${'names.all(n, '.repeat(7000)}true${')'.repeat(7000)}`],
  ['bindings', `${'cel.bind(a, 1, '.repeat(6000)}a${')'.repeat(6000)}`],
  ['optional maps', `optional.of(1)${'.optMap(v, v)'.repeat(7000)}`],
  ['length', `'${'a'.repeat(100_000)}'`],
];
for (const [what, source] of deep) {
  test(`too much of ${what} is an issue`, () => {
    const started = performance.now();
    const compiled = compile(source, environment);
    assert.ok(!compiled.ok);
    assert.match(compiled.issues[0]!.message, /limit/);
    assert.ok(performance.now() - started < 5000);
  });
}

const fine: readonly [what: string, source: string][] = [
  ['disjunctions', `${'names[0] == "x" || '.repeat(4000)}true`],
  ['nots', `${'!'.repeat(90_000)}true`],
  ['height', `1${'+1'.repeat(380)} > 0`],
  ['parentheses', `${'('.repeat(240)}1${')'.repeat(240)} == 1`],
  ['optional maps', `optional.of(1)${'.optMap(v, v)'.repeat(60)}.value() == 1`],
  ['items', `[${'1, '.repeat(30_000)}].size() > 1`],
  ['types that double', `${Array.from({length: 60}, (_, i) => `cel.bind(a${i + 1}, {a${i}: a${i}}, `).join('')}true${')'.repeat(60)}`],
];
for (const [what, source] of fine) {
  test(`much of ${what} is none`, () => {
    const started = performance.now();
    const compiled = compile(what === 'types that double' ? `cel.bind(a0, 1, ${source})` : source, environment);
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.report);
    const outcome = compiled.evaluate({self: {}, names: ['x']}, callBudget);
    if (what !== 'types that double') assert.ok(outcome.ok && outcome.value === true, JSON.stringify(outcome));
    assert.ok(performance.now() - started < 5000);
  });
}

test('any text compiles, or has issues with places', () => {
  const part = fc.constantFrom(
    ...'self names . ? [ ] ( ) { } : , + - * / % < <= == != && || ! in has all map filter size 1 2.5 3u "a" b"x" true null n optional of x'.split(
      ' ',
    ),
    '.all(n, ',
    '.map(n, ',
    '.?',
    '[?',
    'cel.bind(x, ',
    '.optMap(x, ',
  );
  fc.assert(
    fc.property(fc.array(part, {maxLength: 14}), fc.constantFrom('', ' '), (parts, space) => {
      const source = parts.join(space);
      const compiled = compile(source, environment);
      if (compiled.ok) compiled.evaluate({self: {a: 1, b: [1.5]}, names: ['n']}, 10_000);
      else for (const {at} of compiled.issues) assert.ok(at >= 0 && at <= source.length);
    }),
    {numRuns: 3000},
  );
});
