import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import fc from 'fast-check';
import {LoopTime, type Spender} from './loop-time.ts';

/** A loop whose work is what the test says. */
class Loop {
  active = 0;
  idle = 0;
  readonly time = new LoopTime(() => this);
}

class Spent implements Spender {
  ms = 0;
  spent(ms: number): void {
    this.ms += ms;
  }
}

test('work is timed, waiting is not', async () => {
  const loop = new Loop();
  const spent = new Spent();
  const result = await loop.time.run(spent, async () => {
    loop.active += 3;
    await loop.time.suspend(
      turn().then(() => {
        loop.active += 40;
        loop.idle += 40;
      }),
    );
    loop.active += 4;
    return 'done';
  });
  loop.active += 50;
  assert.deepEqual([result, spent.ms], ['done', 7]);
});

test('what is thrown ends the work as well', async () => {
  const loop = new Loop();
  const spent = new Spent();
  const failing = loop.time.run(spent, async () => {
    loop.active += 3;
    await loop.time.suspend(Promise.reject(new Error('no')));
  });
  await assert.rejects(failing, /no/);
  loop.active += 9;
  await loop.time.run(new Spent(), async () => undefined);
  assert.equal(spent.ms, 3);
});

test('what waits for something that nobody marked pays while the loop works, within a bound, and not while it is idle', async () => {
  const loop = new Loop();
  const spent = new Spent();
  await loop.time.run(spent, async () => {
    await turn();
    loop.idle += 500;
  });
  assert.equal(spent.ms, 0);
  await loop.time.run(spent, async () => {
    await turn();
    loop.active += 500;
  });
  assert.equal(spent.ms, 50);
});

test('who is at work is known where it waits, and not to those whom it wakes', async () => {
  const {time} = new Loop();
  const [one, two] = [new Spent(), new Spent()];
  const seen: (Spender | undefined)[] = [];
  const look = async (): Promise<void> => {
    await turn();
    seen.push(time.current);
  };
  await Promise.all([time.run(one, look), time.run(two, look), look(), time.run(one, () => time.elsewhere(look))]);
  assert.deepEqual(new Set(seen), new Set([one, two, undefined]));
  assert.deepEqual([seen.length, seen.filter(each => each === one).length], [4, 1]);
});

test('a callback works on the account of who made it', async () => {
  const loop = new Loop();
  const [watcher, writer] = [new Spent(), new Spent()];
  let told: (ms: number) => void = () => undefined;
  await loop.time.run(watcher, async () => {
    told = loop.time.onAccount((ms: number) => {
      loop.active += ms;
    });
  });
  await loop.time.run(writer, async () => {
    loop.active += 1;
    told(5);
  });
  assert.deepEqual([watcher.ms, writer.ms], [5, 1]);
});

/** Runs requests of pieces side by side. `hidden`: waits that nobody marked. Gives what was done, and what was paid. */
async function mixed(requests: readonly (readonly {readonly ms: number; readonly waits: 'marked' | 'hidden' | 'not'}[])[]) {
  const loop = new Loop();
  const spent = requests.map(() => new Spent());
  const one = (pieces: (typeof requests)[number], i: number): Promise<void> =>
    loop.time.run(spent[i]!, async () => {
      for (const {ms, waits} of pieces) {
        loop.active += ms;
        if (waits === 'marked') await loop.time.suspend(turn());
        if (waits === 'hidden') await undefined;
      }
    });
  await Promise.all(requests.map(one));
  const own = requests.map(pieces => pieces.reduce((sum, {ms}) => sum + ms, 0));
  return {own, paid: spent.map(({ms}) => ms)};
}

const requestsOf = (waits: readonly ('marked' | 'hidden' | 'not')[]) =>
  fc.array(fc.array(fc.record({ms: fc.nat({max: 10}), waits: fc.constantFrom(...waits)}), {maxLength: 6}), {maxLength: 8});

test('requests that take turns pay what each of them did', () =>
  fc.assert(
    fc.asyncProperty(requestsOf(['marked', 'not']), async requests => {
      const {own, paid} = await mixed(requests);
      assert.deepEqual(paid, own);
    }),
  ));

test('no millisecond is paid twice, however they mix', () =>
  fc.assert(
    fc.asyncProperty(requestsOf(['marked', 'hidden', 'not']), async requests => {
      const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
      const {own, paid} = await mixed(requests);
      assert.ok(sum(paid) <= sum(own), `${sum(paid)} of ${sum(own)}`);
    }),
  ));
