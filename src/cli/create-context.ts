import {saveKubeconfig} from '../client/kubeconfig-save.ts';
import type {Command} from './command.ts';
import {connectionFlags} from './command.ts';
import {isSet} from './flags.ts';
import type {Session} from './session.ts';
import {clusterEntry, currentWorkspace, openSession} from './session.ts';
import type {World} from './world.ts';
import {CommandError} from './world.ts';

export const createContext: Command = {
  name: 'create-context',
  usage: 'kubectl ws create-context [<context-name>] [--overwrite]',
  short: 'Creates a kubeconfig context for the current workspace, named after its path unless told otherwise',
  flags: [{name: 'overwrite', help: 'Overwrite the context if it already exists'}, ...connectionFlags],
  args: {min: 0, max: 1},
  run: async (flags, world) => {
    const session = openSession(flags, world);
    const {path} = currentWorkspace(session);
    addContext(session, world, {name: flags.args[0] ?? path, server: session.server, overwrite: isSet(flags, 'overwrite'), switchTo: true});
  },
};

export type NewContext = {readonly name: string; readonly server: string; readonly overwrite: boolean; readonly switchTo: boolean};

/** Adds (or overwrites) a context and a cluster of that name: copies of the current ones, pointing to `server`. */
export function addContext(session: Session, world: World, {name, server, overwrite, switchTo}: NewContext): void {
  const {config, context} = session;
  const cluster = clusterEntry(config, context);
  const exists = config.contexts.has(name);
  if (exists && !overwrite)
    throw new CommandError(`context ${JSON.stringify(name)} already exists in kubeconfig, use --overwrite to update it`);
  saveKubeconfig(config, {
    clusters: [{...cluster, name, body: {...cluster.body, server}}],
    contexts: [{...context, name, body: {...context.body, cluster: name}}],
    ...(switchTo && {currentContext: name}),
  });
  const isMove = switchTo && config.currentContext !== name;
  world.out(`${exists ? 'Updated' : 'Created'} context ${JSON.stringify(name)}${isMove ? ' and switched to it' : ''}.\n`);
}
