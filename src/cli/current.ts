import type {Command} from './command.ts';
import {connectionFlags, shortFlag} from './command.ts';
import {isSet} from './flags.ts';
import {parseWorkspaceUrl} from './paths.ts';
import {openSession} from './session.ts';
import type {World} from './world.ts';

export const current: Command = {
  name: 'current',
  usage: 'kubectl ws current [--short]',
  short: "Prints the current workspace; the same as 'kubectl ws .'",
  flags: [shortFlag, ...connectionFlags],
  args: {min: 0, max: 0},
  run: async (flags, world) => sayCurrent(world, openSession(flags, world).server, isSet(flags, 'short')),
};

/** Says where `server` points. `type` is `<path>:<name>` of the workspace's type, when it is known. */
export function sayCurrent(world: World, server: string, isShort: boolean, type?: string): void {
  const workspace = parseWorkspaceUrl(server);
  if (workspace) world.out(isShort ? `${workspace.path}\n` : `Current workspace is '${workspace.path}'${type ? ` (type ${type})` : ''}.\n`);
  else if (!isShort) world.out(`Current workspace is the URL ${JSON.stringify(server)}.\n`);
}
