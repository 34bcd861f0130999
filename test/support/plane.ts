import assert from 'node:assert/strict';
import {about} from '../../src/main/about.ts';
import {createPlane} from '../../src/main/plane.ts';
import {digest, tokenLookup} from '../../src/main/tokens.ts';
import type {Storage} from '../../src/storage/storage.ts';
import type {Answer, Api} from './api-client.ts';
import {apiClient} from './api-client.ts';
import type {OpenStorage} from './open-storage.ts';
import {openStorage} from './open-storage.ts';
import type {VirtualWorld} from './virtual-world.ts';
import {virtualWorld} from './virtual-world.ts';
import type {FakeWebhooks} from './webhooks.ts';
import {fakeWebhooks} from './webhooks.ts';

/** Tokens of the users there are. */
export const users = {kcpAdmin: 'token-of-kcp-admin', shardAdmin: 'token-of-shard-admin', user1: 'token-of-user-1'} as const;

export const rootCa = '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n';

/** A whole control plane in this process, over an empty store. */
export type TestPlane = {
  /** What kcp-admin asks, from the top of the server. */
  readonly api: Api;
  readonly store: Storage;
  readonly world: VirtualWorld;
  /** What webhooks there are. */
  readonly webhooks: FakeWebhooks;
  /** What went wrong inside; a test that ends well leaves it empty. */
  readonly errors: readonly string[];
  /** A new workspace below root, and a client in it. */
  workspace(name: string, type?: string): Promise<Api>;
  /** Waits until `holds` no longer throws nor says false, while the clock runs fast. */
  eventually<T>(holds: () => T | Promise<T>): Promise<T>;
  /** Ends the loops alone: requests are still answered. */
  pause(): Promise<void>;
  /** Ends, and starts another one over the same store. */
  restart(): Promise<TestPlane>;
  stop(): Promise<void>;
};

export async function startPlane(seed = 'seed'): Promise<TestPlane> {
  return planeOver(await openStorage(), virtualWorld(seed), fakeWebhooks());
}

async function planeOver(opened: OpenStorage, world: VirtualWorld, webhooks: FakeWebhooks): Promise<TestPlane> {
  const {store} = opened;
  const errors: string[] = [];
  const named = (name: string, ...groups: string[]) => ({name, uid: `uid-of-${name}`, groups});
  const plane = createPlane({
    store,
    world,
    log: {info: () => {}, warn: () => {}, error: (message, fields) => errors.push(`${message} ${JSON.stringify(fields)}`)},
    tokens: tokenLookup([
      [digest(users.kcpAdmin), named('kcp-admin', 'system:kcp:admin')],
      [digest(users.shardAdmin), named('shard-admin', 'system:masters')],
      [digest(users.user1), named('user-1')],
    ]),
    webhooks,
    shardName: 'root',
    rootCa,
    about: about(
      '0.0.0',
      () => 'test:6443',
      () => '',
      {store: () => undefined, starting: () => undefined, ending: () => false},
    ),
    observe: () => {},
  });
  const url = 'https://test:6443';
  await plane.start({urls: {base: url, external: url, virtualWorkspace: url}, workspaceTypes: true});
  const api = apiClient(plane.handler, users.kcpAdmin);
  return {
    api,
    store,
    world,
    webhooks,
    errors,
    async workspace(name, type) {
      await createWorkspace(api, 'root', name, type);
      return api.in(`/clusters/root:${name}`);
    },
    eventually: holds => eventually(world, holds),
    pause: () => plane.stop(),
    async restart() {
      await plane.stop();
      return planeOver(opened, world, webhooks);
    },
    async stop() {
      await plane.stop();
      await opened.close();
    },
  };
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

async function eventually<T>(world: VirtualWorld, holds: () => T | Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + patience.realMsMax;
  for (;;) {
    try {
      const value = await holds();
      if (value !== false) return value;
      if (Date.now() > giveUpAt) throw new Error('it never came true');
    } catch (err) {
      if (Date.now() > giveUpAt) throw err;
    }
    await world.advance(patience.stepMs);
  }
}
