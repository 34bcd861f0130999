/** The guides, typed as they are written. */
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {kubectlPath, kubectlVersions, noTools} from '../support/kubectl.ts';
import {folder, startServer} from '../support/process.ts';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

type Step = {readonly command: string; readonly printed: string};

/** The commands of a page's console blocks, each with the lines that follow it. */
function stepsOf(page: string): Step[] {
  const text = readFileSync(resolve(top, 'docs', 'guides', page), 'utf8');
  return [...text.matchAll(/```console\n(.*?)```/gs)].flatMap(([, block]) =>
    [...block!.matchAll(/^\$ (.+)\n((?:(?!\$ ).*\n)*)/gm)].map(([, command, printed]) => ({command: command!, printed: printed!})),
  );
}

for (const version of kubectlVersions) {
  test(`the guide to permissions with kubectl ${version}`, {skip: noTools ?? false, timeout: 120_000}, async t => {
    const server = await startServer(t, {root: folder(t)});
    const home = folder(t);
    const path = [resolve(top, 'bin'), dirname(kubectlPath(version)), process.env['PATH']].join(':');
    const env = {PATH: path, HOME: home, KUBECONFIG: server.kubeconfig};
    const typed = (command: string): Promise<string> =>
      new Promise(done => void execFile('/bin/sh', ['-c', `${command} 2>&1`], {env, cwd: home}, (_, stdout) => done(stdout)));
    const steps = stepsOf('permissions.md');
    assert.ok(steps.length >= 10);
    for (const {command, printed} of steps) assert.equal(await typed(command), printed, command);
  });
}
