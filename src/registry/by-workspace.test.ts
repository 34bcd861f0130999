import assert from 'node:assert/strict';
import {test} from 'node:test';
import {workspaceIdOf} from '../api/cluster.ts';
import {asObject} from '../api/object.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Key, Storage, WatchSink} from '../storage/storage.ts';
import {byWorkspace} from './by-workspace.ts';
import {builtInSection, keyOf, parseKey} from './keys.ts';
import {deleteOp, putOp} from './ops.ts';

const home = workspaceIdOf('home');
const spaces = ['as', 'bs'].map(resource => ({group: 'x.dev', resource, section: builtInSection}));
const limits = {atOnce: {limit: 2, bytesMax: 1_000_000}, ofKindMax: 3, heldBytesMax: 1_000_000, overheadBytes: 1, changesMax: 10} as const;

async function put(store: Storage, kind: number, name: string): Promise<void> {
  const key = keyOf(spaces[kind]!, home, undefined, name);
  const old = await store.get(key);
  await store.commit([putOp(key, asObject({apiVersion: 'x.dev/v1', kind: 'X', metadata: {name}}), old?.revision ?? 'absent')]);
}

/** A store whose watches can be ended and whose lists can fail. */
function shaky() {
  const inner = memoryStorage();
  const state = {sinks: [] as WatchSink[], open: 0, lists: 0, fails: false};
  const store: Storage = new Proxy(inner, {
    get(_, name) {
      if (name === 'watch')
        return ((range, since, sink) => {
          state.sinks.push(sink);
          state.open++;
          const watch = inner.watch(range, since, sink);
          return {
            ...watch,
            close() {
              state.open--;
              watch.close();
            },
          };
        }) satisfies Storage['watch'];
      if (name === 'list')
        return ((range, page) => {
          state.lists++;
          return state.fails ? Promise.reject(new Error('down')) : inner.list(range, page);
        }) satisfies Storage['list'];
      const found: unknown = Reflect.get(inner, name);
      return typeof found === 'function' ? found.bind(inner) : found;
    },
  });
  return {store, state};
}

const follow = (store: Storage) => byWorkspace({store, spaces, read: ({value}) => ({bytes: value.length}), limits, turn: async () => {}});
const names = (found: ReadonlyMap<Key, unknown>): string[] =>
  [...found.keys()].map(key => `${parseKey(key).space.resource}/${parseKey(key).path[0]}`);

test('of each kind the first ones by key are there, also after changes', async () => {
  const {store} = shaky();
  const objectsIn = follow(store);
  for (const name of ['b', 'c', 'd', 'e']) await put(store, 0, name);
  await put(store, 1, 'z');
  assert.deepEqual(names(await objectsIn(home)), ['as/b', 'as/c', 'as/d', 'bs/z']);
  await put(store, 0, 'a');
  assert.deepEqual(names(await objectsIn(home)), ['as/a', 'as/b', 'as/c', 'bs/z']);
  const first = await store.get(keyOf(spaces[0]!, home, undefined, 'a'));
  assert.ok(first);
  await store.commit([deleteOp(first)]);
  assert.deepEqual(names(await objectsIn(home)), ['as/b', 'as/c', 'as/d', 'bs/z']);
});

test('a watch that ended has everything read again, and both kinds watched again', async () => {
  const {store, state} = shaky();
  const objectsIn = follow(store);
  await put(store, 0, 'a');
  await objectsIn(home);
  const before = state.lists;
  assert.ok(!(objectsIn(home) instanceof Promise), 'it is at hand');
  state.sinks[0]!.ended({reason: 'compacted'} as never);
  assert.equal(state.open, 0, 'none is left over');
  assert.ok(objectsIn(home) instanceof Promise);
  await objectsIn(home);
  assert.deepEqual([state.lists > before, state.open], [true, 2]);
  await put(store, 1, 'z');
  assert.deepEqual(names(await objectsIn(home)), ['as/a', 'bs/z']);
});

test('a reading that fails is told to all who wait for it, and tried again by the next', async () => {
  const {store, state} = shaky();
  const objectsIn = follow(store);
  await put(store, 0, 'a');
  state.fails = true;
  const asked = await Promise.allSettled([objectsIn(home), objectsIn(home)]);
  assert.deepEqual(
    asked.map(each => each.status),
    ['rejected', 'rejected'],
  );
  // The same reading for both: a list of each kind.
  assert.equal(state.lists, 2);
  state.fails = false;
  assert.deepEqual(names(await objectsIn(home)), ['as/a']);
});
