/** The crawl with canaries at its full length, and what it is worth: it finds every hole that is made on purpose. */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {join} from 'node:path';
import {test} from 'node:test';
import {holes} from './mutants.ts';
import type {Mutant} from './mutate.ts';

const here = import.meta.dirname;
const runMsMax = 240_000;

test('T19 I10 100,000 random requests of strangers show nothing', {timeout: runMsMax}, async t => {
  const {code, output} = await crawl({CANARY_REQUESTS: '100000', CANARY_SEED: 'long'});
  assert.equal(code, 0, output.slice(0, 3_000));
  tellFigures(t, output);
});

test('T19 I10 5,000 random requests of strangers show nothing over HTTPS', {timeout: runMsMax}, async t => {
  const {code, output} = await crawl({CANARY_REQUESTS: '5000', CANARY_SEED: 'wire', PLANE: 'started'});
  assert.equal(code, 0, output.slice(0, 3_000));
  tellFigures(t, output);
});

for (const [what, mutant] of Object.entries(holes)) {
  test(`T19 the crawl finds the hole: ${what}`, {timeout: runMsMax}, async () => {
    const {code, output} = await crawl({CANARY_REQUESTS: '50000', CANARY_SEED: 'holes'}, mutant);
    assert.notEqual(code, 0, output.slice(0, 3_000));
    assert.match(output, /a canary of \w\w \(seed holes\)/, output.slice(0, 3_000));
  });
}

type Diagnosed = {diagnostic(message: string): void};
const tellFigures = (t: Diagnosed, output: string): void => t.diagnostic(/\d+ requests in all.*/.exec(output)?.[0] ?? 'nothing was told');

async function crawl(more: NodeJS.ProcessEnv, mutant?: Mutant): Promise<{code: number | null; output: string}> {
  // Without it the child would report to this runner as one of its own.
  const {NODE_TEST_CONTEXT: _, ...env} = process.env;
  const child = spawn(process.execPath, ['--import', join(here, 'mutate.ts'), join(here, 'canary.test.ts')], {
    env: {...env, ...more, ...(mutant && {MUTANT: JSON.stringify(mutant)})},
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: runMsMax,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text;
  });
  const code = await new Promise<number | null>(resolve => child.on('close', resolve));
  return {code, output};
}
