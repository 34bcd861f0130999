/**
 * The thread for what would hold up everybody: the same server over the store of the first thread, without loops of its own. What it needs of the world
 * beyond computing, the first thread does for it.
 */
import {readlinkSync} from 'node:fs';
import {constants, setPriority} from 'node:os';
import {basename} from 'node:path';
import {parentPort, workerData} from 'node:worker_threads';
import type {Webhooks} from '../api/webhooks.ts';
import type {Log} from '../api/world.ts';
import type {AccountTokenOptions} from '../auth/account-tokens.ts';
import type {AnonymousConfig} from '../auth/jwt/config.ts';
import type {AuthorizerName} from '../auth/order.ts';
import {openPaths} from '../auth/order.ts';
import type {TokenKeys} from '../auth/token-keys.ts';
import {LoopTime, type Spender} from '../fairness/loop-time.ts';
import type {Answered} from '../server/heavy.ts';
import type {HttpReply, StreamBody} from '../server/http.ts';
import type {Storage} from '../storage/storage.ts';
import {ownBytes, Peer} from '../threads/peer.ts';
import {type Mark, RemoteStorage} from '../threads/remote-storage.ts';
import {about} from './about.ts';
import type {Travelling} from './heavy-thread.ts';
import {createPlane} from './plane.ts';
import {type TokenUser, tokenLookup} from './tokens.ts';
import {realWorld} from './world.ts';

/** What the thread is told at its start. */
export type HeavyWorkerData = {
  readonly version: string;
  readonly shardName: string;
  readonly rootCa: string;
  readonly objectsMax: number;
  readonly guardsOwnerReferences: boolean;
  readonly tokens: readonly (readonly [digest: string, TokenUser])[];
  readonly accountTokens: Pick<AccountTokenOptions, 'issuers' | 'audiences' | 'secondsMax'>;
  readonly anonymous: AnonymousConfig;
  readonly authorization: {readonly order: readonly AuthorizerName[]; readonly openPaths: readonly string[]; readonly asksWebhook: boolean};
  readonly store: {readonly can: Storage['can']; readonly mark: Mark};
};

const port = parentPort!;
const data = workerData as HeavyWorkerData;
const peer = new Peer({post: message => port.postMessage(message), hear: listener => port.on('message', listener)});
const store = new RemoteStorage(peer, data.store);

const log: Log = {
  info: (message, fields) => peer.tell('log', 'info', message, fields),
  warn: (message, fields) => peer.tell('log', 'warn', message, fields),
  error: (message, fields) => peer.tell('log', 'error', message, fields),
};
const keys: TokenKeys = {
  sign: claims => peer.ask('sign', claims),
  claimsOf: token => peer.ask('claimsOf', token),
  publicKeys: () => peer.ask('publicKeys'),
};
// Whether anybody still waits is not known here; the time that a call may take bounds it.
const webhooks: Webhooks = {post: ({signal: _, ...call}) => peer.ask('post', {...call, body: ownBytes(call.body)})};
const nothing = (): undefined => undefined;

/** On a busy machine the thread that everybody waits for goes first. Linux alone knows threads by a number of their own. */
function giveWay(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
  } catch {
    // It only matters where processors are short.
  }
}
giveWay();

// This is the thread for pieces that take long.
const time = new LoopTime(() => performance.eventLoopUtilization(), Number.POSITIVE_INFINITY);

const {handler} = createPlane({
  store,
  time,
  world: realWorld,
  log,
  tokens: tokenLookup(data.tokens),
  accountTokens: {...data.accountTokens, keys},
  issued: {identify: token => peer.ask('identifyIssued', token)},
  issuedIn: {identify: (token, workspace) => peer.ask('identifyIn', token, workspace)},
  anonymous: data.anonymous,
  authorization: {
    order: data.authorization.order,
    openPaths: openPaths(data.authorization.openPaths),
    webhook: data.authorization.asksWebhook ? {ask: question => peer.ask('askAccess', question)} : undefined,
  },
  webhooks,
  shardName: data.shardName,
  rootCa: data.rootCa,
  objectsMax: data.objectsMax,
  guardsOwnerReferences: data.guardsOwnerReferences,
  about: about(
    data.version,
    () => '',
    () => '',
    {store: nothing, starting: nothing, ending: () => false},
  ),
  observe: nothing,
  // They are made where the loops are.
  homes: false,
  returnsNotes: true,
  eventsKeptMs: 0,
});

peer.serve({
  beat: nothing,
  async answer({body, ...request}: Travelling, mark: Mark): Promise<Answered> {
    store.caughtUp(mark);
    const spent = new Spent();
    const reply = await time.run(spent, async () => {
      const answer = await handler({...request, body: async () => body, signal: new AbortController().signal});
      return {...answer, body: (await pieces(answer.body)).map(ownBytes)};
    });
    return {...reply, tookMs: spent.ms};
  },
});

/** What one request took of this thread. */
class Spent implements Spender {
  ms = 0;

  spent(ms: number): void {
    this.ms += ms;
  }
}

/** A body that can travel. */
function pieces(body: HttpReply['body']): Promise<readonly Uint8Array[]> | readonly Uint8Array[] {
  if (body === undefined) return [];
  if (typeof body === 'function') return gathered(body);
  return body instanceof Uint8Array ? [body] : body;
}

/** A body that goes on, once it has come to its end. */
function gathered(body: StreamBody): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    body({
      write: chunk => void chunks.push(chunk),
      buffered: 0,
      end: () => resolve(chunks),
      destroy: () => reject(new Error('the answer was broken off')),
      onClose: () => undefined,
    });
  });
}
