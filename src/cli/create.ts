import {ApiError} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Client} from '../client/client.ts';
import type {Command} from './command.ts';
import {connectionFlags, workspaceFlag} from './command.ts';
import {addContext} from './create-context.ts';
import type {ParsedFlags} from './flags.ts';
import {isSet} from './flags.ts';
import {parseLabelSelector} from './label-selector.ts';
import {currentWorkspace, openSession, workspaces} from './session.ts';
import {enter, printType} from './use.ts';
import type {World} from './world.ts';
import {CommandError} from './world.ts';

/** `kubectl create workspace NAME` (spec kcp 11.2). */
export const createWorkspace: Command = {
  name: 'create',
  usage: 'kubectl create workspace <name> [--type <type>] [--enter] [--ignore-existing]',
  short: 'Creates a new workspace',
  flags: [
    {name: 'type', takes: 'path:name', help: 'A workspace type. The default type depends on where this child workspace is created'},
    {name: 'enter', help: 'Immediately enter the created workspace'},
    {
      name: 'ignore-existing',
      help: 'Ignore if the workspace already exists. Requires none or absolute type path. Overwrites the context if --create-context is set',
    },
    {name: 'location-selector', takes: 'selector', help: 'A label selector to select the scheduling location of the created workspace'},
    {name: 'create-context', takes: 'name', help: 'Create a kubeconfig context of this name for the new workspace'},
    workspaceFlag,
    ...connectionFlags,
  ],
  args: {min: 1, max: 1, isStrict: true},
  run: create,
};

/** The same as a verb of `kubectl ws`, where it used to live. */
export const createDeprecated: Command = {
  ...createWorkspace,
  usage: createWorkspace.usage.replace('create workspace', 'ws create'),
  deprecated: "install the 'kubectl create workspace' plugin instead, compare https://docs.kcp.io/kcp/latest/setup/kubectl-plugin/.",
};

async function create(flags: ParsedFlags, world: World): Promise<void> {
  const [name] = flags.args as readonly [string];
  const type = typeNamed(flags.values.get('type'));
  const ignoreExisting = isSet(flags, 'ignore-existing');
  if (ignoreExisting && type && type.path !== 'root' && !type.path?.startsWith('root:'))
    throw new CommandError('--ignore-existing must not be used with non-absolute type path');
  const spec = {...(type && {type}), ...locationOf(flags.values.get('location-selector'))};
  const session = openSession(flags, world);
  const client = session.clientAt(currentWorkspace(session).path);

  const {workspace, isNew} = await createOrGet(client, name, spec, ignoreExisting);
  const reference = `Workspace ${JSON.stringify(name)} (type ${printType(asJson(workspace)) ?? ''})`;
  if (!isNew && type) checkType(workspace, type);
  const isReady = phaseOf(workspace) === 'Ready';
  const wait = isReady ? '' : ' Waiting for it to be ready...';
  if (!isNew) world.out(`${reference} already exists.${wait}\n`);
  else if (!isReady) world.out(`${reference} created.${wait}\n`);
  const ready = isReady ? workspace : await untilReady(client, name, world);
  world.out(`${reference} is ready to use.\n`);

  const contextName = flags.values.get('create-context');
  const switchTo = isSet(flags, 'enter');
  if (contextName) {
    const server = digString(asJson(ready), 'spec', 'URL') ?? '';
    addContext(session, world, {name: contextName, server, overwrite: ignoreExisting, switchTo});
  } else if (switchTo) await enter(name, session, world, false);
}

/** A type without a path: the server looks it up from the parent workspace upwards. */
type TypeReference = {readonly name: string; readonly path?: string};

/** `root:org:team` is the type `team` of `root:org`. */
function typeNamed(typed: string | undefined): TypeReference | undefined {
  if (!typed) return undefined;
  const colon = typed.lastIndexOf(':');
  const name = typed.slice(colon + 1).toLowerCase();
  return colon < 0 ? {name} : {name, path: typed.slice(0, colon)};
}

function locationOf(typed: string | undefined): JsonObject {
  return typed ? {location: {selector: parseLabelSelector(typed)}} : {};
}

type Outcome = {readonly workspace: KubeObject; readonly isNew: boolean};

async function createOrGet(client: Client, name: string, spec: JsonObject, ignoreExisting: boolean): Promise<Outcome> {
  try {
    const object = {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: {name}, spec};
    return {workspace: await client.create(workspaces, object), isNew: true};
  } catch (err) {
    if (!ignoreExisting || !(err instanceof ApiError) || err.reason !== 'AlreadyExists') throw err;
    return {workspace: await client.get(workspaces, name), isNew: false};
  }
}

function checkType(workspace: KubeObject, wanted: TypeReference): void {
  const actual = printType(asJson(workspace)) ?? '';
  const asked = wanted.path ? `${wanted.path}:${wanted.name}` : wanted.name;
  if (actual === asked) return;
  const name = JSON.stringify(workspace.metadata.name);
  throw new CommandError(`workspace ${name} cannot be created with type ${asked}, it already exists with different type ${actual}`);
}

const limits = {readyMsMax: 60_000, appearMsMax: 5_000, pollMsMin: 50, pollMsMax: 500} as const;

/** Asks often at first, since most workspaces are ready at once. Right after its creation a workspace may not be seen everywhere yet. */
async function untilReady(client: Client, name: string, world: World): Promise<KubeObject> {
  const start = world.now();
  let phase = 'unknown';
  for (let pause: number = limits.pollMsMin; ; pause = Math.min(pause * 2, limits.pollMsMax)) {
    const elapsedMs = world.now() - start;
    try {
      const workspace = await client.get(workspaces, name);
      if (phaseOf(workspace) === 'Ready') return workspace;
      phase = phaseOf(workspace) ?? phase;
    } catch (err) {
      if (!(err instanceof ApiError) || err.reason !== 'NotFound' || elapsedMs > limits.appearMsMax) throw err;
    }
    if (elapsedMs > limits.readyMsMax)
      throw new CommandError(`timed out waiting for workspace ${JSON.stringify(name)} to be ready, its phase is ${phase}`);
    await world.sleep(pause);
  }
}

const phaseOf = (workspace: KubeObject): string | undefined => digString(asJson(workspace), 'status', 'phase');
