import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {inspect} from '../program.ts';
import {environmentOf} from '../rules/rule-program.ts';
import {estimateCost} from './estimate.ts';

function costOf(schema: JsonSchema, rule: string): number {
  const environment = environmentOf(schema, {name: 'object', root: false, known: new Map()}, false);
  assert.ok(environment);
  const found = inspect(rule, environment);
  assert.ok(found.ok, found.ok ? '' : found.report);
  return estimateCost(found.expr, found.checked, {schema, resource: false});
}

type Shape = (max?: number) => JsonSchema;
const scalar = (type: string): JsonSchema => {
  if (type === 'int-or-string') return {'x-kubernetes-int-or-string': true};
  return ['duration', 'date', 'date-time', 'byte'].includes(type) ? {type: 'string', format: type} : {type: type as 'string'};
};
const list =
  (items: JsonSchema): Shape =>
  maxItems => ({type: 'array', items, ...(maxItems !== undefined && {maxItems})});
const map =
  (values: JsonSchema): Shape =>
  maxProperties => ({type: 'object', additionalProperties: values, ...(maxProperties !== undefined && {maxProperties})});
const text: Shape = maxLength => ({type: 'string', ...(maxLength !== undefined && {maxLength})});
const data: Shape = maxLength => ({type: 'string', format: 'byte', ...(maxLength !== undefined && {maxLength})});
const whole = {type: 'object', required: ['required'], properties: {required: {type: 'string'}, optional: {type: 'string'}}} as const;
const texts: Shape = max => ({...map(text(max))(max)});
const textList: Shape = max => ({...list(text(max))(max)});

/** Numbers that Kubernetes holds stable: the cost without a limit on sizes, and with one. */
const costs: readonly [shape: Shape, rule: string, unbounded: number, max: number, bounded: number][] = [
  [list(scalar('number')), 'self.all(x, true)', 4718591, 10, 32],
  [list(scalar('string')), 'self.all(x, true)', 3145727, 20, 62],
  [list(scalar('boolean')), 'self.all(x, true)', 1887437, 5, 17],
  [list(list(scalar('number'))()), 'self.all(x, true)', 3145727, 100, 302],
  [map(scalar('number')), 'self.all(x, true)', 1348169, 10, 32],
  [map(scalar('string')), 'self.all(x, true)', 1179647, 3, 11],
  [map(scalar('boolean')), 'self.all(x, true)', 943718, 100, 302],
  [text, 'self.contains("test")', 314574, 10, 5],
  [text, 'self.startsWith("test")', 2, 15, 2],
  [text, 'size(self + "hello") > size("hello")', 314578, 4, 7],
  [list(scalar('number')), 'self[1] == 0.0', 2, 5000, 2],
  [list(scalar('number')), 'self.all(x, self.all(y, true))', Number.NaN, 10, 352],
  [list(scalar('number')), 'self.all(x, self.all(y, self.all(z, true)))', Number.NaN, 10, 3552],
  [text, 'self.matches("x")', 314574, 50, 22],
  [text, '"".matches("(((((((((())))))))))[0-9]")', 7, 10, 7],
  [text, 'self.matches("")', 1, 100, 1],
  [texts, 'self.all(x, x.contains(self[x]))', 2752507, 10, 72],
  [list(scalar('number')), 'self[3] == 0.0', 2, 0, 2],
  [map(scalar('number')), 'self["x"] == 0.0', 2, 0, 2],
  [text, 'self == "x"', 2, 0, 1],
  [data, 'self == b"x"', 2, 0, 1],
  [list(scalar('number')), 'self.all(x, x == 0.0)', 6291454, 3 * 1024 * 2048, 25165826],
  [max => list(map(whole)(max))(), 'self.all(x, x["y"].required == "z")', 7340027, 10, 7340027],
  [list(scalar('int-or-string')), 'self.all(x, true)', 4718591, 10, 32],
  [list(scalar('int-or-string')), 'self[0] == 5', 3, 10, 3],
  [list(scalar('boolean')), 'self[0] == false', 2, 25, 2],
  [list(list(scalar('number'))()), 'self[0][0] == -1.0', 3, 51, 3],
  [list(map(scalar('number'))()), 'self.all(x, x.y == 25.2)', 6291452, 12, 74],
  [list(map(scalar('number'))()), 'self[0].x > 2.0', 4, 3000, 4],
  [list(scalar('duration')), 'self.all(x, true)', 2359295, 5, 17],
  [list(scalar('duration')), 'self[0].getHours() == 2', 4, 525, 4],
  [list(scalar('date')), 'self.all(x, true)', 725936, 15, 47],
  [list(scalar('date-time')), 'self.all(x, true)', 428963, 25, 77],
  [list(scalar('date-time')), 'self[2].getMinutes() == 45', 4, 99, 4],
  [map(scalar('int-or-string')), 'self.all(x, true)', 1348169, 15, 47],
  [map(whole), 'self.all(x, true)', 428963, 20, 62],
  [map(map(scalar('number'))()), 'self.all(x, true)', 1179647, 10, 32],
  [map(scalar('duration')), 'self.all(x, true)', 1048577, 5, 17],
  [map(scalar('date')), 'self.all(x, true)', 524288, 10, 32],
  [map(scalar('date-time')), 'self.all(x, true)', 349526, 25, 77],
  [text, "self.find('[0-9]+') == ''", 629147, 10, 11],
  [textList, "self.join(' ') == 'aa bb'", 329853068905, 10, 43],
  [textList, 'self.isSorted() == true', 329854432052, 10, 52],
  [text, 'self.lowerAscii() == "abc"', 314575, 10, 6],
  [map(scalar('integer')), 'oldSelf.size() == self.size()', 5, 10, 5],
  [map(scalar('date-time')), 'self["a"] == self["b"]', 8, 7, 8],
];
for (const [shape, rule, unbounded, max, bounded] of costs) {
  test(`estimate: ${rule} over ${JSON.stringify(shape()).slice(0, 60)}`, () => {
    if (!Number.isNaN(unbounded)) assert.equal(costOf(shape(), rule), unbounded);
    assert.equal(costOf(shape(max), rule), bounded);
  });
}

