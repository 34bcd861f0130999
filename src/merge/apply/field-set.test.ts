import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {ApiError} from '../../api/errors.ts';
import type {Json} from '../../api/json.ts';
import {stringify} from '../../api/json.ts';
import {parse} from '../../api/parse-json.ts';
import type {FieldSet, Trie} from './field-set.ts';
import {
  difference,
  equalSets,
  fieldSetLimits,
  intersection,
  isEmpty,
  pathsOf,
  readFieldSet,
  sorted,
  union,
  withoutBelow,
} from './field-set.ts';
import {printPath} from './path-element.ts';

const read = (text: string): FieldSet => readFieldSet(parse(text));

test('canonical fieldsV1 comes out as it went in', () => {
  const texts = [
    '{}',
    '{"f:data":{}}',
    '{"f:data":{".":{},"f:":{},"f:.":{},"f:__proto__":{},"f:constructor":{"f:toString":{}},"f:k1":{}}}',
    '{"f:l":{"k:{\\"port\\":80}":{},"k:{\\"port\\":443,\\"protocol\\":\\"TCP\\"}":{".":{},"f:name":{}},"v:1":{},"v:2.5":{},"v:10":{},"v:9007199254740993":{},"v:\\"a\\"":{},"v:true":{},"i:2":{},"i:10":{}}}',
  ];
  for (const text of texts) assert.equal(stringify(read(text) as Json), text);
});

test('what clients write otherwise is brought into canonical form', () => {
  const cases: [string, string][] = [
    ['{"f:b":{},"f:a":{}}', '{"f:a":{},"f:b":{}}'],
    ['{"f:a":{".":{}}}', '{"f:a":{}}'],
    ['{".":{},"f:a":{}}', '{"f:a":{}}'],
    ['{"f:a":{"f:b":{},".":{}}}', '{"f:a":{".":{},"f:b":{}}}'],
    ['{"k:{\\"b\\":1, \\"a\\":2}":{}}', '{"k:{\\"a\\":2,\\"b\\":1}":{}}'],
    ['{"v: \\"\\\\u0061\\"":{}}', '{"v:\\"a\\"":{}}'],
  ];
  for (const [written, canonical] of cases) assert.equal(stringify(read(written) as Json), canonical);
});

test('what is no set, or too large a one, is refused', () => {
  const texts = [
    '[]',
    '1',
    'null',
    '{"a":{}}',
    '{"f:a":1}',
    '{"k:1":{}}',
    '{"k:{":{}}',
    '{"v:":{}}',
    '{"i:-1":{}}',
    '{"i:x":{}}',
    '{"x:a":{}}',
  ];
  let deep: Json = {};
  for (let i = 0; i <= fieldSetLimits.depthMax; i++) deep = {'f:a': deep};
  const wide = Object.fromEntries(Array.from({length: fieldSetLimits.nodesMax + 1}, (_, i) => [`f:${i}`, {}]));
  for (const json of [...texts.map(text => parse(text)), deep, wide]) {
    assert.throws(
      () => readFieldSet(json),
      (err: unknown) => err instanceof ApiError && err.code === 400,
    );
  }
});

test('paths as people read them', () => {
  const set = read('{"f:spec":{"f:a":{".":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{"f:name":{}},"v:\\"x\\"":{},"i:3":{}}}}');
  assert.deepEqual(
    [...pathsOf(set)].map(path => printPath(path)),
    ['.spec.a', '.spec.a[port=80,protocol="TCP"].name', '.spec.a[="x"]', '.spec.a[3]'],
  );
});

// A set as the texts of its paths: the yardstick.
const pathOf = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"n":1}', 'v:2'), {minLength: 1, maxLength: 3});
const paths = fc.array(pathOf, {maxLength: 8}).map(all => new Set(all.map(path => path.join(' '))));
type Paths = ReadonlySet<string>;

function setOf(all: Paths): FieldSet {
  const root: {[element: string]: Trie} = {};
  for (const path of all) {
    let at = root as Trie;
    for (const element of path.split(' ')) {
      at[element] ??= {};
      at = at[element] as Trie;
    }
  }
  const mark = (node: Trie, path: string): FieldSet => {
    const result: Trie = {};
    if (all.has(path) && Object.keys(node).length > 0) result['.'] = {};
    for (const [element, child] of Object.entries(node)) result[element] = mark(child as Trie, path ? `${path} ${element}` : element);
    return result;
  };
  return sorted(mark(root, ''));
}
const asPaths = (set: FieldSet): string[] => [...pathsOf(set)].map(path => path.join(' ')).sort();
const sortedPaths = (all: Iterable<string>): string[] => [...all].sort();

test('sets behave as sets of paths do', () => {
  fc.assert(
    fc.property(paths, paths, (a, b) => {
      const [left, right] = [setOf(a), setOf(b)];
      const before = stringify([left, right] as Json);
      const isBelow = (path: string): boolean => [...b].some(other => path === other || path.startsWith(`${other} `));
      const results: [FieldSet, Iterable<string>][] = [
        [left, a],
        [union(left, right), new Set([...a, ...b])],
        [difference(left, right), [...a].filter(path => !b.has(path))],
        [withoutBelow(left, right), [...a].filter(path => !isBelow(path))],
        [intersection(left, right), [...a].filter(path => b.has(path))],
      ];
      for (const [set, expected] of results) {
        assert.deepEqual(asPaths(set), sortedPaths(expected));
        assert.equal(isEmpty(set), [...expected].length === 0);
        assert.equal(stringify(readFieldSet(set as Json) as Json), stringify(set as Json), 'in canonical form');
      }
      assert.equal(equalSets(left, right), before === stringify([right, left] as Json) || sortedPaths(a).join() === sortedPaths(b).join());
      assert.equal(stringify([left, right] as Json), before);
    }),
    {numRuns: 500},
  );
});

test('what does not change is the same value', () => {
  const set = read('{"f:a":{".":{},"f:b":{}},"f:c":{}}');
  assert.equal(union(set, read('{"f:a":{"f:b":{}}}')), set);
  assert.equal(difference(set, read('{"f:x":{},"f:a":{"f:x":{}}}')), set);
  assert.equal(withoutBelow(set, read('{"f:a":{"f:x":{}}}')), set);
});

test('a value nested beyond the stack is none', () => {
  const deep = `v:${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  assert.throws(() => readFieldSet({[deep]: {}}), ApiError);
});
