import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import type {TestContext} from 'node:test';
import type {HelmVersion, KubectlVersion, Run} from '../support/kubectl.ts';
import {helm, kubectl, kubectlPath} from '../support/kubectl.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, until} from '../support/process.ts';

/**
 * What is typed after `kubectl `, split at blanks that are not in single quotes, and what is then said on both outputs: all of it, or a pattern in it. A
 * line that begins with `! ` must fail, every other one must not. The last part is standard input.
 */
export type Step = readonly [line: string, says: RegExp | string, input?: string];

/** A person at a terminal with the kubeconfig of a server. */
export type Shell = {
  readonly home: string;
  kubectl(line: string, input?: string): Promise<Run>;
  /** Plays the steps one after the other. */
  play(steps: readonly Step[], env?: {readonly [name: string]: string}): Promise<void>;
  playHelm(version: HelmVersion, steps: readonly Step[]): Promise<void>;
  /** Starts a kubectl that goes on; `lines` is what it has printed so far. */
  inBackground(line: string): {readonly lines: () => readonly string[]; readonly end: () => void};
};

export function openShell(t: TestContext, server: ServerProcess, version: KubectlVersion): Shell {
  const home = folder(t);
  const {kubeconfig} = server;
  const options = {home, kubeconfig, timeoutMs: 20_000};
  const shell: Shell = {
    home,
    kubectl: (line, input = '') => kubectl(version, words(line), {...options, input}),
    play: async (steps, env = {}) => {
      for (const step of steps) check(step, await kubectl(version, words(bare(step[0])), {...options, env, input: step[2] ?? ''}));
    },
    playHelm: async (version, steps) => {
      for (const step of steps) check(step, await helm(version, words(bare(step[0])), options));
    },
    inBackground: line => {
      const env = {HOME: home, KUBECONFIG: kubeconfig};
      const child = spawn(kubectlPath(version), words(line), {env, cwd: home, stdio: ['ignore', 'pipe', 'inherit']});
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (more: string) => (output += more));
      t.after(() => void child.kill('SIGKILL'));
      return {lines: () => output.split('\n').slice(0, -1), end: () => void child.kill('SIGKILL')};
    },
  };
  return shell;
}

/** Waits until the lines of a background command match the patterns, in order and without anything between. */
export async function untilLines(lines: () => readonly string[], patterns: readonly RegExp[]): Promise<void> {
  await until(() => lines().length >= patterns.length, `${patterns.length} lines`, 10_000).catch(() => undefined);
  const said = lines();
  assert.equal(said.length, patterns.length, said.join('\n'));
  for (const [i, pattern] of patterns.entries()) assert.match(said[i]!, pattern);
}

const fails = '! ';
const bare = (line: string): string => (line.startsWith(fails) ? line.slice(fails.length) : line);
/** Blanks within single quotes belong to their word. */
const words = (line: string): readonly string[] => (line.match(/(?:'[^']*'|[^ '])+/g) ?? []).map(word => word.replaceAll("'", ''));

function check([line, says]: Step, {code, stdout, stderr}: Run): void {
  const said = stdout + stderr;
  const about = `${line}\nexit code ${code}\n${said}`;
  assert.equal(code !== 0, line.startsWith(fails), about);
  if (typeof says === 'string') assert.equal(said.trimEnd(), says, about);
  else assert.match(said, says, about);
}
