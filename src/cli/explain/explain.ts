import type {Command} from '../command.ts';
import {runCommand} from '../command.ts';
import {firstArgument} from '../flags.ts';
import type {World} from '../world.ts';
import {CommandError} from '../world.ts';
import {explainAccess} from './access.ts';

const explainCommand: Command = {
  name: 'explain',
  usage: 'kcp explain access ...',
  short: 'Tells why the server decides as it does',
  flags: [],
  args: {min: 1, max: 1},
  failed: 2,
  run: async () => {
    throw new CommandError('there is only one thing to explain: access');
  },
};

/** `kcp explain …`. Gives the exit code. */
export function explain(words: readonly string[], world: World): Promise<number> {
  const at = firstArgument(words, explainAccess.flags);
  if (words[at] === explainAccess.name) return runCommand(explainAccess, words.toSpliced(at, 1), world);
  return runCommand(explainCommand, words, world, [explainAccess]);
}
