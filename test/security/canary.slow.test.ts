/** The crawl with canaries at its full length, and what it is worth: it finds every hole that is made on purpose. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {holes} from './mutants.ts';
import {runMutated} from './mutated-run.ts';

const runMsMax = 240_000;

test('T19 I10 100,000 random requests of strangers show nothing', {timeout: runMsMax}, async t => {
  const {code, output} = await runMutated('canary.test.ts', {CANARY_REQUESTS: '100000', CANARY_SEED: 'long'});
  assert.equal(code, 0, output.slice(0, 3_000));
  tellFigures(t, output);
});

test('T19 I10 5,000 random requests of strangers show nothing over HTTPS', {timeout: runMsMax}, async t => {
  const {code, output} = await runMutated('canary.test.ts', {CANARY_REQUESTS: '5000', CANARY_SEED: 'wire', PLANE: 'started'});
  assert.equal(code, 0, output.slice(0, 3_000));
  tellFigures(t, output);
});

for (const [what, mutant] of Object.entries(holes)) {
  test(`T19 the crawl finds the hole: ${what}`, {timeout: runMsMax}, async () => {
    const {code, output} = await runMutated('canary.test.ts', {CANARY_REQUESTS: '50000', CANARY_SEED: 'holes'}, mutant);
    assert.notEqual(code, 0, output.slice(0, 3_000));
    assert.match(output, /a canary of \w\w \(seed holes\)/, output.slice(0, 3_000));
  });
}

type Diagnosed = {diagnostic(message: string): void};
const tellFigures = (t: Diagnosed, output: string): void => t.diagnostic(/\d+ requests in all.*/.exec(output)?.[0] ?? 'nothing was told');
