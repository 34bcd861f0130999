import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {httpsFetch} from '../client/https-fetch.ts';
import type {World} from './world.ts';

/** The real world, seen from the given process. */
export const processWorld = (process: NodeJS.Process): World => ({
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  env: process.env,
  home: homedir(),
  cwd: process.cwd(),
  version: packageVersion(),
  fetchFor: connection => httpsFetch(connection).fetch,
  now: () => performance.now(),
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
});

function packageVersion(): string {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url));
  return (JSON.parse(readFileSync(file, 'utf8')) as {version: string}).version;
}
