import {splitPath} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {Json} from '../api/json.ts';
import {dig, digString} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {Client} from '../client/client.ts';
import {warnOfClaims} from './claims.ts';
import type {Command} from './command.ts';
import {connectionFlags, shortFlag} from './command.ts';
import {sayCurrent} from './current.ts';
import {isSet} from './flags.ts';
import {parseWorkspaceUrl, resolvePath, workspaceUrl} from './paths.ts';
import type {Session} from './session.ts';
import {currentWorkspace, openSession, workspaces} from './session.ts';
import {swapContexts, switchContext} from './switch.ts';
import type {World} from './world.ts';
import {CommandError} from './world.ts';

export const use: Command = {
  name: 'use',
  aliases: ['cd'],
  usage: 'kubectl ws use <workspace>|..|.|-|~|<:root:absolute:workspace>|<relative:workspace>',
  short: 'Makes a workspace the current one: - is the previous, .. the parent, . the current, ~ the home workspace',
  flags: [shortFlag, ...connectionFlags],
  args: {min: 1, max: 1},
  run: (flags, world) => enter(flags.args[0]!, openSession(flags, world), world, isSet(flags, 'short')),
};

const notes = {
  cd: "Note: 'kubectl ws' now matches 'cd' semantics: go to home workspace. 'kubectl ws -' to go back. 'kubectl ws .' to print current workspace.\n",
  root: "Note: Using 'root:' to define an absolute path is no longer supported. Instead, use ':root' to specify an absolute path.\n",
};

/** Goes to the workspace that was typed and says where one is then (spec kcp 11.1). */
export async function enter(typed: string, session: Session, world: World, isShort: boolean): Promise<void> {
  const name = normalized(typed, world);
  switch (name) {
    case '.':
      return sayCurrent(world, session.server, isShort);
    case '-':
      return arrive(swapContexts(session), session, world, {isShort});
    case ':': {
      const {base, path} = currentWorkspace(session);
      return arrive(switchContext(session, workspaceUrl(base, path.split(':')[0]!)), session, world, {isShort});
    }
  }
  const {base, path: current} = currentWorkspace(session);
  const wanted = name === '~' || name.startsWith('~:') ? `:${await homePath(session)}${name.slice(1)}` : name;
  const path = resolvePath(wanted, current, 'cannot go up from root');
  const type = await typeIfAllowed(session, path);
  await arrive(switchContext(session, workspaceUrl(base, path)), session, world, {isShort, type});
  if (typed === '' && !isShort) world.err(notes.cd);
}

/** Undoes what the shell made of `~`, lets `/` stand for `:`, and forgives `root:…` without a colon in front. */
function normalized(typed: string, world: World): string {
  const isHome = world.home !== '' && (typed === world.home || typed.startsWith(`${world.home}/`) || typed.startsWith(`${world.home}:`));
  const name = (isHome ? `~${typed.slice(world.home.length)}` : typed).replaceAll('/', ':') || '~';
  if (name !== 'root' && !name.startsWith('root:')) return name;
  world.err(notes.root);
  return `:${name}`;
}

async function homePath(session: Session): Promise<string> {
  const home = await session.clientAt('root').get(workspaces, '~');
  const url = digString(asJson(home), 'spec', 'URL') ?? '';
  const found = parseWorkspaceUrl(url);
  if (!found) throw new CommandError(`invalid home workspace URL ${JSON.stringify(url)}`);
  return found.path;
}

/** The type of the workspace at `path`, when its parent tells. Throws when one may not go there, or nothing is there. */
async function typeIfAllowed(session: Session, path: string): Promise<string | undefined> {
  const {parent, name} = splitPath(path);
  const [isOpen, found] = await Promise.all([
    servesAnything(session.clientAt(path)),
    parent === undefined ? undefined : workspaceOrReason(session.clientAt(parent), name),
  ]);
  if (!isOpen && found === 'NotFound') throw new CommandError(`workspace ${JSON.stringify(path)} not found`);
  if (!isOpen) throw new CommandError(`access to workspace ${JSON.stringify(path)} denied`);
  if (path === 'root') return 'root';
  return typeof found === 'object' ? printType(found) : undefined;
}

/** Discovery is what everyone with access may read; an empty one is a closed door. */
async function servesAnything(client: Client): Promise<boolean> {
  const read = async (path: string, list: string): Promise<boolean> => {
    const found = dig(await client.read(path).catch(onlyReasons), list);
    return Array.isArray(found) && found.length > 0;
  };
  return (await read('/apis', 'groups')) || (await read('/api', 'versions'));
}

const workspaceOrReason = (client: Client, name: string): Promise<Json> => client.get(workspaces, name).then(asJson, onlyReasons);

/** A refusal by the server is an answer here; no answer at all is not. */
function onlyReasons(err: unknown): string {
  if (err instanceof ApiError && (err.reason === 'NotFound' || err.reason === 'Forbidden')) return err.reason;
  throw err;
}

/** `<path>:<name>` of a Workspace's type. */
export function printType(workspace: Json): string | undefined {
  const name = digString(workspace, 'spec', 'type', 'name');
  const path = digString(workspace, 'spec', 'type', 'path');
  return path && name ? `${path}:${name}` : name;
}

type Arrival = {readonly isShort: boolean; readonly type?: string | undefined};

async function arrive(server: string, session: Session, world: World, {isShort, type}: Arrival): Promise<void> {
  const path = parseWorkspaceUrl(server)?.path;
  if (path !== undefined) await warnOfClaims(session.clientAt(path), world);
  sayCurrent(world, server, isShort, type);
}
