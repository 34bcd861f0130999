import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {createMetrics, metricsLimits} from './metrics.ts';

const seriesIn = (text: string): string[] => text.split('\n').filter(line => line && !line.startsWith('#'));

test('counters and gauges', () => {
  const metrics = createMetrics();
  const calls = metrics.counter({name: 'calls_total', help: 'Calls.', labels: {verb: ['GET', 'PUT'], code: ['200']}});
  const open = metrics.gauge({name: 'open', help: 'Open now.', labels: {}});
  calls.add({verb: 'GET', code: '200'});
  calls.add({code: '200', verb: 'GET'}, 2);
  calls.add({verb: 'PUT', code: '200'});
  open.add({}, 3);
  open.add({}, -1);
  assert.equal(
    metrics.text(),
    [
      '# HELP calls_total Calls.',
      '# TYPE calls_total counter',
      'calls_total{verb="GET",code="200"} 3',
      'calls_total{verb="PUT",code="200"} 1',
      '# HELP open Open now.',
      '# TYPE open gauge',
      'open 2',
      '',
    ].join('\n'),
  );
});

test('a histogram counts what is at or below each bound', () => {
  const metrics = createMetrics();
  const took = metrics.histogram({name: 'took', help: 'Time.', labels: {verb: ['GET']}, buckets: [1, 2]});
  for (const amount of [0.5, 1, 1.5, 4]) took.observe({verb: 'GET'}, amount);
  assert.deepEqual(seriesIn(metrics.text()), [
    'took_bucket{verb="GET",le="1"} 2',
    'took_bucket{verb="GET",le="2"} 3',
    'took_bucket{verb="GET",le="+Inf"} 4',
    'took_sum{verb="GET"} 7',
    'took_count{verb="GET"} 4',
  ]);
});

test('what is asked is what holds now', () => {
  const metrics = createMetrics();
  let now: {[phase: string]: number} = {Ready: 1, Gone: 5};
  metrics.asked({type: 'gauge', name: 'count', help: 'Count.', labels: {phase: ['Ready', 'Deleting']}}, () =>
    Object.entries(now).map(([phase, value]) => ({labels: {phase}, value})),
  );
  assert.deepEqual(seriesIn(metrics.text()), ['count{phase="Ready"} 1', 'count{phase="other"} 5']);
  now = {Deleting: 2};
  assert.deepEqual(seriesIn(metrics.text()), ['count{phase="Deleting"} 2']);
});

test('values outside the closed lists, and combinations beyond the limit, are counted together', () => {
  const metrics = createMetrics();
  const calls = metrics.counter({name: 'c', help: 'C.', labels: {a: ['1', '2'], b: ['1', '2']}, combinationsMax: 3});
  for (const [a, b] of [
    ['evil"\n', '1'],
    ['1', '1'],
    ['2', '2'],
    ['2', '1'],
    ['1', '1'],
  ] as const)
    calls.add({a, b});
  assert.deepEqual(seriesIn(metrics.text()), ['c{a="other",b="1"} 1', 'c{a="1",b="1"} 2', 'c{a="other",b="other"} 2']);
});

test('where any value will do, the first that come have series of their own', () => {
  const metrics = createMetrics();
  const lists = metrics.counter({name: 'c', help: 'C.', labels: {group: 'any'}, combinationsMax: 3});
  for (const group of ['b.dev', 'evil"', 'a.dev', 'c.dev', 'a.dev', 'd.dev']) lists.add({group});
  assert.deepEqual(seriesIn(metrics.text()), ['c{group="b.dev"} 1', 'c{group="other"} 3', 'c{group="a.dev"} 2']);
});

test('CVE-2020-8552 however it is fed, nothing is lost and no metric outgrows its limit', () => {
  const word = fc.constantFrom('x', 'y', 'z', 'other', '__proto__', '', '\n');
  fc.assert(
    fc.property(fc.array(fc.record({a: word, b: word}), {maxLength: 60}), fc.integer({min: 1, max: 9}), (fed, combinationsMax) => {
      const metrics = createMetrics();
      const calls = metrics.counter({name: 'c', help: 'C.', labels: {a: ['x', 'y'], b: ['y', 'z']}, combinationsMax});
      for (const labels of fed) calls.add(labels);
      const lines = seriesIn(metrics.text());
      assert.ok(lines.length <= combinationsMax);
      assert.equal(
        lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
        fed.length,
      );
      assert.ok(lines.every(line => /^c\{a="(x|y|other)",b="(y|z|other)"\} \d+$/.test(line)));
    }),
  );
});

test('definitions that break a rule are refused', () => {
  const labels = {n: Array.from({length: metricsLimits.seriesMax}, (_, n) => String(n))};
  assert.throws(() => createMetrics().counter({name: 'big', help: '', labels}), /more than 1500 series/);
  assert.throws(() => createMetrics().counter({name: 'odd', help: '', labels: {n: ['a"b']}}), /needs quoting/);
  assert.throws(() => createMetrics().counter({name: 'endless', help: '', labels: {n: 'any'}}), /no limit/);
  const metrics = createMetrics();
  metrics.gauge({name: 'twice', help: '', labels: {}});
  assert.throws(() => metrics.counter({name: 'twice', help: '', labels: {}}), /defined twice/);
});
