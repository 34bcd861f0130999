import {drive} from '../load.ts';
import {configMap, configMaps, secret, secrets, workspace} from '../objects.ts';
import {type Note, type Row, type Settings, watched} from '../row.ts';
import {type Server, startServer} from '../server.ts';
import type {Request, Session} from '../session.ts';
import {noteTimes} from './requests.ts';

const kinds = [
  {plural: 'configmaps', pathIn: configMaps, body: configMap},
  {plural: 'secrets', pathIn: secrets, body: secret},
] as const;
type Kind = (typeof kinds)[number];

/** Secrets, which are sealed on their way to the disk, and ConfigMaps of the same size, in turns. What is read is hot, but behind a restart. */
export const sealing: Row = {
  name: 'sealing',
  about: 'create, get and list of Secrets and of ConfigMaps, in turns',
  async run(settings, note) {
    const directory = settings.folder();
    const counts = new Map<string, number>();
    const nameOf = (n: number): string => `object-${n}`;
    for (let round = 0; round < settings.repetitions; round++) {
      await withServer(directory, settings, async (server, sessions) => {
        for (const kind of kinds) {
          const path = kind.pathIn(await workspace(sessions[0]!, `sealing-${kind.plural}-${round}`));
          const run = measuring({server, sessions, settings, note});
          const count = await run(kind, 'create', 201, n => ({method: 'POST', path, body: kind.body(nameOf(n), n)}));
          counts.set(kind.plural, count);
          await run(kind, 'get', 200, n => ({method: 'GET', path: `${path}/${nameOf((n * 48_271) % count)}`}));
          await run(kind, 'list 500', 200, () => ({method: 'GET', path: `${path}?limit=500`}));
        }
      });
      for (const kind of kinds)
        await withServer(directory, settings, async (server, sessions) => {
          const path = kind.pathIn(`root:sealing-${kind.plural}-${round}`);
          const count = counts.get(kind.plural)!;
          const run = measuring({server, sessions, settings: {...settings, warmMs: 0}, note});
          await run(kind, 'get, each for the first time', 200, n =>
            n < count ? {method: 'GET', path: `${path}/${nameOf(n)}`} : undefined,
          );
        });
    }
  },
};

async function withServer(
  directory: string,
  settings: Settings,
  work: (server: Server, sessions: readonly Session[]) => Promise<void>,
): Promise<void> {
  const server = await startServer(directory, settings.nodeOptions);
  const sessions = await server.sessions(settings.sessions);
  await work(server, sessions);
  for (const session of sessions) session.close();
  await server.stop();
}

type Measuring = {readonly server: Server; readonly sessions: readonly Session[]; readonly settings: Settings; readonly note: Note};

/** Runs requests of many clients; tells how many were sent. */
const measuring =
  ({server, sessions, settings: {ms, warmMs, manyClients: clients}, note}: Measuring) =>
  async ({plural}: Kind, verb: string, expect: number, next: (n: number) => Request | undefined): Promise<number> => {
    const title = `${plural}: ${verb}`;
    const {sent} = await watched(server, title, note, async () => {
      const measured = await drive({sessions, clients, ms, warmMs, next, expect});
      noteTimes(title, note, measured);
      return measured;
    });
    return sent;
  };
