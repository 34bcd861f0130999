import {performance} from 'node:perf_hooks';
import {quantile, sleep} from '../load.ts';
import {configMap, configMaps, workspace} from '../objects.ts';
import {type Note, type Row, type Settings, watched} from '../row.ts';
import {type Server, startServer} from '../server.ts';
import type {Session} from '../session.ts';
import {openWatches} from '../watches.ts';

const watches = 1_000;
const watchesPerSession = 100;
const writesPerSecond = 100;
/** How many watchers see each event: all of them is the hardest case, a few the usual one. */
const audiences = [10, watches] as const;
/** Events that come later than this are missed. */
const lateMsMax = 10_000;
const pollMs = 20;

/** How soon a write is seen by those who watch. */
export const watchers: Row = {
  name: 'watchers',
  about: 'from a write to 1,000 watchers, at 100 writes a second',
  async run(settings, note) {
    const server = await startServer(settings.folder(), settings.nodeOptions);
    for (let i = 0; i < settings.repetitions; i++)
      for (const audience of audiences) await follow(server, settings, note, {audience, round: i});
    await server.stop();
  },
};

type Turn = {readonly audience: number; readonly round: number};

async function follow(server: Server, settings: Settings, note: Note, {audience, round}: Turn): Promise<void> {
  const sessions = await server.sessions(watches / watchesPerSession);
  const [writer] = (await server.sessions(1)) as [Session];
  const paths: string[] = [];
  for (let i = 0; i < watches / audience; i++) paths.push(configMaps(await workspace(writer, `watched-${audience}-${round}-${i}`)));
  const sentAt: number[] = [];
  const answeredAt: number[] = [];
  const seen: {readonly n: number; readonly at: number}[] = [];
  for (const path of paths) await openWatches(sessions, {path, watches: audience}, n => void seen.push({n, at: performance.now()}));

  const title = `${watches} watchers, ${audience === watches ? 'all see each write' : `${audience} see each write`}`;
  const first = Math.round((settings.warmMs / 1000) * writesPerSecond);
  const writes = first + Math.round((settings.ms / 1000) * writesPerSecond);
  await watched(server, title, note, async () => {
    const answers = Array.from({length: writes}, async (_, n) => {
      await sleep((n * 1000) / writesPerSecond);
      sentAt[n] = performance.now();
      const made = await writer.ask({method: 'POST', path: paths[n % paths.length]!, body: configMap(`object-${n}`, n)});
      if (made.status !== 201) throw new Error(`a write was answered with ${made.status}`);
      answeredAt[n] = performance.now();
    });
    await Promise.all(answers);
    const late = performance.now() + lateMsMax;
    while (seen.length < writes * audience && performance.now() < late) await sleep(pollMs);
    return {sent: writes * audience};
  });
  const counted = seen.filter(({n}) => n >= first);
  const fromSent = Float64Array.from(counted, ({n, at}) => at - sentAt[n]!).sort();
  const fromAnswer = Float64Array.from(counted, ({n, at}) => Math.max(0, at - answeredAt[n]!)).sort();
  note(`${title}: from the writer's request, p50`, 'ms', quantile(fromSent, 0.5));
  note(`${title}: from the writer's request, p99`, 'ms', quantile(fromSent, 0.99));
  note(`${title}: from the writer's answer, p50`, 'ms', quantile(fromAnswer, 0.5));
  note(`${title}: from the writer's answer, p99`, 'ms', quantile(fromAnswer, 0.99));
  note(`${title}: events seen`, '%', (100 * seen.length) / (writes * audience));
  for (const session of [...sessions, writer]) session.close();
}
