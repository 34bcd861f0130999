/** The same tests once more: on the embedded store, and over HTTPS to a started server. */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const files = [here, join(here, '..', 'security')].flatMap(folder =>
  readdirSync(folder)
    .filter(file => file.endsWith('.test.ts') && !file.endsWith('.slow.test.ts'))
    .map(file => join(folder, file)),
);

const runMsMax = 240_000;

for (const [what, env] of [
  ['on the embedded store', {STORAGE: 'embedded'}],
  ['over HTTPS to a started server', {PLANE: 'started'}],
] as const) {
  test(`the API holds ${what}`, async t => {
    const {code, output} = await runAll(env);
    assert.equal(code, 0, output.slice(-20_000));
    const [, passed] = /pass (\d+)/.exec(output) ?? [];
    const [, skipped] = /skipped (\d+)/.exec(output) ?? [];
    assert.ok(Number(passed) > 200, output.slice(-500));
    t.diagnostic(`${passed} passed, ${skipped} skipped`);
  });
}

async function runAll(more: NodeJS.ProcessEnv): Promise<{code: number | null; output: string}> {
  // Without it the child would report to this runner as one of its own.
  const {NODE_TEST_CONTEXT: _, ...env} = process.env;
  const child = spawn(process.execPath, ['--test', `--test-concurrency=${availableParallelism()}`, ...files], {
    env: {...env, ...more},
    stdio: ['ignore', 'pipe', 'inherit'],
    // A test that waits for ever is to fail, not to hold up all others.
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
