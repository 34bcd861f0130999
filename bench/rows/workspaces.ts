import {performance} from 'node:perf_hooks';
import {drive, sleep} from '../load.ts';
import {newWorkspace, workspace, workspacesOf} from '../objects.ts';
import {kibibytes, megabytes, type Note, noteLoop, noteRss, type Row, type Settings, watched} from '../row.ts';
import {diskBytes, type Server, startServer} from '../server.ts';
import type {Session} from '../session.ts';
import {noteTimes} from './requests.ts';

const clientsAtOnce = 16;
/** Each workspace of the tree has so many children, which makes 10,000 of them a tree of depth 5. */
const branches = 10;
const settleMs = 3_000;
const pollMs = 50;
const pageItems = 500;
const deletionMsMax = 600_000;
/** Before memory is compared: compiled code and full caches are no cost of a workspace. */
const warmWorkspaces = 500;

/** How fast workspaces come and go, and what they hold. */
export const workspaces: Row = {
  name: 'workspaces',
  about: 'workspaces made, held and deleted',
  async run(settings, note) {
    for (let i = 0; i < settings.repetitions; i++) {
      const directory = settings.folder();
      const server = await startServer(directory, settings.nodeOptions);
      const sessions = await server.sessions(settings.sessions);
      for (const clients of [1, clientsAtOnce]) await flat(server, {sessions, clients}, settings, note);
      const planted = await tree(server, sessions, settings, note);
      await fell(server, sessions[0]!, planted, note);
      await server.stop();
    }
  },
};

type Makers = {readonly sessions: readonly Session[]; readonly clients: number};

/** All below one parent. */
async function flat(server: Server, {sessions, clients}: Makers, {ms, warmMs}: Settings, note: Note): Promise<void> {
  const parent = await workspace(sessions[0]!, `flat-${clients}`);
  const title = `workspaces, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
  const next = (n: number) => newWorkspace(parent, `child-${n}`);
  await watched(server, title, note, async () => {
    const measured = await drive({sessions, clients, ms, warmMs, next, expect: 201});
    noteTimes(title, note, measured);
    return measured;
  });
}

type Planted = {
  /** Workspaces and logical clusters there were before. */
  readonly existing: number;
  /** Bytes in memory with the tree. */
  readonly rss: number;
};

/** Makes the tree and notes what its workspaces hold. */
async function tree(server: Server, sessions: readonly Session[], {workspaces: count}: Settings, note: Note): Promise<Planted> {
  const warm = await workspace(sessions[0]!, 'warm');
  await make(sessions, warmWorkspaces, n => newWorkspace(warm, `child-${n}`));
  await sleep(settleMs);
  const existing = await countAll(sessions[0]!);
  const before = {rss: (await server.metrics()).rssBytes, disk: diskBytes(server.directory)};
  await plant(sessions, count);
  await sleep(settleMs);
  const after = await server.metrics();
  const title = `${count.toLocaleString('en')} workspaces`;
  note(`${title}: memory each`, 'KiB', kibibytes(after.rssBytes - before.rss) / count);
  note(`${title}: disk each`, 'KiB', kibibytes(diskBytes(server.directory) - before.disk) / count);
  note(`${title}: RSS`, 'MB', megabytes(after.rssBytes));
  return {existing, rss: after.rssBytes};
}

const make = (sessions: readonly Session[], count: number, request: (n: number) => ReturnType<typeof newWorkspace>): Promise<unknown> =>
  drive({
    sessions,
    clients: clientsAtOnce,
    ms: Number.POSITIVE_INFINITY,
    next: n => (n < count ? request(n) : undefined),
    expect: 201,
  });

/** Level by level, so that every parent is there before its children. */
async function plant(sessions: readonly Session[], count: number): Promise<void> {
  let parents = ['root'];
  for (let made = 0, width = 1; made < count; width *= branches) {
    const level = Array.from({length: Math.min(width, count - made)}, (_, i) => {
      const [parent, name] = [parents[Math.floor(i / branches)]!, width === 1 ? 'tree' : `branch-${i % branches}`];
      return {parent, name};
    });
    await make(sessions, level.length, n => newWorkspace(level[n]!.parent, level[n]!.name));
    parents = level.map(({parent, name}) => `${parent}:${name}`);
    made += level.length;
  }
}

/** Deletes the tree by its root, whose Workspace goes last, and sees that as much is left as was there before it. */
async function fell(server: Server, session: Session, {existing, rss}: Planted, note: Note): Promise<void> {
  await server.metrics();
  const begun = performance.now();
  const path = `${workspacesOf('root')}/tree`;
  const gone = await session.ask({method: 'DELETE', path});
  if (gone.status !== 200) throw new Error(`the deletion was answered with ${gone.status}: ${gone.body}`);
  while ((await session.ask({method: 'GET', path})).status !== 404) {
    if (performance.now() - begun > deletionMsMax) throw new Error('the tree was not deleted in time');
    await sleep(pollMs);
  }
  note('deletion of the tree', 'ms', performance.now() - begun);
  const left = (await countAll(session)) - existing;
  if (left) throw new Error(`${left} workspaces and logical clusters are left of the tree`);
  noteLoop('deletion of the tree', note, await server.metrics());
  note('deletion of the tree: RSS before', 'MB', megabytes(rss));
  await sleep(settleMs);
  await noteRss('deletion of the tree: RSS afterwards', note, server);
}

/** How many workspaces and logical clusters there are, page by page: what is left of a long list is not told. */
async function countAll(session: Session): Promise<number> {
  let count = 0;
  for (const resource of ['tenancy.kcp.io/v1alpha1/workspaces', 'core.kcp.io/v1alpha1/logicalclusters']) {
    for (let next = ''; ; ) {
      const {body} = await session.ask({method: 'GET', path: `/clusters/*/apis/${resource}?limit=${pageItems}&continue=${next}`});
      const {metadata, items} = JSON.parse(body) as {metadata: {continue?: string}; items: readonly unknown[]};
      count += items.length;
      if (!metadata.continue) break;
      next = encodeURIComponent(metadata.continue);
    }
  }
  return count;
}
