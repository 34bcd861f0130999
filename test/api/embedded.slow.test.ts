/** The same tests once more, on the embedded store. */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(here).filter(file => file.endsWith('.test.ts') && !file.endsWith('.slow.test.ts'));

test('the API holds on the embedded store', async () => {
  // Without it the child would report to this runner as one of its own.
  const {NODE_TEST_CONTEXT: _, ...env} = process.env;
  const child = spawn(process.execPath, ['--test', '--test-concurrency=2', ...files.map(file => join(here, file))], {
    env: {...env, STORAGE: 'embedded'},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text;
  });
  const code = await new Promise(resolve => child.on('close', resolve));
  assert.equal(code, 0, output.slice(-20_000));
  assert.match(output, /pass [1-9]\d\d/);
});
