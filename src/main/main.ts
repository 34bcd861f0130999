/** The room that knows everyone: it reads flags, makes the real clock and sockets, and chooses every implementation. */
import {readFileSync} from 'node:fs';
import {relative} from 'node:path';
import {type Config, FlagError, parseFlags} from './flags.ts';
import {createLog, lineWriter} from './log.ts';
import {serve} from './serve.ts';

const usage = `kcp: a Kubernetes-like control plane with many isolated workspaces

  kcp start [flags]   run the control plane
  kcp start --help    all flags
  kcp explain access  tell whether somebody may do something in a workspace, and why
  kcp --version
`;

const {version} = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {version: string};

async function main([command, ...args]: readonly string[]): Promise<void> {
  if (command === '--version' || command === 'version') say(`kcp-ts ${version}\n`);
  else if (command === 'start') await start(args);
  else if (command === 'explain') await runExplain(args);
  else if (command === undefined || command === '--help' || command === '-h' || command === 'help') say(usage);
  else fail(`unknown command: ${command}\n\n${usage}`);
}

/** A client, not the server: its modules are not worth loading at every start. */
async function runExplain(args: readonly string[]): Promise<void> {
  const [{explain}, {processWorld}] = await Promise.all([import('../cli/explain/explain.ts'), import('../cli/process-world.ts')]);
  process.exitCode = await explain(args, processWorld(process));
}

async function start(args: readonly string[]): Promise<void> {
  const parsed = flags(args);
  if (!parsed) return;
  if ('help' in parsed) return say(parsed.help);
  const {config} = parsed;
  const writer = lineWriter(process.stderr.fd);
  const log = createLog({
    level: config.v >= 4 ? 'debug' : 'info',
    format: config.loggingFormat,
    write: writer.write,
    now: () => new Date(),
  });
  if (config.ignored.length > 0) log.debug('flags without a meaning here', {flags: config.ignored.join(' ')});
  process.on('unhandledRejection', err => log.error('a promise was rejected and nobody looked: a mistake of ours', {error: err}));
  try {
    const serving = await serve(config, version, log);
    say(greeting(config, serving.url));
    let ending = false;
    const end = (): void => {
      // A second signal means: now.
      if (ending) process.exit(1);
      ending = true;
      serving.close().then(
        () => {
          writer.flush();
          process.exit(0);
        },
        err => fail(`the server did not end well: ${text(err)}\n`),
      );
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    process.on('SIGHUP', end);
  } catch (err) {
    writer.flush();
    fail(`kcp could not start: ${text(err)}\n`);
    process.exit(1);
  }
}

function flags(args: readonly string[]): ReturnType<typeof parseFlags> | undefined {
  try {
    return parseFlags(args, process.cwd());
  } catch (err) {
    if (!(err instanceof FlagError)) throw err;
    fail(`${err.message}\n\nkcp start --help lists all flags\n`);
    return undefined;
  }
}

function greeting(config: Config, url: string): string {
  const seconds = process.uptime().toFixed(2);
  const where = config.storage === 'memory' ? 'in memory, gone when this ends' : `in ${short(config.rootDirectory)}`;
  if (!config.kubeconfigPath) return `kcp is ready at ${url} after ${seconds} s; objects are ${where}\n`;
  return `kcp is ready at ${url} after ${seconds} s; objects are ${where}

  export KUBECONFIG=${short(config.kubeconfigPath)}
  export PATH=$PATH:${short(new URL('../../bin', import.meta.url).pathname)}
  kubectl create workspace my-first --enter
  kubectl ws tree

`;
}

/** A path as one would type it from here. */
function short(path: string): string {
  const from = relative(process.cwd(), path);
  return from.startsWith('..') ? path : `$PWD/${from}`;
}

const say = (words: string): void => void process.stdout.write(words);

function fail(words: string): void {
  process.stderr.write(words);
  process.exitCode = 1;
}

const text = (err: unknown): string =>
  err instanceof Error ? (process.env['KCP_TRACE'] ? (err.stack ?? err.message) : err.message) : String(err);

await main(process.argv.slice(2));
