import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import {BodySink} from './body-sink.ts';

test('many bodies at once let others in between', async () => {
  const order: string[] = [];
  const slow = (name: string): BodySink =>
    new BodySink(
      {
        writableLength: 0,
        destroyed: false,
        write: () => {
          order.push(name);
          for (const until = performance.now() + 4; performance.now() < until; );
        },
        end: () => {},
        once: () => {},
      },
      () => {},
    );
  for (const name of ['first', 'second', 'third']) slow(name).write(Buffer.from('event'));
  setImmediate(() => order.push('other'));
  while (order.length < 4) await turn();
  assert.ok(order.indexOf('other') < order.indexOf('third'), order.join());
});
