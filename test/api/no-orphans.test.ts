/** However workspaces come and go, at the end everything has its place in the tree. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import fc from 'fast-check';
import {parseKey} from '../../src/registry/keys.ts';
import {peek} from '../../src/registry/stored.ts';
import type {Entry} from '../../src/storage/storage.ts';
import {configMap} from '../support/place.ts';
import {inProcess, startPlane, workspaceObject, workspacesIn} from '../support/plane.ts';
import {realTurn} from '../support/virtual-world.ts';

const plane = await startPlane();
after(() => plane.stop());
const {api} = plane;

type Act =
  | {readonly do: 'create' | 'delete' | 'strip'; readonly path: readonly string[]; readonly afterTurns: number}
  | {readonly do: 'fill' | 'hold' | 'release'; readonly path: readonly string[]; readonly afterTurns: number};

const act: fc.Arbitrary<Act> = fc.record({
  do: fc.constantFrom('create', 'create', 'create', 'fill', 'fill', 'hold', 'release', 'delete', 'strip'),
  path: fc.array(fc.constantFrom('a', 'b'), {minLength: 1, maxLength: 3}),
  afterTurns: fc.nat({max: 12}),
});

const configMaps = (path: readonly string[]): string => `/clusters/${['root', ...path].join(':')}/api/v1/namespaces/default/configmaps`;

async function perform({do: what, path, afterTurns}: Act): Promise<void> {
  for (let turn = 0; turn < afterTurns; turn++) await realTurn();
  const workspaces = workspacesIn(['root', ...path.slice(0, -1)].join(':'));
  const one = `${workspaces}/${path.at(-1)}`;
  const answer = await {
    create: () => api.post(workspaces, workspaceObject(path.at(-1) as string, 'root:universal')),
    delete: () => api.del(one),
    // Somebody who takes our finalizer off and deletes it.
    strip: async () => {
      await api.patch(one, {metadata: {finalizers: null}});
      return api.del(one);
    },
    fill: () => api.post(configMaps(path), {metadata: {generateName: 'c-'}}),
    hold: () => api.post(configMaps(path), configMap('held', {}, {finalizers: ['x.io/f']})),
    release: () => api.patch(`${configMaps(path)}/held`, {metadata: {finalizers: null}}),
  }[what]();
  assert.ok(answer.status < 500, answer.text);
}

const everything = async (): Promise<readonly Entry[]> => (await plane.store.list('/', {limit: 100_000})).entries;

/** Takes the finalizers off all that is being deleted and still held. */
async function releaseAll(): Promise<void> {
  for (const entry of await everything()) {
    const {metadata} = peek(entry);
    if (metadata.deletionTimestamp === undefined || !metadata.finalizers?.includes('x.io/f')) continue;
    const {workspace, path} = parseKey(entry.key);
    await api.patch(`/clusters/${workspace}/api/v1/namespaces/${path[0]}/configmaps/${path[1]}`, {metadata: {finalizers: null}});
  }
}

/** Everything lies in a logical cluster that is there, and these and their workspaces belong to each other. */
async function checkTree(): Promise<void> {
  const entries = await everything();
  const inside = (entry: Entry): string => parseKey(entry.key).workspace;
  const clusters = entries.filter(entry => entry.key.startsWith('/core.kcp.io/logicalclusters/'));
  const ids = new Set(clusters.map(inside));
  for (const entry of entries) assert.ok(ids.has(inside(entry)), `${entry.key} lies nowhere`);
  const workspaces = entries.filter(entry => entry.key.startsWith('/tenancy.kcp.io/workspaces/'));
  const owned = workspaces.map(entry => (peek(entry)['spec'] as {cluster: string}).cluster);
  assert.deepEqual(owned.sort(), [...ids].filter(id => id !== 'root').sort());
  for (const entry of entries) assert.equal(peek(entry).metadata.deletionTimestamp, undefined, `${entry.key} does not go`);
}

test('kcp-4011 no orphans', inProcess, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, {minLength: 1, maxLength: 40}), async acts => {
      for (const path of [['a'], ['a', 'a'], ['a', 'a', 'a'], ['b']]) await perform({do: 'create', path, afterTurns: 0});
      await Promise.all(acts.map(perform));
      await plane.eventually(async () => {
        await releaseAll();
        await checkTree();
      });
      await api.del(workspacesIn('root'));
      await plane.eventually(async () => {
        await releaseAll();
        await checkTree();
        assert.equal((await everything()).filter(entry => parseKey(entry.key).workspace !== 'root').length, 0);
      });
      assert.deepEqual(plane.errors, []);
    }),
    {numRuns: 15},
  );
});
