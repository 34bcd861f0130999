import type {Command} from './command.ts';
import {connectionFlags, runCommand, shortFlag} from './command.ts';
import {createDeprecated} from './create.ts';
import {createContext} from './create-context.ts';
import {current} from './current.ts';
import {firstArgument, isSet} from './flags.ts';
import {browse} from './interactive.ts';
import {openSession} from './session.ts';
import {tree} from './tree.ts';
import {enter, use} from './use.ts';
import type {World} from './world.ts';
import {CommandError} from './world.ts';

const examples = `  # show the workspace you are in
  kubectl ws .

  # enter a child, a descendant, an absolute path
  kubectl ws my-workspace
  kubectl ws some:nested:workspace
  kubectl ws :root:org:my-workspace

  # go to the parent, the root, the previous, your home workspace
  kubectl ws ..
  kubectl ws :
  kubectl ws -
  kubectl ws

  # draw the workspaces below the current one, or browse them
  kubectl ws tree
  kubectl ws -i`;

const workspaceCommand: Command = {
  name: 'workspace',
  usage: 'kubectl ws [create|create-context|use|current|tree|<workspace>|..|.|-|~|<:root:absolute:workspace>] [-i|--interactive]',
  short: 'Manages workspaces: shows, enters, creates them, and draws their tree',
  examples,
  flags: [{name: 'interactive', short: 'i', help: 'Browse the workspaces with the keys'}, shortFlag, ...connectionFlags],
  args: {min: 0, max: 1},
  run: async (flags, world) => {
    if (isSet(flags, 'interactive') && flags.args.length > 0) throw new CommandError('interactive mode does not accept arguments');
    const session = openSession(flags, world);
    if (isSet(flags, 'interactive')) await browse(session, world);
    else await enter(flags.args[0] ?? '', session, world, isSet(flags, 'short'));
  },
};

const subcommands: readonly Command[] = [use, current, createDeprecated, createContext, tree];

/**
 * `kubectl ws …` (spec kcp 11.1): people move between workspaces as between folders. Gives the exit code. Flags may stand
 * before the verb as well as behind it.
 */
export function workspace(words: readonly string[], world: World): Promise<number> {
  const at = firstArgument(words, workspaceCommand.flags);
  const verb = words[at];
  const command = subcommands.find(each => verb !== undefined && (each.name === verb || each.aliases?.includes(verb)));
  if (command) return runCommand(command, words.toSpliced(at, 1), world);
  return runCommand(workspaceCommand, words, world, subcommands);
}
