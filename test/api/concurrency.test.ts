/** What holds when many write at once, and what a watcher can count on. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import fc from 'fast-check';
import type {Answer, Api, Found, Watching} from '../support/api-client.ts';
import {configMap, newPlace, paths, succeeded, widget, widgetDefinition, widgetSchema, widgetVersion} from '../support/place.ts';
import {createWorkspace, inProcess, startPlane, workspaceObject, workspacesIn} from '../support/plane.ts';
import {realTurn} from '../support/virtual-world.ts';

const plane = await startPlane();
after(() => plane.stop());
const {api} = plane;
const {configMaps, widgets, namespaces} = paths;
const statuses = (answers: readonly Answer[]) => answers.map(answer => answer.status).sort();
const id = (answer: Answer) => String(answer.at('spec', 'cluster'));
const left = async (cluster: string) => (await plane.store.byTerm(`workspace/${cluster}`, {limit: 1000})).entries.map(entry => entry.key);
const many = <T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({length: count}, (_, i) => make(i)));

test('a hundred patches of one object all land, of whatever type', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(configMaps, configMap('c', {first: '0'})), 201);
  succeeded(await place.post(widgets, widget('w', {}, {labels: {first: '0'}})), 201);
  const answers = await Promise.all([
    many(100, i => place.patch(`${configMaps}/c`, {data: {[`k${i}`]: 'v'}})),
    many(100, i =>
      place.patch(`${widgets}/w`, [{op: 'add', path: `/metadata/labels/k${i}`, value: 'v'}], {
        'content-type': 'application/json-patch+json',
      }),
    ),
  ]);
  for (const answer of answers.flat()) succeeded(answer);
  assert.equal(Object.keys((await place.get(`${configMaps}/c`)).at('data') as object).length, 101);
  assert.equal(Object.keys((await place.get(`${widgets}/w`)).at('metadata', 'labels') as object).length, 101);
});

test('updates of one version: one wins', async () => {
  const place = await newPlace(plane);
  const {resourceVersion} = succeeded(await place.post(configMaps, configMap('c')), 201).at('metadata') as {resourceVersion: string};
  const answers = await many(10, i => place.put(`${configMaps}/c`, configMap('c', {i: String(i)}, {resourceVersion})));
  assert.deepEqual(statuses(answers), [200, ...Array(9).fill(409)]);
});

test('creates of one name: one wins', inProcess, async () => {
  const place = await newPlace(plane);
  assert.deepEqual(statuses(await many(10, () => place.post(configMaps, configMap('c')))), [201, ...Array(9).fill(409)]);
  const workspaces = await many(10, () => api.post(workspacesIn('root'), workspaceObject('once')));
  assert.deepEqual(statuses(workspaces), [201, ...Array(9).fill(409)]);
  const inside = await plane.store.list('/core.kcp.io/logicalclusters/', {limit: 1000});
  const owners = inside.entries.filter(entry => Buffer.from(entry.value).includes('"name":"once"'));
  assert.equal(owners.length, 1);
});

test('creates by update of one name: all get through', async () => {
  const place = await newPlace(plane);
  const role = (i: number) => ({metadata: {name: 'r', labels: {i: String(i)}}, rules: []});
  const answers = await many(10, i => place.put('/apis/rbac.authorization.k8s.io/v1/namespaces/t/roles/r', role(i)));
  assert.deepEqual(statuses(answers), [...Array(9).fill(200), 201]);
});

test('deletes of one object: one deletes', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(configMaps, configMap('c')), 201);
  assert.deepEqual(statuses(await many(10, () => place.del(`${configMaps}/c`))), [200, ...Array(9).fill(404)]);
});

test('a name generated twice is generated anew', async () => {
  const place = await newPlace(plane);
  const answers = await many(200, () => place.post(configMaps, {metadata: {generateName: 'g-'}}));
  assert.equal(new Set(answers.map(answer => succeeded(answer, 201).at('metadata', 'name'))).size, 200);
});

test('what is created while its namespace goes does not outlive it', async () => {
  const place = await newPlace(plane);
  for (let round = 0; round < 5; round++) {
    const name = `race-${round}`;
    succeeded(await place.post(namespaces, {metadata: {name}}), 201);
    const [answers, deleted] = await Promise.all([
      many(40, async i => {
        if (i % 4 === 3) await realTurn();
        return place.post(`${namespaces}/${name}/configmaps`, configMap(`c${i}`));
      }),
      place.del(`${namespaces}/${name}`),
    ]);
    succeeded(deleted);
    for (const answer of answers) assert.ok([201, 403, 404].includes(answer.status), answer.text);
    await plane.eventually(async () => assert.equal((await place.get(`${namespaces}/${name}`)).status, 404));
    const all = (await place.get('/api/v1/configmaps')).at('items') as {metadata: {namespace: string}}[];
    assert.equal(
      all.some(one => one.metadata.namespace === name),
      false,
    );
  }
});

test('what is created while its workspace goes does not outlive it', inProcess, async () => {
  for (let round = 0; round < 5; round++) {
    const made = await createWorkspace(api, 'root', `race-${round}`, 'root:universal');
    const inside = api.in(`/clusters/${id(made)}`);
    const [answers, deleted] = await Promise.all([
      many(60, async i => {
        for (let turn = 0; turn < i % 6; turn++) await realTurn();
        if (i % 3 === 0) return inside.post('/apis/tenancy.kcp.io/v1alpha1/workspaces', workspaceObject(`w${i}`, 'root:universal'));
        return inside.post('/api/v1/namespaces/default/configmaps', configMap(`c${i}`));
      }),
      api.del(`${workspacesIn('root')}/race-${round}`),
    ]);
    succeeded(deleted);
    for (const answer of answers) assert.ok([201, 403, 404].includes(answer.status), answer.text);
    await plane.eventually(async () => assert.equal((await api.get(`${workspacesIn('root')}/race-${round}`)).status, 404));
    const children = answers.filter(answer => answer.status === 201 && answer.at('kind') === 'Workspace').map(id);
    for (const one of [id(made), ...children]) await plane.eventually(async () => assert.deepEqual(await left(one), []));
  }
});

test('what is created while its definition goes does not outlive it', async () => {
  const place = await newPlace(plane);
  const [answers] = await Promise.all([
    many(40, async i => {
      for (let turn = 0; turn < i % 4; turn++) await realTurn();
      return place.post(widgets, widget(`w${i}`));
    }),
    place.del(`${paths.definitions}/widgets.example.com`),
  ]);
  for (const answer of answers) assert.ok([201, 403, 404].includes(answer.status), answer.text);
  await plane.eventually(async () => assert.equal((await place.get(`${paths.definitions}/widgets.example.com`)).status, 404));
  succeeded(await place.post(paths.definitions, widgetDefinition()), 201);
  assert.deepEqual((await place.get(widgets)).at('items'), []);
});

test('writes get through while their definition changes', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(widgets, widget('w')), 201);
  const versions = (value: number) => [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(specWith(value))}})];
  const [made, changed, defined] = await Promise.all([
    many(40, async i => {
      for (let turn = 0; turn < i % 8; turn++) await realTurn();
      return place.post(widgets, widget(`w${i}`));
    }),
    many(40, async i => {
      for (let turn = 0; turn < i % 8; turn++) await realTurn();
      return place.patch(`${widgets}/w`, {metadata: {labels: {[`k${i}`]: 'v'}}});
    }),
    many(5, async i => {
      for (let turn = 0; turn < i; turn++) await realTurn();
      return place.patch(`${paths.definitions}/widgets.example.com`, {spec: {versions: versions(i)}});
    }),
  ]);
  for (const answer of [...changed, ...defined]) succeeded(answer);
  for (const answer of made) succeeded(answer, 201);
  const items = (await place.get(widgets)).at('items') as {spec: {given?: number}}[];
  assert.equal(items.length, 41);
  for (const item of items) assert.equal(typeof item.spec.given, 'number');
});

const specWith = (value: number) => ({
  type: 'object',
  properties: {name: {type: 'string'}, replicas: {type: 'integer'}, given: {type: 'integer', default: value}},
});

type Step =
  | {readonly do: 'put'; readonly name: string; readonly labels: {readonly [key: string]: string}; readonly data: string}
  | {readonly do: 'delete'; readonly name: string};

const name = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      name,
      labels: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2', '3'), {noNullPrototype: true}),
      data: fc.constantFrom('p', 'q'),
    }),
  },
  {weight: 1, arbitrary: fc.record({do: fc.constant('delete' as const), name})},
);

const run = async (place: Api, what: Step): Promise<void> => {
  if (what.do === 'delete') {
    await place.del(`${configMaps}/${what.name}`);
    return;
  }
  const body = configMap(what.name, {d: what.data}, {labels: {...what.labels, mine: 'yes'}});
  const answer = await place.put(`${configMaps}/${what.name}`, body);
  if (answer.status === 404) succeeded(await place.post(configMaps, body), 201);
  else succeeded(answer);
};

type Thing = {
  readonly metadata: {readonly name: string; readonly resourceVersion: string; readonly labels?: {readonly [key: string]: string}};
};
type Told = {readonly type: string; readonly object: Thing};

const selectors: readonly (readonly [string, (labels: {readonly [key: string]: string}) => boolean])[] = [
  ['mine', labels => labels['mine'] === 'yes'],
  ['mine,x=1', labels => labels['x'] === '1'],
  ['mine,x in (1,2),y!=3', labels => ['1', '2'].includes(labels['x'] ?? '') && labels['y'] !== '3'],
  ['mine,!x', labels => !('x' in labels)],
];

/** Follows the events of a watch like a client that keeps a copy, and demands that each makes sense. */
function copyOf(watching: Watching, matches: (labels: {readonly [key: string]: string}) => boolean): (upTo: number) => readonly Thing[] {
  return upTo => {
    const copy = new Map<string, Thing>();
    let last = 0;
    for (const {type, object} of watching.events as unknown as Told[]) {
      const at = Number(object.metadata.resourceVersion);
      assert.ok(at > last, 'revisions go up');
      last = at;
      if (at > upTo) break;
      const known = copy.has(object.metadata.name);
      assert.equal(type === 'ADDED', !known, `${type} of ${object.metadata.name} at ${at}`);
      if (type === 'DELETED') copy.delete(object.metadata.name);
      else copy.set(object.metadata.name, object);
      assert.ok(matches(object.metadata.labels ?? {}), `${type} of what is not selected`);
    }
    return [...copy.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  };
}

test('a watcher’s copy is what a list of that moment shows, at every moment, under every selector', async () => {
  const place = await newPlace(plane);
  await fc.assert(
    fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 25}), fc.boolean(), async (steps, together) => {
      const since = await plane.revision();
      const watches = await Promise.all(
        selectors.map(([selector]) => place.watch(`${configMaps}?labelSelector=${encodeURIComponent(selector)}&resourceVersion=${since}`)),
      );
      // At once, or one after the other.
      if (together) await Promise.all(steps.map(what => run(place, what).catch(() => undefined)));
      else for (const what of steps) await run(place, what);
      const end = await plane.revision();
      succeeded(await place.del(`${configMaps}?labelSelector=mine`));
      await plane.eventually(() => watches.every((watching, i) => copyOf(watching, selectors[i]![1])(Infinity).length === 0));
      for (const [i, [selector, matches]] of selectors.entries()) {
        const copy = copyOf(watches[i] as Watching, matches);
        for (let at = since; at <= end; at++) {
          const exact = `labelSelector=${encodeURIComponent(selector)}&resourceVersion=${at}&resourceVersionMatch=Exact`;
          const {items} = JSON.parse((await place.get(`${configMaps}?${exact}`)).text) as {items: Thing[]};
          assert.deepEqual(
            copy(at).map(({metadata}) => [metadata.name, metadata.resourceVersion]),
            items.map(({metadata}) => [metadata.name, metadata.resourceVersion]),
            `${selector} at ${at}`,
          );
        }
      }
      for (const watching of watches) watching.close();
    }),
    {numRuns: 15},
  );
});

test('a watcher that comes and goes misses nothing', async () => {
  const place = await newPlace(plane);
  const since = await plane.revision();
  const whole = await place.watch(`${configMaps}?resourceVersion=${since}`);
  let at: Found = String(since);
  const pieces: Found[] = [];
  for (let i = 0; i < 20; i++) {
    await many(3, j => place.post(configMaps, configMap(`c-${i}-${j}`)));
    const part = await place.watch(`${configMaps}?resourceVersion=${at}`);
    await plane.eventually(() => part.events.length >= 3);
    // It goes in the middle of what it could have seen.
    const taken = part.events.slice(0, 2) as unknown as Told[];
    part.close();
    pieces.push(...(taken as unknown as Found[]));
    at = taken.at(-1)?.object.metadata.resourceVersion;
  }
  const rest = await place.watch(`${configMaps}?resourceVersion=${at}`);
  await plane.eventually(() => pieces.length + rest.events.length === 60 && whole.events.length === 60);
  assert.deepEqual([...pieces, ...rest.events], whole.events);
  for (const watching of [whole, rest]) watching.close();
});

test('nothing went wrong inside', () => assert.deepEqual(plane.errors, []));
