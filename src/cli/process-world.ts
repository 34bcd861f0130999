import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {httpsFetch} from '../client/https-fetch.ts';
import type {RunProgram} from '../client/sign-in.ts';
import {signIn} from '../client/sign-in.ts';
import {processTerminal} from './process-terminal.ts';
import type {World} from './world.ts';

/** The real world, seen from the given process. */
export function processWorld(process: NodeJS.Process): World {
  const openTerminal = processTerminal(process);
  return {
    out: text => void process.stdout.write(harmless(text)),
    err: text => void process.stderr.write(harmless(text)),
    env: process.env,
    home: homedir(),
    cwd: process.cwd(),
    version: packageVersion(),
    fetchFor: connection => signIn(connection, runProgram(process), each => httpsFetch(each).fetch),
    now: () => performance.now(),
    sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
    ...(openTerminal && {openTerminal}),
  };
}

/** What servers say must not steer the terminal: control characters other than tab and line feed are shown as `?`. */
const harmless = (text: string): string => text.replace(/[^\P{Cc}\t\n]/gu, '?');

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
