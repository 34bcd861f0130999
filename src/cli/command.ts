import type {Flag, ParsedFlags} from './flags.ts';
import {isSet, parseFlags} from './flags.ts';
import type {World} from './world.ts';
import {CommandError, exitCodeOf} from './world.ts';

/** One verb of a command line, with all its help is made of. */
export type Command = {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What follows `Usage:`, the name included. */
  readonly usage: string;
  readonly short: string;
  readonly examples?: string;
  /** Said on stderr before it runs: what to use instead. */
  readonly deprecated?: string;
  readonly flags: readonly Flag[];
  /** How many arguments it takes. With others it prints its help, or fails where kcp's plugin does. */
  readonly args: {readonly min: number; readonly max: number; readonly isStrict?: boolean};
  /** A number is its exit code. Throws CommandError, ApiError, KubeconfigError or ConnectionError for what the user must be told. */
  readonly run: (parsed: ParsedFlags, world: World) => Promise<unknown>;
  /** The exit code of what was told so; 1 if left out. */
  readonly failed?: number;
};

/** Parses, answers `--help` and `--version`, runs; the exit code. */
export const runCommand = (
  command: Command,
  words: readonly string[],
  world: World,
  subcommands: readonly Command[] = [],
): Promise<number> =>
  exitCodeOf(
    world,
    async () => {
      if (command.deprecated) world.err(`Command "${command.name}" is deprecated, ${command.deprecated}\n`);
      const parsed = parseFlags(words, [...command.flags, ...everywhere]);
      if (isSet(parsed, 'help')) return world.out(helpText(command, subcommands));
      if (isSet(parsed, 'version')) return world.out(`${command.name} version v${world.version}\n`);
      const count = parsed.args.length;
      const {min, max, isStrict} = command.args;
      if (isStrict && count !== max) throw new CommandError(`accepts ${max} arg(s), received ${count}`);
      if (count < min || count > max) return world.out(helpText(command, subcommands));
      return command.run(parsed, world);
    },
    command.failed,
  );

const everywhere: readonly Flag[] = [
  {name: 'help', short: 'h', help: 'Show this help'},
  {name: 'version', help: 'Show the version'},
];

/** Flags of kubectl's connection that make sense for workspaces. */
export const connectionFlags: readonly Flag[] = [
  {name: 'kubeconfig', takes: 'path', help: 'Path to the kubeconfig file'},
  {name: 'context', takes: 'name', help: 'The context of the kubeconfig to use'},
  {name: 'user', takes: 'name', help: 'The user of the kubeconfig to use'},
  {name: 'server', short: 's', takes: 'url', help: 'The address of the server'},
  {name: 'token', takes: 'token', help: 'Bearer token to authenticate with'},
  {name: 'username', takes: 'name', help: 'User name for basic authentication'},
  {name: 'password', takes: 'password', help: 'Password for basic authentication'},
  {name: 'as-uid', takes: 'uid', help: 'UID to impersonate'},
  {name: 'certificate-authority', takes: 'path', help: 'File with the certificate of the authority to trust'},
  {name: 'insecure-skip-tls-verify', help: "Do not check the server's certificate"},
  {name: 'tls-server-name', takes: 'name', help: "Name to expect in the server's certificate"},
  {name: 'disable-compression', help: 'Accepted for compatibility; answers are never compressed'},
  {name: 'namespace', short: 'n', takes: 'name', help: 'Accepted for compatibility; workspaces have no namespace'},
  {name: 'v', short: 'v', takes: 'level', help: 'Accepted for compatibility'},
];

export const workspaceFlag: Flag = {
  name: 'workspace',
  short: 'w',
  takes: 'path',
  help: "Act in this workspace: absolute with a leading ':', otherwise relative to the current one",
};
export const shortFlag: Flag = {name: 'short', help: 'Print only the path of the workspace, for instance for a shell prompt'};

export function helpText(command: Command, subcommands: readonly Command[]): string {
  const flags = [...command.flags, ...everywhere].map(f => {
    const name = `${f.short ? `-${f.short}, ` : '    '}--${f.name}${f.takes ? ` ${f.takes}` : ''}`;
    return [name, f.help] as const;
  });
  const sections = [
    command.short,
    `Usage:\n  ${command.usage}`,
    ...(command.examples ? [`Examples:\n${command.examples}`] : []),
    ...(subcommands.length > 0 ? [`Commands:\n${columns(subcommands.map(each => [each.name, each.short]))}`] : []),
    `Flags:\n${columns(flags)}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}   ${text}`).join('\n');
}
