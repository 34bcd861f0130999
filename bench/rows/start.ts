import {sleep} from '../load.ts';
import {fill} from '../objects.ts';
import {type Note, noteLoop, noteRss, type Row, type Settings} from '../row.ts';
import {startServer} from '../server.ts';

const emptyStarts = 7;
const idleMs = 3_000;

/** How soon it is ready, and what it holds while nobody asks. */
export const start: Row = {
  name: 'start',
  about: 'start to ready, and memory at rest',
  async run(settings, note) {
    // The first one compiles, which the installation does for users.
    await once(settings.folder(), settings, () => {});
    for (let i = 0; i < emptyStarts; i++) await once(settings.folder(), settings, ms => note('start, empty', 'ms', ms));
    for (let i = 0; i < settings.repetitions; i++) await idle(settings.folder(), settings, note);

    const directory = settings.folder();
    await once(directory, settings, () => {});
    let filled = 0;
    for (const objects of settings.quick ? [100_000] : [100_000, 1_000_000]) {
      await fill(directory, filled, objects);
      filled = objects;
      const title = `start, ${objects.toLocaleString('en')} objects`;
      for (let i = 0; i < Math.max(3, settings.repetitions); i++) {
        await once(
          directory,
          settings,
          ms => note(title, 'ms', ms),
          rss => note(`${title}: RSS`, 'MB', rss / 1e6),
        );
      }
    }
  },
};

async function once(
  directory: string,
  {nodeOptions}: Settings,
  ready: (ms: number) => void,
  resident: (bytes: number) => void = () => {},
): Promise<void> {
  const server = await startServer(directory, nodeOptions);
  ready(server.readyMs);
  resident((await server.metrics()).rssBytes);
  await server.stop();
}

async function idle(directory: string, {nodeOptions}: Settings, note: Note): Promise<void> {
  const server = await startServer(directory, nodeOptions);
  await server.metrics();
  await sleep(idleMs);
  await noteRss('idle RSS', note, server);
  noteLoop('idle', note, await server.metrics());
  await server.stop();
}
