import {drive} from '../load.ts';
import {configMap, configMaps, workspace} from '../objects.ts';
import {type Note, type Row, type Settings, watched} from '../row.ts';
import {type Server, startServer} from '../server.ts';
import type {Request} from '../session.ts';
import {noteTimes} from './requests.ts';

/** Server-side apply of the ConfigMaps that `requests` writes: what is new, what is as it was, what has changed. */
export const apply: Row = {
  name: 'apply',
  about: 'server-side apply by 1 and by many clients: new objects, the same again, changed ones',
  async run(settings, note) {
    const server = await startServer(settings.folder(), settings.nodeOptions);
    for (let i = 0; i < settings.repetitions; i++)
      for (const clients of [1, settings.manyClients]) await applyAll(server, settings, note, {clients, round: i});
    await server.stop();
  },
};

async function applyAll(
  server: Server,
  settings: Settings,
  note: Note,
  by: {readonly clients: number; readonly round: number},
): Promise<void> {
  const {clients, round} = by;
  const sessions = await server.sessions(Math.min(clients, settings.sessions));
  const path = configMaps(await workspace(sessions[0]!, `apply-${clients}-${round}`));
  const request = (n: number, content: number): Request => ({
    method: 'PATCH',
    path: `${path}/object-${n}?fieldManager=bench`,
    type: 'application/apply-patch+yaml',
    body: configMap(`object-${n}`, content),
  });
  const phase = async (what: string, expect: number, next: (n: number) => Request): Promise<number> => {
    const title = `apply ${what}, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
    const {ms, warmMs} = settings;
    const {sent} = await watched(server, title, note, async () => {
      const measured = await drive({sessions, clients, ms, warmMs, next, expect});
      noteTimes(title, note, measured);
      return measured;
    });
    return sent;
  };
  const count = await phase('new', 201, n => request(n, n));
  const some = (n: number): number => (n * 48_271) % count;
  await phase('the same', 200, n => request(some(n), some(n)));
  await phase('changed', 200, n => request(some(n), count + n));
  for (const session of sessions) session.close();
}
