import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import {Fairness} from '../../src/fairness/fairness.ts';
import type {FairnessLimits} from '../../src/fairness/limits.ts';
import {type LoopClock, LoopTime} from '../../src/fairness/loop-time.ts';
import {about} from '../../src/main/about.ts';
import type {PlaneOptions} from '../../src/main/plane.ts';
import {createPlane} from '../../src/main/plane.ts';
import {tokenKeys} from '../../src/main/token-keys.ts';
import {digest, tokenLookup} from '../../src/main/tokens.ts';
import type {Handler} from '../../src/server/http.ts';
import type {Storage} from '../../src/storage/storage.ts';
import type {Answer, Api} from './api-client.ts';
import {apiClient} from './api-client.ts';
import type {OpenStorage} from './open-storage.ts';
import {openStorage} from './open-storage.ts';
import {sleep} from './process.ts';
import {startedServer} from './started-server.ts';
import type {VirtualWorld} from './virtual-world.ts';
import {virtualWorld} from './virtual-world.ts';
import type {FakeWebhooks} from './webhooks.ts';
import {fakeWebhooks} from './webhooks.ts';

/** Tokens of the users there are. */
export const users = {
  kcpAdmin: 'token-of-kcp-admin',
  shardAdmin: 'token-of-shard-admin',
  user1: 'token-of-user-1',
  user2: 'token-of-user-2',
  user3: 'token-of-user-3',
} as const;

const named = (name: string, ...groups: string[]) => ({name, uid: `uid-of-${name}`, groups});
const identities = [
  [users.kcpAdmin, named('kcp-admin', 'system:kcp:admin')],
  [users.shardAdmin, named('shard-admin', 'system:masters')],
  [users.user1, named('user-1')],
  [users.user2, named('user-2', 'team-2')],
  [users.user3, named('user-3')],
] as const;

/** Who issues tokens of service accounts; a restart keeps the key. */
export const issuer = 'https://kcp.default.svc';
const signingKey = generateKeyPairSync('ec', {namedCurve: 'P-256'}).privateKey;

/** Whether planes are servers of their own, asked over HTTPS. */
export const isStarted = process.env['PLANE'] === 'started';

/** The mark of tests that need a hand on the clock, the store or the life of the plane, or that take long: over a started server they are skipped. */
export const inProcess = {skip: isStarted && 'only with a plane in this process'} as const;

/** A whole control plane over an empty store: in this process, or a server of its own where the environment says `PLANE=started`. */
export type TestPlane = {
  /** What kcp-admin asks, from the top of the server. */
  readonly api: Api;
  /** For a listener of the test's own. */
  readonly handler: Handler;
  /** Where it says that it is. */
  readonly url: string;
  /** The certificates that clients are to trust. */
  readonly rootCa: string;
  /** For tests marked `inProcess` alone. */
  readonly store: Storage;
  /** For tests marked `inProcess` alone. */
  readonly world: VirtualWorld;
  /** What webhooks there are. For tests marked `inProcess` alone. */
  readonly webhooks: FakeWebhooks;
  /** What went wrong inside; a test that ends well leaves it empty. */
  readonly errors: readonly string[];
  /** The resourceVersion of the last write, wherever it was. */
  revision(): Promise<number>;
  /** A new workspace below root, and a client in it. */
  workspace(name: string, type?: string): Promise<Api>;
  /** Waits until `holds` no longer throws nor says false, while the clock runs fast. */
  eventually<T>(holds: () => T | Promise<T>): Promise<T>;
  /** Gives the loops the time to do all they have to, and what they had better not do. */
  settle(): Promise<void>;
  /** Ends the loops alone: requests are still answered. For tests marked `inProcess` alone, as `restart`. */
  pause(): Promise<void>;
  /** Ends, and starts another one over the same store. */
  restart(): Promise<TestPlane>;
  stop(): Promise<void>;
};

/** @param more for tests marked `inProcess` alone, as is a world of their own */
export async function startPlane(seed = 'seed', more: Extra = {}, world = virtualWorld(seed)): Promise<TestPlane> {
  return isStarted ? planeOfServer() : planeOver(await openStorage(), world, fakeWebhooks(), more);
}

type Extra = Partial<
  Pick<
    PlaneOptions,
    'audit' | 'authorization' | 'elsewhere' | 'fairness' | 'homes' | 'issued' | 'returnsNotes' | 'objectsMax' | 'guardsOwnerReferences'
  >
>;

/** Tests ask for more at once than any client does. */
const ordinaryLimits: FairnessLimits = {
  readOnlyMax: 10_000,
  mutatingMax: 10_000,
  perUserMax: 0,
  perWorkspaceMax: 0,
  loopPerUser: {msPerSecond: 0, burstMs: 0},
  loopPerWorkspace: {msPerSecond: 0, burstMs: 0},
  watchesPerUserMax: 10_000,
  watchesPerWorkspaceMax: 10_000,
};

