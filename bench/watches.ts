import {configMapCount} from './objects.ts';
import type {Session} from './session.ts';

export type Watching = {
  /** Of the collection. */
  readonly path: string;
  readonly watches: number;
};

/** Opens watches from now on, spread over sessions. `seen` is called with the count that a ConfigMap's data holds, for each event of each watch. */
export async function openWatches(sessions: readonly Session[], {path, watches}: Watching, seen: (count: number) => void): Promise<void> {
  const newest = /"resourceVersion":"(\d+)"/.exec((await sessions[0]!.ask({method: 'GET', path: `${path}?limit=1`})).body)?.[1];
  const open = (session: Session): Promise<void> =>
    new Promise((resolve, reject) => {
      session.send(
        {method: 'GET', path: `${path}?watch=1&resourceVersion=${newest}`},
        {
          started: status => (status === 200 ? resolve() : reject(new Error(`a watch was answered with ${status}`))),
          data: bytes => configMapCount(bytes, seen),
          ended: () => {},
          failed: reject,
        },
      );
    });
  await Promise.all(Array.from({length: watches}, (_, i) => open(sessions[i % sessions.length]!)));
}