test('estimate: an enumeration bounds the length of a string', () => {
  const schema: JsonSchema = {type: 'string', enum: ['A', 'B', 'C', 'LongValue']};
  assert.equal(costOf(schema, "self.contains('A')"), 2);
  assert.equal(costOf({...schema, maxLength: 1000}, "self.contains('A')"), 401);
});

/** A field of every sort; sizes are bounded but for `u` and `lu`. */
const everything = {
  type: 'object',
  required: ['s'],
  properties: {
    s: {type: 'string', maxLength: 20},
    u: {type: 'string'},
    i: {type: 'integer'},
    d: {type: 'number'},
    b: {type: 'boolean'},
    by: {type: 'string', format: 'byte', maxLength: 10},
    t: {type: 'string', format: 'date-time'},
    du: {type: 'string', format: 'duration'},
    x: {'x-kubernetes-int-or-string': true},
    e: {type: 'string', enum: ['aa', 'bbb']},
    l: {type: 'array', maxItems: 10, items: {type: 'string', maxLength: 5}},
    li: {type: 'array', maxItems: 10, items: {type: 'integer'}},
    lu: {type: 'array', items: {type: 'string'}},
    ll: {type: 'array', maxItems: 4, items: {type: 'array', maxItems: 3, items: {type: 'string', maxLength: 2}}},
    m: {type: 'object', maxProperties: 10, additionalProperties: {type: 'string', maxLength: 7}},
    mm: {type: 'object', maxProperties: 3, additionalProperties: {type: 'array', maxItems: 6, items: {type: 'integer'}}},
    o: {type: 'object', properties: {n: {type: 'string', maxLength: 9}, 'a-b': {type: 'string', maxLength: 3}, in: {type: 'integer'}}},
    lo: {
      type: 'array',
      maxItems: 8,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: {type: 'object', required: ['k'], properties: {k: {type: 'string', maxLength: 6}, v: {type: 'integer'}}},
    },
    se: {type: 'array', maxItems: 8, 'x-kubernetes-list-type': 'set', items: {type: 'string', maxLength: 6}},
  },
} as const satisfies JsonSchema;

