/**
 * Starts the server once in an empty folder and ends it in good order, so that the code compiled on the way is kept for every start to come (bin/kcp says
 * where). Never fails: without it, only the first start is slow.
 */
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const launcher = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'kcp');
const startMsMax = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'kcp-warm-'));
const flags = [`--root-directory=${folder}`, '--bind-address=127.0.0.1', '--secure-port=0', '--experimental-bind-free-port'];
const server = spawn(launcher, ['start', ...flags], {stdio: 'ignore'});
const ended = new Promise<void>(resolve => {
  server.once('exit', () => resolve());
  server.once('error', () => resolve());
});

const deadline = Date.now() + startMsMax;
while (server.exitCode === null && Date.now() < deadline && !existsSync(join(folder, 'admin.kubeconfig')))
  await new Promise(resolve => setTimeout(resolve, 50));
// The kubeconfig is there shortly before the server is ready: let it get there.
await new Promise(resolve => setTimeout(resolve, 500));
server.kill('SIGTERM');
const late = setTimeout(() => server.kill('SIGKILL'), startMsMax);
await ended;
clearTimeout(late);
rmSync(folder, {recursive: true, force: true});
