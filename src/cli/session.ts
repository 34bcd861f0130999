import {digString} from '../api/json.ts';
import type {Client, ResourceRef} from '../client/client.ts';
import {clientOver} from '../client/client.ts';
import {connectionOf} from '../client/connection.ts';
import type {Entry, Kubeconfig} from '../client/kubeconfig.ts';
import {loadKubeconfig} from '../client/kubeconfig.ts';
import type {ParsedFlags} from './flags.ts';
import {isSet} from './flags.ts';
import type {WorkspaceUrl} from './paths.ts';
import {parseWorkspaceUrl, resolvePath, workspaceUrl} from './paths.ts';
import type {World} from './world.ts';
import {CommandError} from './world.ts';

/** One command's view of the world: the kubeconfig, the context it acts in, and clients for any workspace of its server. */
export type Session = {
  readonly config: Kubeconfig;
  readonly context: Entry;
  /** The URL in effect, after all flags. */
  readonly server: string;
  readonly clientAt: (path: string) => Client;
};

export const workspaces: ResourceRef = {group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces'};
export const logicalClusters: ResourceRef = {group: 'core.kcp.io', version: 'v1alpha1', resource: 'logicalclusters'};
export const apiBindings: ResourceRef = {group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apibindings'};

/** Opens what the flags and the kubeconfig say. Asks the server nothing. */
export function openSession(flags: ParsedFlags, world: World): Session {
  const flag = (name: string): string | undefined => flags.values.get(name);
  const config = loadKubeconfig({flag: flag('kubeconfig'), list: world.env['KUBECONFIG'], home: world.home, cwd: world.cwd});
  const context = contextIn(config, flag('context'));
  const connection = connectionOf(config, context, {
    user: flag('user'),
    server: flag('server'),
    token: flag('token'),
    username: flag('username'),
    password: flag('password'),
    asUid: flag('as-uid'),
    certificateAuthority: flag('certificate-authority'),
    insecureSkipTlsVerify: isSet(flags, 'insecure-skip-tls-verify') || undefined,
    tlsServerName: flag('tls-server-name'),
  });
  const fetch = world.fetchFor(connection);
  const target = targetBase(connection.server);
  return {
    config,
    context,
    server: inWorkspace(connection.server, flag('workspace')),
    clientAt: path => clientOver({fetch, prefix: `${target}/clusters/${path}`, sleep: world.sleep}),
  };
}

function contextIn(config: Kubeconfig, asked: string | undefined): Entry {
  const context = config.contexts.get(asked ?? config.currentContext);
  if (context) return context;
  if (asked !== undefined) throw new CommandError(`context ${JSON.stringify(asked)} does not exist`);
  throw new CommandError(`current ${JSON.stringify(config.currentContext)} context not found`);
}

/** Where the URL in effect points; throws when it is not a workspace. */
export function currentWorkspace(session: Session): WorkspaceUrl {
  const found = parseWorkspaceUrl(session.server);
  if (!found) throw new CommandError(`current URL ${JSON.stringify(session.server)} does not point to a workspace`);
  return found;
}

/** The cluster entry of the context in effect. */
export function clusterEntry(config: Kubeconfig, context: Entry): Entry {
  const name = digString(context.body, 'cluster') ?? '';
  const cluster = config.clusters.get(name);
  if (!cluster) throw new CommandError(`cluster ${JSON.stringify(name)} not found in kubeconfig`);
  return cluster;
}

/** The path under which the server keeps its workspaces: views such as `/services/…` lie beside, not above them. */
function targetBase(server: string): string {
  const {pathname} = new URL(server);
  const end = /\/(?:clusters|services)\//.exec(pathname)?.index ?? pathname.length;
  return pathname.slice(0, end).replace(/\/$/, '');
}

function inWorkspace(server: string, typed: string | undefined): string {
  if (typed === undefined) return server;
  const current = parseWorkspaceUrl(server);
  if (!current) throw new CommandError(`current URL ${JSON.stringify(server)} does not point to a workspace`);
  return workspaceUrl(current.base, resolvePath(typed, current.path, 'cannot go above the root workspace'));
}
