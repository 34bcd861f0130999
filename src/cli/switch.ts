import {digString} from '../api/json.ts';
import type {Entry} from '../client/kubeconfig.ts';
import {saveKubeconfig} from '../client/kubeconfig-save.ts';
import type {Session} from './session.ts';
import {clusterEntry} from './session.ts';
import {CommandError} from './world.ts';

/** Names of the contexts and clusters that `kubectl ws` keeps for itself (spec kcp 11.1.7). */
const currentName = 'workspace.kcp.io/current';
const previousName = 'workspace.kcp.io/previous';

/** Points the current context to `server`, keeps the one before as previous, and gives `server` back. */
export function switchContext(session: Session, server: string): string {
  const {config, context} = session;
  const cluster = clusterEntry(config, context);
  const before = renamed(context, cluster, previousName, currentName);
  saveKubeconfig(config, {
    clusters: [{...cluster, name: currentName, body: {...cluster.body, server}}, ...before.clusters],
    contexts: [withCluster(context, currentName, currentName), before.context],
    currentContext: currentName,
  });
  return server;
}

/** Makes the previous workspace the current one and the other way round; the server one is at then. */
export function swapContexts(session: Session): string {
  const {config, context} = session;
  const previous = config.contexts.get(previousName);
  if (!previous) throw new CommandError('no previous workspace found in kubeconfig');
  const previousCluster = clusterEntry(config, previous);
  const after = renamed(previous, previousCluster, currentName, previousName);
  const before = renamed(context, clusterEntry(config, context), previousName, currentName);
  saveKubeconfig(config, {
    clusters: [...after.clusters, ...before.clusters],
    contexts: [after.context, before.context],
    currentContext: currentName,
  });
  return digString(previousCluster.body, 'server') ?? '';
}

/** The context under the name `to`. A cluster called `from` is ours and about to change, so it is copied to `to` as well. */
function renamed(context: Entry, cluster: Entry, to: string, from: string): {readonly context: Entry; readonly clusters: readonly Entry[]} {
  const isOurs = cluster.name === from;
  return {context: withCluster(context, to, isOurs ? to : cluster.name), clusters: isOurs ? [{...cluster, name: to}] : []};
}

const withCluster = (context: Entry, name: string, cluster: string): Entry => ({...context, name, body: {...context.body, cluster}});