/** What one may have of a plane of a test. */
export const fairnessIn = (world: VirtualWorld, limits: Partial<FairnessLimits> = {}, clock?: LoopClock): Fairness =>
  new Fairness({
    limits: {...ordinaryLimits, ...limits},
    time: new LoopTime(clock ?? (() => ({active: 0, idle: world.now()}))),
    timers: world,
  });

async function planeOver(opened: OpenStorage, world: VirtualWorld, webhooks: FakeWebhooks, more: Extra): Promise<TestPlane> {
  const {store} = opened;
  const errors: string[] = [];
  const url = 'https://test:6443';
  const rootCa = '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n';
  const plane = createPlane({
    store,
    world,
    log: {info: () => {}, warn: () => {}, error: (message, fields) => errors.push(`${message} ${JSON.stringify(fields)}`)},
    tokens: tokenLookup(identities.map(([token, user]) => [digest(token), user])),
    accountTokens: {keys: tokenKeys(signingKey), issuers: [issuer], audiences: [issuer], secondsMax: 100_000},
    webhooks,
    shardName: 'root',
    rootCa,
    objectsMax: 0,
    about: about(
      '0.0.0',
      () => 'test:6443',
      () => '',
      {store: () => undefined, starting: () => undefined, ending: () => false},
    ),
    observe: () => {},
    homes: true,
    eventsKeptMs: 3_600_000,
    fairness: fairnessIn(world),
    ...more,
  });
  await plane.start({
    urls: {base: url, external: url, virtualWorkspace: url},
    workspaceTypes: true,
    homeCreatorGroups: ['system:authenticated'],
  });
  const api = apiClient(plane.handler, users.kcpAdmin);
  return {
    api,
    handler: plane.handler,
    url,
    rootCa,
    store,
    world,
    webhooks,
    errors,
    revision: async () => store.revision(),
    workspace: (name, type) => newWorkspace(api, name, type),
    eventually: holds => eventually(() => world.advance(patience.stepMs), holds),
    settle: () => world.advance(5_000),
    pause: () => plane.stop(),
    async restart() {
      await plane.stop();
      return planeOver(opened, world, webhooks, more);
    },
    async stop() {
      await plane.stop();
      await opened.close();
    },
  };
}

async function planeOfServer(): Promise<TestPlane> {
  const server = await startedServer(identities);
  const api = apiClient(server.handler, server.adminToken);
  const missing = (): never => {
    throw new Error('a started server has no such handle: mark the test as inProcess');
  };
  return {
    api,
    handler: server.handler,
    url: server.url,
    rootCa: server.rootCa,
    get store() {
      return missing();
    },
    get world() {
      return missing();
    },
    get webhooks() {
      return missing();
    },
    get errors() {
      return server.errors();
    },
    revision: async () => Number((await api.get('/clusters/root/api/v1/namespaces')).at('metadata', 'resourceVersion')),
    workspace: (name, type) => newWorkspace(api, name, type),
    eventually: holds => eventually(() => sleep(patience.stepMs), holds),
    settle: () => sleep(200),
    pause: missing,
    restart: missing,
    stop: server.stop,
  };
}

async function newWorkspace(api: Api, name: string, type: string | undefined): Promise<Api> {
  await createWorkspace(api, 'root', name, type);
  return api.in(`/clusters/root:${name}`);
}

/** Makes a workspace below the one at a path, and demands that it worked. */
export async function createWorkspace(api: Api, parent: string, name: string, type?: string): Promise<Answer> {
  const made = await api.post(workspacesIn(parent), workspaceObject(name, type));
  assert.equal(made.status, 201, made.text);
  return made;
}

export const workspacesIn = (parent: string): string => `/clusters/${parent}/apis/tenancy.kcp.io/v1alpha1/workspaces`;

/** A Workspace to send; `type` is `path:name`. */
export function workspaceObject(name: string, type?: string, more: object = {}): object {
  const colon = type?.lastIndexOf(':') ?? -1;
  const spec = type === undefined ? {} : {type: colon < 0 ? {name: type} : {path: type.slice(0, colon), name: type.slice(colon + 1)}};
  return {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: {name}, spec: {...spec, ...more}};
}

const patience = {stepMs: 20, realMsMax: 5_000} as const;

async function eventually<T>(pass: () => Promise<void>, holds: () => T | Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + patience.realMsMax;
  for (;;) {
    try {
      const value = await holds();
      if (value !== false) return value;
      if (Date.now() > giveUpAt) throw new Error('it never came true');
    } catch (err) {
      if (Date.now() > giveUpAt) throw err;
    }
    await pass();
  }
}
