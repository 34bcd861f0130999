import {performance} from 'node:perf_hooks';
import {drive} from '../load.ts';
import {configMap, configMaps, workspace} from '../objects.ts';
import {megabytes, noteLoop, type Row} from '../row.ts';
import {startServer} from '../server.ts';
import type {Session} from '../session.ts';

const objects = 10_000;
const repetitionsEach = 5;

/** A list of everything in one piece, and whether others notice. */
export const list: Row = {
  name: 'list',
  about: 'list of 10,000 objects, whole and by label, and the longest wait of another client meanwhile',
  async run(settings, note) {
    const server = await startServer(settings.folder(), settings.nodeOptions);
    const sessions = await server.sessions(settings.sessions);
    const [listing, other] = (await server.sessions(2)) as [Session, Session];
    const path = configMaps(await workspace(listing, 'lists'));
    const next = (n: number) =>
      n < objects ? ({method: 'POST', path, body: configMap(`object-${n}`, n, {hundredth: String(n % 100)})} as const) : undefined;
    await drive({sessions, clients: settings.manyClients, ms: Number.POSITIVE_INFINITY, next, expect: 201});

    for (const {title, query} of lists) {
      for (let i = 0; i < settings.repetitions * repetitionsEach; i++) {
        await server.metrics();
        let listed = false;
        // The other client's request is under way when the list is asked for.
        const waiting = longestWait(other, `${path}/object-1`, () => listed);
        const begun = performance.now();
        const bytes = await size(listing, `${path}${query}`);
        note(`${title}: time`, 'ms', performance.now() - begun);
        listed = true;
        note(`${title}: size`, 'MB', megabytes(bytes));
        note(`${title}: longest wait of another client`, 'ms', await waiting);
        noteLoop(title, note, await server.metrics());
      }
    }
    await server.stop();
  },
};

/** Everything, and the hundredth part of it that has a label. */
const lists = [
  {title: 'list 10,000', query: ''},
  {title: 'select 100 of 10,000 by label', query: '?labelSelector=hundredth%3D7'},
] as const;

function size(session: Session, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    session.send(
      {method: 'GET', path},
      {
        ended: (status, bytes) => (status === 200 ? resolve(bytes) : reject(new Error(`a list was answered with ${status}`))),
        failed: reject,
      },
    );
  });
}

/** Asks for one thing again and again, and tells the longest wait. */
export async function longestWait(session: Session, path: string, over: () => boolean): Promise<number> {
  let longest = 0;
  while (!over()) {
    const begun = performance.now();
    await session.ask({method: 'GET', path});
    longest = Math.max(longest, performance.now() - begun);
  }
  return longest;
}
