import {spawn} from 'node:child_process';
import {join} from 'node:path';
import type {Mutant} from './mutate.ts';

const runMsMax = 240_000;

/** Runs one file of tests of this folder in a process of its own, over changed sources if that is wanted. */
export async function runMutated(
  file: string,
  more: NodeJS.ProcessEnv,
  mutant?: Mutant,
): Promise<{readonly code: number | null; readonly output: string}> {
  // Without it the child would report to this runner as one of its own.
  const {NODE_TEST_CONTEXT: _, ...env} = process.env;
  const child = spawn(process.execPath, ['--import', join(import.meta.dirname, 'mutate.ts'), join(import.meta.dirname, file)], {
    env: {...env, ...more, ...(mutant && {MUTANT: JSON.stringify(mutant)})},
    stdio: ['ignore', 'pipe', 'pipe'],
    // A test that waits for ever is to fail, not to hold up all others.
    timeout: runMsMax,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      output += text;
    });
  const code = await new Promise<number | null>(resolve => child.on('close', resolve));
  return {code, output};
}
