import {Worker} from 'node:worker_threads';
import type {WorkspaceId} from '../api/cluster.ts';
import type {Webhooks} from '../api/webhooks.ts';
import type {AccessQuestion, AccessWebhook} from '../auth/access-review.ts';
import type {IssuedTokens} from '../auth/jwt/issued-tokens.ts';
import type {WorkspaceTokens} from '../auth/jwt/workspace-user.ts';
import type {TokenKeys} from '../auth/token-keys.ts';
import type {Storage} from '../storage/storage.ts';
import {markOf, serveStorage} from '../threads/remote-storage.ts';
import {type HeavyThread, heavyThread, type Thread} from './heavy-thread.ts';
import type {HeavyWorkerData} from './heavy-worker.ts';
import type {Fields, Log} from './log.ts';
import {realWorld} from './world.ts';

/** What the thread may take before it is ended; the rest of the server lives on. */
const heapMiBMax = 1024;

type World = {
  readonly store: Storage;
  readonly keys: TokenKeys;
  readonly issued: IssuedTokens;
  /** Absent where workspaces have no issuers of their own. */
  readonly issuedIn: WorkspaceTokens | undefined;
  readonly webhooks: Webhooks;
  /** Who is asked whether somebody may; absent where there is none outside. */
  readonly accessWebhook: AccessWebhook | undefined;
  readonly log: Log;
};

/** The thread for heavy requests, and what this thread does for it. */
export function heavyRequests(
  data: Omit<HeavyWorkerData, 'store'>,
  {store, keys, issued, issuedIn, webhooks, accessWebhook, log}: World,
): HeavyThread {
  return heavyThread({
    start: () => startWorker({...data, store: {can: store.can, mark: markOf(store)}}),
    serve(peer) {
      peer.serve({
        sign: keys.sign,
        claimsOf: keys.claimsOf,
        publicKeys: keys.publicKeys,
        identifyIssued: issued.identify,
        identifyIn: (token: string, workspace: WorkspaceId) => issuedIn?.identify(token, workspace),
        post: webhooks.post,
        askAccess: (question: AccessQuestion) => accessWebhook?.ask(question),
        log: (level: 'info' | 'warn' | 'error', message: string, fields?: Fields) => log[level](message, fields),
      });
      return serveStorage(store, peer);
    },
    timers: realWorld,
    log,
  });
}

function startWorker(data: HeavyWorkerData): Thread {
  const worker = new Worker(new URL('./heavy-worker.ts', import.meta.url), {
    workerData: data,
    resourceLimits: {maxOldGenerationSizeMb: heapMiBMax},
  });
  return {
    channel: {post: message => worker.postMessage(message), hear: listener => worker.on('message', listener)},
    onEnd(told) {
      let why = 'it ended';
      worker.once('error', (err: Error) => {
        why = err.message;
      });
      worker.once('exit', () => told(why));
    },
    kill: async () => void (await worker.terminate()),
  };
}
