import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {httpsFetch} from '../client/https-fetch.ts';
import type {RunProgram} from '../client/sign-in.ts';
import {signIn} from '../client/sign-in.ts';
import type {World} from './world.ts';

/** The real world, seen from the given process. */
export const processWorld = (process: NodeJS.Process): World => ({
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  env: process.env,
  home: homedir(),
  cwd: process.cwd(),
  version: packageVersion(),
  fetchFor: connection => signIn(connection, runProgram(process), each => httpsFetch(each).fetch),
  now: () => performance.now(),
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
});

/** Its words for the person go straight to the terminal; it may not ask, and was told so. */
const runProgram =
  (process: NodeJS.Process): RunProgram =>
  ({command, args, env}) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, {stdio: ['ignore', 'pipe', 'inherit'], env: {...process.env, ...env}});
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      child.on('error', reject);
      child.on('close', code => resolve({code: code ?? -1, stdout}));
    });

function packageVersion(): string {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url));
  return (JSON.parse(readFileSync(file, 'utf8')) as {version: string}).version;
}
