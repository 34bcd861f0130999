import {drive, type Measured, quantile} from '../load.ts';
import {configMap, configMaps, workspace} from '../objects.ts';
import {type Note, type Row, type Settings, watched} from '../row.ts';
import {type Server, startServer} from '../server.ts';
import type {Request, Session} from '../session.ts';
import {openWatches} from '../watches.ts';

const writersOfWatched = 8;

/** The whole life of a request, with ConfigMaps of 1.5 kB: by one client, and by many. */
export const requests: Row = {
  name: 'requests',
  about: 'create, get, update, list, delete, watch by 1 and by many clients',
  async run(settings, note) {
    const server = await startServer(settings.folder(), settings.nodeOptions);
    for (let i = 0; i < settings.repetitions; i++)
      for (const clients of [1, settings.manyClients]) await life({server, settings, note, clients, round: i});
    await server.stop();
  },
};

type Life = {
  readonly server: Server;
  readonly settings: Settings;
  readonly note: Note;
  readonly clients: number;
  readonly round: number;
};

async function life({server, settings, note, clients, round}: Life): Promise<void> {
  const sessions = await server.sessions(Math.min(clients, settings.sessions));
  const path = configMaps(await workspace(sessions[0]!, `requests-${clients}-${round}`));
  const nameOf = (n: number): string => `object-${n}`;
  const phase = async (verb: string, expect: number, next: (n: number) => Request | undefined): Promise<Measured> => {
    const title = `${verb}, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
    const {ms, warmMs} = settings;
    return watched(server, title, note, async () => {
      const measured = await drive({sessions, clients, ms, warmMs, next, expect});
      noteTimes(title, note, measured);
      return measured;
    });
  };
  const {sent: count} = await phase('create', 201, n => ({method: 'POST', path, body: configMap(nameOf(n), n)}));
  const some = (n: number): string => nameOf((n * 48_271) % count);
  await phase('get', 200, n => ({method: 'GET', path: `${path}/${some(n)}`}));
  await phase('update', 200, n => ({method: 'PUT', path: `${path}/${some(n)}`, body: configMap(some(n), n)}));
  await phase('list 500', 200, () => ({method: 'GET', path: `${path}?limit=500`}));
  await watch({server, settings, note, clients, path, sessions, count});
  await phase('delete', 200, n => (n < count ? {method: 'DELETE', path: `${path}/${nameOf(n)}`} : undefined));
  for (const session of sessions) session.close();
}

export function noteTimes(title: string, note: Note, {perSecond, timesMs}: Measured): void {
  note(`${title}: rate`, '/s', perSecond);
  note(`${title}: p50`, 'ms', quantile(timesMs, 0.5));
  note(`${title}: p99`, 'ms', quantile(timesMs, 0.99));
}

type Watching = Omit<Life, 'round'> & {readonly path: string; readonly sessions: readonly Session[]; readonly count: number};

/** So many clients watch while eight write as fast as they can: how many events reach them, and how long after the writer's request. */
async function watch({server, settings, note, clients, path, sessions, count}: Watching): Promise<void> {
  const watchers = await server.sessions(Math.min(clients, settings.sessions));
  const sentAt: number[] = [];
  const delays: number[] = [];
  await openWatches(watchers, {path, watches: clients}, n => void delays.push(performance.now() - sentAt[n]!));
  const title = `watch, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
  const {ms, warmMs} = settings;
  const next = (n: number): Request => {
    sentAt[n] = performance.now();
    return {method: 'PUT', path: `${path}/object-${n % count}`, body: configMap(`object-${n % count}`, n)};
  };
  await watched(server, title, note, async () => {
    const begun = performance.now();
    const writing = await drive({sessions, clients: writersOfWatched, ms, warmMs, next, expect: 200});
    note(`${title}: events written`, '/s', writing.perSecond);
    note(`${title}: events delivered`, '/s', (delays.length * 1000) / (performance.now() - begun));
    return writing;
  });
  const timesMs = Float64Array.from(delays).sort();
  note(`${title}: p50`, 'ms', quantile(timesMs, 0.5));
  note(`${title}: p99`, 'ms', quantile(timesMs, 0.99));
  for (const session of watchers) session.close();
}
