import type {Metrics, Server} from './server.ts';

/** What all rows are run with. */
export type Settings = {
  readonly quick: boolean;
  readonly repetitions: number;
  /** How long one measurement takes. */
  readonly ms: number;
  readonly warmMs: number;
  readonly sessions: number;
  readonly manyClients: number;
  readonly workspaces: number;
  /** Options for Node, as for profiling. */
  readonly nodeOptions: string;
  /** Makes an empty folder that is gone at the end. */
  readonly folder: () => string;
};

/** A group of figures that are measured together. */
export type Row = {
  readonly name: string;
  readonly about: string;
  readonly run: (settings: Settings, note: Note) => Promise<void>;
};

/** Takes down one sample of a figure; samples of the same name are repetitions. */
export type Note = (figure: string, unit: Unit, value: number) => void;

export type Unit = 'ms' | '/s' | 'MB' | 'KiB' | 'µs' | '%' | '';

export const megabytes = (bytes: number): number => bytes / 1e6;
export const kibibytes = (bytes: number): number => bytes / 1024;

/**
 * Runs a piece of work and notes what it cost the server besides: the delay of its event loop, its processor time per operation, how much of a core it
 * got, what it would do with all of it, and how busy the load itself was, which should leave room. On a machine that others use too, the time per operation
 * is the steadiest of figures.
 */
export async function watched<T extends {readonly sent: number}>(
  server: Server,
  title: string,
  note: Note,
  work: () => Promise<T>,
): Promise<T> {
  const before = await server.metrics();
  const own = process.cpuUsage();
  const begun = performance.now();
  const result = await work();
  const ms = performance.now() - begun;
  const {user, system} = process.cpuUsage(own);
  const after = await server.metrics();
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  note(`${title}: server cpu per operation`, 'µs', (cpuSeconds * 1e6) / result.sent);
  note(`${title}: rate of a whole core`, '/s', result.sent / cpuSeconds);
  note(`${title}: server busy`, '%', (cpuSeconds * 100_000) / ms);
  note(`${title}: load busy`, '%', (user + system) / 10 / ms);
  noteLoop(title, note, after);
  return result;
}

export function noteLoop(title: string, note: Note, metrics: Metrics): void {
  note(`${title}: event loop delay p99`, 'ms', metrics.loopP99Ms);
  note(`${title}: event loop delay max`, 'ms', metrics.loopMaxMs);
  note(seriesFigure, '', metrics.series);
}

/** Noted by all rows, and told once. */
export const seriesFigure = 'metric series';

export const noteRss = async (title: string, note: Note, server: Server): Promise<number> => {
  const {rssBytes} = await server.metrics();
  note(title, 'MB', megabytes(rssBytes));
  return rssBytes;
};
