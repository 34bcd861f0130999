import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {workspaceIdOf} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {asObject} from '../api/object.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Storage} from '../storage/storage.ts';
import {definitions, keyOf} from './keys.ts';
import {deleteOp, putOp} from './ops.ts';
import {createRegistry} from './registry.ts';
import type {WorkspaceKinds} from './resource.ts';
import {workspaceKindsLimits} from './workspace-kinds.ts';

const home = workspaceIdOf('home');

type State = {readonly served?: boolean; readonly established?: boolean; readonly leaving?: boolean; readonly size?: number};

function definition(plural: string, group: string, {served = true, established = true, leaving = false, size = 1}: State = {}): JsonObject {
  const names = {plural, kind: `Kind-${plural}`, listKind: `List-${plural}`, singular: plural};
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {name: `${plural}.${group}`, ...(leaving && {deletionTimestamp: '2026-01-01T00:00:00Z'})},
    spec: {
      group,
      scope: 'Cluster',
      names,
      versions: [{name: 'v1', served, storage: true, schema: {openAPIV3Schema: {type: 'object', minProperties: size}}}],
    },
    status: {acceptedNames: names, conditions: [{type: 'Established', status: established ? 'True' : 'False'}]},
  };
}

async function write(store: Storage, plural: string, group: string, state: State | 'gone', workspace = home): Promise<void> {
  const key = keyOf(definitions, workspace, undefined, `${plural}.${group}`);
  const now = await store.get(key);
  if (state !== 'gone') await store.commit([putOp(key, asObject(definition(plural, group, state)), now?.revision ?? 'absent')]);
  else if (now) await store.commit([deleteOp(now)]);
}

const shown = ({own: kinds, hash, groups}: WorkspaceKinds): unknown => ({
  kinds: kinds.map(kind => [kind.group, kind.version, kind.names, kind.verbs, kind.schema]),
  hash,
  groups: [...groups],
});

test('whatever changes, and whenever somebody asks, a workspace has the kinds that reading it as a whole would give', async () => {
  const state = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        served: fc.boolean(),
        established: fc.boolean(),
        leaving: fc.boolean(),
        size: fc.nat(3),
      }) as fc.Arbitrary<State>,
    },
    fc.constant('gone' as const),
  );
  const step = fc.tuple(fc.constantFrom('as', 'bs', 'cs', 'ds'), fc.constantFrom('a.dev', 'b.dev'), state, fc.boolean());
  await fc.assert(
    fc.asyncProperty(fc.array(step, {maxLength: 30}), async steps => {
      const store = memoryStorage();
      const registry = createRegistry(store);
      for (const [plural, group, next, asks] of steps) {
        // The asking begins before the change and ends after it.
        const before = asks ? registry.kindsOf(home) : undefined;
        await write(store, plural, group, next);
        await before;
        if (asks) {
          const found = shown(await registry.kindsOf(home));
          assert.deepEqual(found, shown(await createRegistry(store).kindsOf(home)));
        }
      }
    }),
    {numRuns: 150},
  );
});

/** Counts what is read. */
function counting(store: Storage): {readonly store: Storage; readonly reads: {lists: number; gets: number}} {
  const reads = {lists: 0, gets: 0};
  const counted: Storage = {
    can: store.can,
    revision: () => store.revision(),
    compacted: () => store.compacted(),
    hot: key => store.hot(key),
    count: (range, max) => store.count(range, max),
    byTerm: (term, page) => store.byTerm(term, page),
    termAfter: term => store.termAfter(term),
    commit: ops => store.commit(ops),
    watch: (range, since, sink) => store.watch(range, since, sink),
    compact: upTo => store.compact(upTo),
    close: () => store.close(),
    get(key, options) {
      reads.gets++;
      return store.get(key, options);
    },
    list(range, page) {
      reads.lists++;
      return store.list(range, page);
    },
  };
  return {store: counted, reads};
}

test('one change among many definitions has that one read, and a change elsewhere none', async () => {
  const inner = memoryStorage();
  const {store, reads} = counting(inner);
  const registry = createRegistry(store);
  for (let n = 0; n < 300; n++) await write(inner, `k${n}s`, 'a.dev', {});
  const before = await registry.kindsOf(home);
  assert.equal(before.own.length, 300);
  const lists = reads.lists;
  assert.equal(await registry.kindsOf(home), before, 'nothing is read where nothing changed');
  await write(inner, 'k7s', 'a.dev', {size: 2});
  await write(inner, 'another', 'a.dev', {});
  await write(inner, 'k8s', 'a.dev', 'gone');
  await write(inner, 'k9s', 'a.dev', {}, workspaceIdOf('elsewhere'));
  const after = await registry.kindsOf(home);
  assert.deepEqual([reads.lists, reads.gets], [lists, 3]);
  assert.equal(after.own.length, 300);
  assert.notEqual(after.hash, before.hash);
  assert.equal(after.own[0]?.names.plural, 'another', 'in the order of keys');
  const kept = before.own.find(kind => kind.names.plural === 'k99s');
  assert.equal(
    after.own.find(kind => kind.names.plural === 'k99s'),
    kept,
    'what did not change is the same as before',
  );

  for (let n = 0; n <= workspaceKindsLimits.changesMax; n++) await write(inner, `k${n}s`, 'a.dev', {size: 3});
  await registry.kindsOf(home);
  assert.ok(reads.lists > lists, 'after many changes it is read as a whole');
});
