import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {FairLine, type InLine} from './line.ts';

type One = InLine & {readonly n: number};
const all = (): boolean => true;
const drain = (line: FairLine<One>): One[] => {
  const taken: One[] = [];
  for (let next = line.take(all); next; next = line.take(all)) taken.push(next);
  return taken;
};
const lineOf = (...ones: readonly string[]): FairLine<One> => {
  const line = new FairLine<One>();
  ones.forEach((text, n) => {
    const [workspace = '', flow = ''] = text.split('/');
    line.add({workspace, flow, n});
  });
  return line;
};

test('workspaces take turns, within them flows, and within these who came first', () => {
  const line = lineOf('a/x', 'a/x', 'a/x', 'a/y', 'b/z', 'b/z', 'c/w');
  assert.deepEqual(
    drain(line).map(({workspace, flow, n}) => `${workspace}/${flow}${n}`),
    ['a/x0', 'b/z4', 'c/w6', 'a/y3', 'b/z5', 'a/x1', 'a/x2'],
  );
  assert.equal(line.size, 0);
});

test('who may not go on is passed by, and keeps its turn', () => {
  const line = lineOf('a/x', 'b/y', 'b/y');
  const notA = ({workspace}: One): boolean => workspace !== 'a';
  assert.equal(line.take(notA)?.n, 1);
  assert.equal(line.take(all)?.n, 0);
  assert.equal(
    line.take(({n}) => n === 3),
    undefined,
  );
  assert.equal(line.size, 1);
});

test('who leaves the line is not taken', () => {
  const line = new FairLine<One>();
  const ones = [0, 1, 2].map(n => ({workspace: 'a', flow: 'x', n}));
  for (const one of ones) line.add(one);
  assert.equal(line.remove(ones[1]!), true);
  assert.equal(line.remove(ones[1]!), false);
  assert.deepEqual(
    drain(line).map(({n}) => n),
    [0, 2],
  );
  assert.equal(line.remove(ones[0]!), false);
});

const place = fc.record({workspace: fc.constantFrom('a', 'b', 'c'), flow: fc.constantFrom('x', 'y')});

test('everybody comes out once, and nobody waits longer than the others take turns', () => {
  fc.assert(
    fc.property(fc.array(place, {maxLength: 60}), fc.nat({max: 200}), (places, flood) => {
      const line = new FairLine<One>();
      for (let n = 0; n < flood; n++) line.add({workspace: 'flood', flow: 'f', n: -1});
      for (const [n, one] of places.entries()) line.add({...one, n});
      const taken = drain(line);
      assert.deepEqual(
        taken
          .map(({n}) => n)
          .filter(n => n >= 0)
          .toSorted((a, b) => a - b),
        places.map((_, n) => n),
      );
      // Four workspaces of two flows at most: of a flow, each eighth taken is one, however many others there are.
      for (const [n, one] of places.entries()) {
        const before = places.slice(0, n).filter(other => other.workspace === one.workspace && other.flow === one.flow).length;
        const at = taken.findIndex(each => each.n === n);
        assert.ok(at < (before + 1) * 8, `number ${before} of its flow was taken as number ${at}`);
      }
    }),
  );
});
