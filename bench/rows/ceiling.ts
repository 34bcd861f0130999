import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {servingCertificate} from '../../src/main/pki.ts';
import {drive} from '../load.ts';
import {configMap} from '../objects.ts';
import type {Row} from '../row.ts';
import {pinned} from '../server.ts';
import {openSession, type Request} from '../session.ts';
import {noteTimes} from './requests.ts';

const echo = fileURLToPath(new URL('../responder.ts', import.meta.url));

/** What the load could do if the server took no time: figures near these say nothing of the server. */
export const ceiling: Row = {
  name: 'ceiling',
  about: 'the load itself, against a peer that answers prepared frames',
  async run(settings, note) {
    const directory = settings.folder();
    const {ca} = await servingCertificate(directory, [], new Date());
    const command = [process.execPath, echo, join(directory, 'apiserver.crt'), join(directory, 'apiserver.key')];
    const [program, ...args] = pinned ? ['taskset', '-c', '0', ...command] : command;
    const peer = spawn(program!, args, {stdio: ['ignore', 'pipe', 'inherit']});
    const [port] = (await once(peer.stdout, 'data')) as [Buffer];
    const address = {port: Number(port.toString()), ca, token: 'none'};
    const sessions = await Promise.all(Array.from({length: settings.sessions}, () => openSession(address)));
    const body = configMap('object', 1);
    const kinds: readonly (readonly [string, Request])[] = [
      ['get', {method: 'GET', path: '/object'}],
      ['create', {method: 'POST', path: '/object', body}],
    ];
    const {ms, warmMs, manyClients} = settings;
    for (let i = 0; i < settings.repetitions; i++)
      for (const [verb, request] of kinds) {
        const measured = await drive({sessions, clients: manyClients, ms, warmMs, next: () => request, expect: 200});
        noteTimes(`ceiling of the load, ${verb}, ${manyClients} clients`, note, measured);
      }
    for (const session of sessions) session.close();
    peer.kill();
  },
};
