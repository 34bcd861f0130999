/** The tests of this folder can fail: each slip that is made on purpose is noticed by the file that guards against it. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {slips} from './mutants.ts';
import {runMutated} from './mutated-run.ts';

for (const [what, {test: file, ...mutant}] of Object.entries(slips))
  test(`${file} notices the slip: ${what}`, {timeout: 120_000}, async () => {
    const {code, output} = await runMutated(file, {}, mutant);
    assert.notEqual(code, 0, output.slice(0, 3_000));
    // It failed in a test, and not because the source could not be read.
    assert.match(output, /AssertionError|HookFailed|the server broke|it never came true/, output.slice(0, 3_000));
    assert.doesNotMatch(output, /does not hold once|SyntaxError/, output.slice(0, 3_000));
  });
