import {ApiError} from '../api/errors.ts';
import {dig, digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Command} from './command.ts';
import {connectionFlags, workspaceFlag} from './command.ts';
import {isSet} from './flags.ts';
import {browse} from './interactive.ts';
import {baseName, parseWorkspaceUrl} from './paths.ts';
import type {Session} from './session.ts';
import {logicalClusters, openSession, workspaces} from './session.ts';
import type {World} from './world.ts';
import {CommandError} from './world.ts';

export const tree: Command = {
  name: 'tree',
  usage: 'kubectl ws tree [-f|--full] [--wide]',
  short: 'Prints the workspaces below the current one',
  flags: [
    {name: 'full', short: 'f', help: 'Show full workspace paths'},
    {name: 'wide', help: 'Show also the phases of the workspaces and of their logical clusters'},
    {name: 'interactive', short: 'i', help: 'Browse the workspaces with the keys'},
    workspaceFlag,
    ...connectionFlags,
  ],
  args: {min: 0, max: 0},
  run: async (flags, world) => {
    const session = openSession(flags, world);
    if (isSet(flags, 'interactive')) return browse(session, world);
    const current = parseWorkspaceUrl(session.server);
    if (!current) return world.out(`current context URL ${JSON.stringify(session.server)} does not point directly to a kcp workspace\n`);
    const look = {isFull: isSet(flags, 'full'), isWide: isSet(flags, 'wide')};
    const top = await grow(session, world, {path: current.path, ...look});
    world.out(`${render(top, look.isWide).join('\n')}\n${look.isWide ? '' : '\n'}`);
  },
};

type Node = {
  readonly label: string;
  /** Where to list its children; undefined for what has none here: mounts, and workspaces without a URL yet. */
  readonly path: string | undefined;
  readonly workspacePhase: string;
  logicalClusterPhase: string;
  readonly children: Node[];
};

type Look = {readonly path: string; readonly isFull: boolean; readonly isWide: boolean};

/** Requests in flight at once. */
const concurrentMax = 8;

/** Reads the whole tree, level by level. */
async function grow(session: Session, world: World, {path, isFull, isWide}: Look): Promise<Node> {
  const top = node(isFull ? path : baseName(path), path);
  for (let level = [top]; level.length > 0; level = level.flatMap(each => each.children)) {
    await eachLimited(level, async at => {
      if (at.path === undefined) return;
      const client = session.clientAt(at.path);
      const [found, phase] = await Promise.all([
        client.listAll(workspaces).catch(err => noChildren(err, at, at === top, world)),
        isWide ? client.get(logicalClusters, 'cluster').then(phaseOf, () => undefined) : undefined,
      ]);
      at.logicalClusterPhase = phase ?? 'Unknown';
      const prefix = isFull ? `${at.label}:` : '';
      for (const workspace of found) if (workspace.metadata.deletionTimestamp === undefined) at.children.push(childNode(workspace, prefix));
    });
  }
  return top;
}

const node = (label: string, path: string | undefined, workspacePhase = '-'): Node => ({
  label,
  path,
  workspacePhase,
  logicalClusterPhase: 'Unknown',
  children: [],
});

function childNode(workspace: KubeObject, prefix: string): Node {
  const url = digString(asJson(workspace), 'spec', 'URL') ?? '';
  const label = prefix + workspace.metadata.name;
  const phase = phaseOf(workspace) ?? '-';
  if (dig(asJson(workspace), 'spec', 'mount') !== undefined) return node(`${label} [m]`, undefined, phase);
  const path = parseWorkspaceUrl(url)?.path;
  // One that is not scheduled yet has no URL, which is no reason to show nobody.
  if (path === undefined && url !== '')
    throw new CommandError(`current config context URL ${JSON.stringify(url)} does not point to workspace`);
  return node(label, path, phase);
}

const phaseOf = (object: KubeObject): string | undefined => digString(asJson(object), 'status', 'phase');

/** One closed door in the tree is told, and the rest is shown; at the top it is the answer. */
function noChildren(err: unknown, at: Node, isTop: boolean, world: World): readonly KubeObject[] {
  if (!(err instanceof ApiError)) throw err;
  if (err.reason === 'NotFound') return [];
  if (isTop || err.reason !== 'Forbidden') throw err;
  world.err(`Warning: cannot list the workspaces of ${JSON.stringify(at.label)}: ${err.message}\n`);
  return [];
}

async function eachLimited<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await act(items[next++]!);
  };
  await Promise.all(Array.from({length: Math.min(concurrentMax, items.length)}, worker));
}

/** The lines of the picture; with phases, these stand in columns behind it. */
function render(top: Node, isWide: boolean): string[] {
  const rows: {readonly text: string; readonly of: Node}[] = [];
  const draw = (at: Node, indent: string, isLast: boolean): void => {
    rows.push({text: `${indent}${isLast ? '└── ' : '├── '}${at.label}`, of: at});
    at.children.forEach((child, i) => {
      draw(child, indent + (isLast ? '    ' : '│   '), i === at.children.length - 1);
    });
  };
  draw(top, '', true);
  if (!isWide) return ['.', ...rows.map(row => row.text)];
  const textWidth = Math.max(...rows.map(row => row.text.length));
  const phaseWidth = Math.max(...rows.map(row => row.of.workspacePhase.length));
  const wide = rows.map(
    ({text, of}) => `${text.padEnd(textWidth)}  ws=${of.workspacePhase.padEnd(phaseWidth)}  lc=${of.logicalClusterPhase}`,
  );
  return ['.', ...wide];
}