/** What Kubernetes 1.36 made of these. */
const estimates: readonly [rule: string, cost: number][] = [
  ["self.s == 'a' && self.u == self.s", 15],
  ['self.i > 3 || self.d < 2.0', 6],
  ['self.x == 3 || self.x == "a"', 6],
  ['type(self.x) == int ? self.x > 3 : self.x.endsWith("%")', 7],
  ['self.l.all(a, self.l.all(b, a != b))', 763],
  ["self.l.exists_one(a, a == 'x')", 44],
  ["self.l.map(a, a + 'x').exists(b, b == 'yx')", 224],
  ["self.l.filter(a, a.startsWith('x')).size() < 3", 165],
  ["self.l.map(a, a.size() > 2, a).all(q, q.contains('x'))", 214],
  ["self.l.join(',').size() < 30", 25],
  ["self.l.isSorted() && self.li.sum() < 4 && self.li.max() > 0 && self.l.min() == 'a'", 91],
  ["self.l.indexOf('a') == 1 && self.l.lastIndexOf('b') == 2", 66],
  ["self.s.indexOf('a') == 1 && self.s.lastIndexOf('a', 2) == 1", 22],
  ["self.s.replace('a', 'bb') == 'x' && self.s.replace('a', '', 2).size() > 2", 39],
  ["self.s.split(',').all(p, p.size() > 0)", 499],
  ["self.s.split(',', 3).size() == 2", 20],
  ["self.s.trim().lowerAscii().upperAscii().substring(1, 2) == 'A'", 35],
  ["self.s.matches('^[a-z]+$') && self.u.matches('a')", 314595],
  ["self.s.find('[0-9]+') == '' && self.s.findAll('[0-9]+').size() == 2", 42],
  ["self.s in ['a', 'b', 'c']", 15],
  ["'a' in self.l && 'k' in self.m", 15],
  ['self.m.all(k, self.m[k].size() > 2)', 93],
  ["self.m['a'].contains('b') && self.m.a.startsWith('c')", 10],
  ['self.mm.all(k, self.mm[k].all(v, v > 3))', 117],
  ['self.ll.all(a, a.all(b, b.size() > 1))', 95],
  ["self.ll[0][1] == 'a' && self.ll[0] == self.ll[1]", 12],
  ["self.o.n == 'a' || self.o.a__dash__b == 'b' || self.o.__in__ > 2", 12],
  ["self.lo.all(e, e.k == 'a' || e.v > 2)", 75],
  ['self.lo.exists(e, self.lo.exists(f, e.k == f.k && e.v != f.v))', 1019],
  ['self.lo == oldSelf.lo && self == oldSelf', 7],
  ["self.se == oldSelf.se && (self.se + ['a']).size() > 1", 20],
  ['has(self.o) && has(self.o.n) && self.o.n.size() > 0', 8],
  ["self.?o.?n.orValue('') == ''", 4],
  ["optional.of(self.s).value() == 'a' && optional.none().hasValue()", 7],
  ["self.?o.optMap(q, q.n == 'a').orValue(true)", 20],
  ["self.l[?0].orValue('') == 'a'", 5],
  ["self.t > timestamp('2020-01-01T00:00:00Z') && self.t.getFullYear() > 2 && self.t.getHours('UTC') > 3", 12],
  ["self.du < duration('3h') && self.du.getSeconds() > 3 && self.t + self.du > self.t", 16],
  ["string(self.by) == 'abc' && bytes(self.s) == self.by", 17],
  ['int(self.d) == 3 && double(self.i) > 2.0 && uint(3) == 3u', 10],
  ['dyn(self.i) == 3 && dyn(self.l) == []', 16],
  ['[1, 2, 3].all(a, a > self.i)', 32],
  ["{'a': 1, 'b': 2}.all(k, k.size() > 2)", 43],
  ["{'a': [1,2]}['a'].size() == 2 && [[1],[2]][0][0] == 1", 76],
  ['self.l.all(i, v, v.size() > i) && self.m.all(k, v, k != v)', 126],
  ["self.l.transformList(i, v, v + 'a').size() > 2", 175],
  ["self.m.transformMap(k, v, v + 'a').size() > 2 && self.m.transformMap(k, v, v != '', v).all(k, k != '')", 229],
  ['self.m.transformMapEntry(k, v, {v: k}).size() > 3', 375],
  ["self.m.exists(k, v, v == 'a') || self.l.existsOne(i, v, v == 'a')", 107],
  ["sets.contains(self.l, ['a']) && sets.intersects(self.l, self.se) && sets.equivalent(self.l, ['b'])", 141],
  ["url(self.s).getHost() == 'a' && isURL(self.u)", 15],
  ["ip(self.s).family() == 4 && isIP(self.s) && ip(self.s) == ip('1.2.3.4') && ip.isCanonical(self.s)", 52],
  [
    "cidr(self.s).containsIP('1.2.3.4') && cidr(self.s).containsIP(ip(self.s)) && cidr(self.s).containsCIDR('1.2.3.0/24') && cidr(self.s).containsCIDR(cidr(self.s)) && isCIDR(self.s)",
    94,
  ],
  ["cidr(self.s).ip().isLoopback() && cidr(self.s).masked() == cidr('1.2.3.0/24') && cidr(self.s).prefixLength() > 3", 37],
  [
    "quantity(self.s).isGreaterThan(quantity('1Gi')) && isQuantity(self.u) && quantity(self.s).add(3).compareTo(quantity('3')) == 1",
    314601,
  ],
  ["quantity(self.s) == quantity('3')", 12],
  ["format.dns1123Label().validate(self.s).hasValue() && format.named('uuid').value().validate(self.u).hasValue()", 10066601],
  ["'%s-%d'.format([self.s, self.i]) == 'a-1'", 16],
  ["strings.quote(self.s) == 'x' && self.s.charAt(1) == 'a'", 15],
  ['self.l.slice(1, 3).size() > 1 && self.ll.flatten().size() > 2 && self.l.distinct().size() > 2 && self.l.reverse().size() > 1', 276],
  ["self.l.sort() == ['a'] && self.li.sort().size() > 2 && lists.range(10).size() == 10", 472],
  ['self.lo.sortBy(e, e.k).size() > 1 && self.li.sortBy(a, -a)[0] == 1', 662],
  ["semver('1.2.3').isLessThan(semver(self.s)) && isSemver(self.s) && semver(self.s).major() == 3", 34],
  ["self.e.contains('a') && self.e + self.s == 'x'", 17],
  ['!self.b && -self.i < 3 && self.i % 2 == 0', 11],
  ['self.u.size() < 3 && size(self.u) < 3 && size(self.l) < 3', 12],
  ["(self.b ? self.s : self.e).contains('a')", 12],
  ["(self.b ? ['a'] : self.l).all(a, a.size() > 1)", 73],
  ["(self.l + ['abc']).all(a, a.contains('a'))", 58],
  ["self.s < 'a' && self.s >= self.u && self.by < b'x'", 18],
  ["self.m.map(k, k).all(k, k.contains('abc'))", 184],
  ['timestamp(self.s) > self.t && duration(self.s) > self.du', 12],
  ['self.s.startsWith(self.u) && self.s.endsWith(self.s)', 314589],
  ['"a".matches(self.s) && self.e.matches(self.e)', 27],
  ["self.u.split(',').map(a, a.trim()).all(a, a.size() < 3)", 60397954],
  ["self.lu.all(a, a.contains('x'))", 329857577778],
];
for (const [rule, cost] of estimates) test(`estimate: ${rule}`, () => assert.equal(costOf(everything, rule), cost));

test('estimate: a message may name a number', () => {
  assert.equal(costOf(everything, "'at most ' + string(self.i)"), 11);
});
