import {ApiError} from '../api/errors.ts';
import type {Fetch} from '../client/client.ts';
import type {Connection} from '../client/connection.ts';
import {ConnectionError} from '../client/https-fetch.ts';
import {KubeconfigError} from '../client/kubeconfig.ts';

/** All a command may touch. The entry files hand in the real one, tests their own. */
export type World = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: {readonly [name: string]: string | undefined};
  /** The home directory; kubeconfig's default lies in it, and shells expand `~` to it. */
  readonly home: string;
  readonly cwd: string;
  readonly version: string;
  readonly fetchFor: (connection: Connection) => Fetch;
  /** Milliseconds, growing. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Takes the whole terminal; absent where there is none. */
  readonly openTerminal?: () => Terminal;
};

/** A screen to draw on, and the keys that are pressed, each as the terminal sends it. */
export type Terminal = {
  readonly keys: AsyncIterable<string>;
  readonly size: () => {readonly columns: number; readonly rows: number};
  readonly show: (lines: readonly string[]) => void;
  /** Gives the terminal back as it was. */
  readonly close: () => void;
};

/** What the person typed cannot be done; the text says why. */
export class CommandError extends Error {}

/** Runs to the exit code, which is the number that the action gives, or else 0: failures of the world go to stderr and give `failed`, our own mistakes are thrown on. */
export async function exitCodeOf(world: World, action: () => Promise<unknown>, failed = 1): Promise<number> {
  try {
    const code = await action();
    return typeof code === 'number' ? code : 0;
  } catch (err) {
    if (!isForeseen(err)) throw err;
    world.err(`Error: ${err.message}\n`);
    return failed;
  }
}

const isForeseen = (err: unknown): err is Error =>
  err instanceof CommandError || err instanceof ApiError || err instanceof KubeconfigError || err instanceof ConnectionError;
