import {once} from 'node:events';
import {request} from 'node:https';
import {createInterface} from 'node:readline';
import type {ServerProcess} from '../support/process.ts';

export type WatchEvent = {
  readonly type: string;
  readonly object: {readonly metadata: {readonly name: string; readonly resourceVersion: string}; readonly code?: number};
};

/** A watch over a connection of its own. */
export type Watch = {
  /** What has come so far. */
  readonly events: readonly WatchEvent[];
  /** Resolves when the server ended it, in good order or by breaking off. */
  readonly ended: Promise<void>;
  end(): void;
};

/** Opens a watch of kcp-admin. Rejects unless it is answered with 200. */
export async function openWatch(server: ServerProcess, path: string, query: string): Promise<Watch> {
  const headers = {authorization: `Bearer ${server.token('kcp-admin')}`};
  const outgoing = request(`${server.url}${path}?watch=true&${query}`, {ca: server.ca, agent: false, headers});
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  if (response.statusCode !== 200) throw new Error(`a watch was answered with ${response.statusCode}`);
  const events: WatchEvent[] = [];
  const {promise: ended, resolve} = Promise.withResolvers<void>();
  response.on('error', () => resolve()).once('close', resolve);
  outgoing.on('error', () => resolve());
  createInterface({input: response})
    .on('line', line => line !== '' && events.push(asEvent(line)))
    .on('error', () => undefined);
  return {events, ended, end: () => outgoing.destroy()};
}

/** A line that was cut off by the end of its server is nothing. */
function asEvent(line: string): WatchEvent {
  try {
    return JSON.parse(line);
  } catch {
    return {type: 'CUT', object: {metadata: {name: '', resourceVersion: '0'}}};
  }
}
