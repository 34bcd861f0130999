import {ApiError} from '../api/errors.ts';
import type {Json} from '../api/json.ts';
import {dig, digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {ResourceRef} from '../client/client.ts';
import type {Branch, Browser} from './browser.ts';
import {press} from './browser.ts';
import type {Details} from './screen.ts';
import {draw} from './screen.ts';
import type {Session} from './session.ts';
import {apiBindings, currentWorkspace, workspaces} from './session.ts';
import {enter, printType} from './use.ts';
import type {Terminal, World} from './world.ts';
import {CommandError} from './world.ts';

/** Lets a person walk through the workspaces with the keys, and enters the one that was chosen (spec kcp 11.1). */
export async function browse(session: Session, world: World): Promise<void> {
  const {path: current} = currentWorkspace(session);
  const browser = await browserAt(session, current);
  const terminal = world.openTerminal?.();
  if (!terminal) throw new CommandError('interactive mode needs a terminal');
  let chosen: string | undefined;
  try {
    chosen = await choose(session, terminal, browser, current);
  } finally {
    terminal.close();
  }
  if (chosen !== undefined) await enter(`:${chosen}`, session, world, false);
}

/** The path of the chosen workspace, undefined when the person left. */
async function choose(session: Session, terminal: Terminal, browser: Browser, current: string): Promise<string | undefined> {
  const known = new Map<string, Details | undefined>();
  const show = (): void => terminal.show(draw({browser, current, details: known.get(browser.cursor.path), size: terminal.size()}));
  const showDetails = async ({path, isMount}: Branch): Promise<void> => {
    if (isMount || known.has(path)) return;
    known.set(path, undefined);
    known.set(path, await detailsOf(session, path));
    show();
  };
  show();
  void showDetails(browser.cursor);
  for await (const key of terminal.keys) {
    const wish = press(browser, key);
    if (wish === 'leave') return undefined;
    if (wish === 'enter') return browser.cursor.path;
    if (wish === 'read') await readChildren(session, browser.cursor);
    show();
    // Not waited for: the keys go on working while the server answers.
    void showDetails(browser.cursor);
  }
  return undefined;
}

/** A browser opened along the way to `path`, with the cursor there. */
async function browserAt(session: Session, path: string): Promise<Browser> {
  const [first = '', ...names] = path.split(':');
  const top: Branch = {
    name: first,
    path: first,
    parent: undefined,
    type: '',
    cluster: first,
    isMount: false,
    isOpen: true,
    children: undefined,
  };
  await readChildren(session, top);
  let cursor = top;
  for (const name of names) {
    const child = cursor.children?.find(each => each.name === name);
    if (!child) break;
    cursor.isOpen = true;
    cursor = child;
    if (child.path !== path) await readChildren(session, child);
  }
  return {top, cursor};
}

async function readChildren(session: Session, branch: Branch): Promise<void> {
  const found = await allOrNone(session, branch.path, workspaces);
  branch.children = found.filter(each => each.metadata.deletionTimestamp === undefined).map(each => childOf(branch, each));
}

const childOf = (parent: Branch, workspace: KubeObject): Branch => ({
  name: workspace.metadata.name,
  path: `${parent.path}:${workspace.metadata.name}`,
  parent,
  type: printType(asJson(workspace)) ?? '',
  cluster: digString(asJson(workspace), 'spec', 'cluster') ?? '',
  isMount: dig(asJson(workspace), 'spec', 'mount') !== undefined,
  isOpen: false,
  children: undefined,
});

const apiExports: ResourceRef = {group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports'};
const endpointSlices: ResourceRef = {group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiexportendpointslices'};

async function detailsOf(session: Session, path: string): Promise<Details> {
  const [exports, slices, bindings] = await Promise.all(
    [apiExports, endpointSlices, apiBindings].map(ref => allOrNone(session, path, ref).catch(() => [])),
  );
  return {
    exports: exports!.map(each => each.metadata.name),
    slices: slices!.map(printSlice),
    bindings: bindings!.map(each => [each.metadata.name, ...listAt(asJson(each), 'status', 'boundResources').map(printResource)]),
  };
}

function printSlice(slice: KubeObject): string {
  const at = (field: string): string => digString(asJson(slice), 'spec', 'export', field) ?? '';
  const endpoints = listAt(asJson(slice), 'status', 'endpoints').length;
  return `${slice.metadata.name} → ${at('path')}:${at('name')} (${endpoints} endpoints)`;
}

const printResource = (resource: Json): string => [digString(resource, 'resource'), digString(resource, 'group')].filter(Boolean).join('.');

function listAt(from: Json, ...path: readonly string[]): readonly Json[] {
  const found = dig(from, ...path);
  return Array.isArray(found) ? found : [];
}

/** A door that is closed, or a kind that is not served, is an empty list to the eye. */
async function allOrNone(session: Session, path: string, ref: ResourceRef): Promise<readonly KubeObject[]> {
  try {
    return await session.clientAt(path).listAll(ref);
  } catch (err) {
    if (err instanceof ApiError) return [];
    throw err;
  }
}
