import {connect} from 'node:http2';
import {type Attack, attacks as all, prepared} from '../attacks.ts';
import {sleep} from '../load.ts';
import {configMap, configMaps, workspace} from '../objects.ts';
import type {Row} from '../row.ts';
import {type Server, startServer} from '../server.ts';
import type {Session} from '../session.ts';
import {longestWait} from './list.ts';

/** Bodies made to hurt. What counts is not how long their sender waits, but how long another client does. */
export const attacks: Row = {
  name: 'attacks',
  about: 'bodies made to hurt: their own time, and the longest wait of another client meanwhile',
  async run(settings, note) {
    const server = await startServer(settings.folder(), settings.nodeOptions);
    const [other, maker] = (await server.sessions(2)) as [Session, Session];
    const path = await workspace(maker, 'attacked');
    const innocent = configMaps(path);
    await maker.ask({method: 'POST', path: innocent, body: configMap('innocent', 1)});
    for (const {method, target, body} of prepared) await maker.ask({method, path: `/clusters/${path}${target}`, body});
    await sleep(1_000);
    for (let i = 0; i < settings.repetitions; i++) {
      for (const attack of all) {
        await server.metrics();
        let over = false;
        const waiting = longestWait(other, `${innocent}/innocent`, () => over);
        const begun = performance.now();
        const status = await send(server, path, attack, i).finally(() => {
          over = true;
        });
        note(`${attack.name}: time`, 'ms', performance.now() - begun);
        if (!attack.expect.includes(status)) throw new Error(`${attack.name} was answered with ${status}`);
        note(`${attack.name}: longest wait of another client`, 'ms', await waiting);
        note(`${attack.name}: event loop delay max`, 'ms', (await server.metrics()).loopMaxMs);
      }
    }
    await server.stop();
  },
};

/** By Node's own client, which cuts large bodies into frames. @returns the status */
function send({address}: Server, workspacePath: string, {method, target, type, body}: Attack, round: number): Promise<number> {
  const session = connect(`https://127.0.0.1:${address.port}`, {ca: address.ca});
  return new Promise<number>((resolve, reject) => {
    const stream = session.request({
      ':method': method,
      ':path': `/clusters/${workspacePath}${target}`,
      authorization: `Bearer ${address.token}`,
      'content-type': type ?? 'application/json',
    });
    stream.on('response', headers => resolve(headers[':status'] ?? 0));
    for (const source of [session, stream]) source.on('error', reject);
    stream.resume();
    stream.end(typeof body === 'function' ? body(round) : body);
  }).finally(() => session.destroy());
}
