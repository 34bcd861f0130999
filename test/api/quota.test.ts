/** What quotas of object counts promise: never one object too many, and what goes is given back. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api} from '../support/api-client.ts';
import {configMap, definition, newPlace, paths, succeeded, widget, widgetVersion} from '../support/place.ts';
import {inProcess, startPlane, workspaceObject} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());

const {configMaps, secrets, widgets, namespaces} = paths;
const quotasIn = (namespace: string): string => `${namespaces}/${namespace}/resourcequotas`;
const quotas = quotasIn('t');
const quota = (name: string, hard: object, metadata: object = {}, spec: object = {}): object => ({
  metadata: {name, ...metadata},
  spec: {hard, ...spec},
});

/** What the server keeps besides, of all tests. */
const countRolls = (): Promise<number> => plane.store.count('/core/resourcequotas/roll/', 10_000);

/** Waits until a quota shows just this use. */
async function uses(api: Api, name: string, used: object, namespace = 't'): Promise<void> {
  await plane.eventually(async () => {
    const {hard, used: found} = ((await api.get(`${quotasIn(namespace)}/${name}`)).at('status') ?? {}) as {hard?: object; used?: object};
    assert.deepEqual(found, used);
    assert.deepEqual(hard, (await api.get(`${quotasIn(namespace)}/${name}`)).at('spec', 'hard'));
  });
}

function refused(answer: Answer, message: string): void {
  assert.equal(answer.status, 403, answer.text);
  assert.equal(answer.at('reason'), 'Forbidden');
  assert.equal(answer.at('message'), message);
}

const exceeded = (what: string, name: string, used = 2, limit = 2): string =>
  `${what} is forbidden: exceeded quota: q, requested: ${name}=1, used: ${name}=${used}, limited: ${name}=${limit}`;

test('188 a quota counts what is there, refuses what is too much, and takes back what goes', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(quotas, quota('q', {'count/configmaps': '2'})), 201);
  // The namespace came with kube-root-ca.crt.
  await uses(place, 'q', {'count/configmaps': '1'});
  succeeded(await place.post(configMaps, configMap('a')), 201);
  refused(await place.post(configMaps, configMap('b')), exceeded('configmaps "b"', 'count/configmaps'));
  succeeded(await place.del(`${configMaps}/a`));
  await uses(place, 'q', {'count/configmaps': '1'});
  succeeded(await place.post(configMaps, configMap('b')), 201);
});

test('188 a quota counts custom resources, also after their definition went and came back', async () => {
  const place = await newPlace(plane);
  const name = 'count/widgets.example.com';
  succeeded(await place.post(quotas, quota('q', {[name]: 2})), 201);
  for (let round = 0; round < 2; round++) {
    await uses(place, 'q', {[name]: '0'});
    for (const one of ['a', 'b']) succeeded(await place.post(widgets, widget(one)), 201);
    refused(await place.post(widgets, widget('c')), exceeded('widgets.example.com "c"', name));
    succeeded(await place.del(`${paths.definitions}/widgets.example.com`));
    await plane.eventually(async () => (await place.get(`${paths.definitions}/widgets.example.com`)).status === 404);
    await uses(place, 'q', {[name]: '0'});
    succeeded(await place.post(paths.definitions, definition('widgets', 'Widget', {versions: [widgetVersion('v1')]})), 201);
  }
});

test('a create right behind the quota is counted, without waiting for the controller, which goes on from there', inProcess, async () => {
  const alone = await startPlane('alone');
  const place = await newPlace(alone);
  await alone.pause();
  succeeded(await place.post(configMaps, configMap('a')), 201);
  succeeded(await place.post(quotas, quota('q', {'count/configmaps': 3, 'count/secrets': 1})), 201);
  succeeded(await place.post(configMaps, configMap('b')), 201);
  refused(await place.post(configMaps, configMap('c')), exceeded('configmaps "c"', 'count/configmaps', 3, 3));
  const used = async () => (await place.get(`${quotas}/q`)).at('status', 'used');
  assert.deepEqual(await used(), {'count/configmaps': '3'});
  succeeded(await place.del(`${configMaps}/a`));
  const again = await alone.restart();
  await again.eventually(async () => assert.deepEqual(await used(), {'count/configmaps': '2', 'count/secrets': '0'}));
  await again.stop();
});

test('a hundred creates at once never overrun a quota, and fill it', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(quotas, quota('q', {'count/secrets': 17, secrets: 20})), 201);
  succeeded(await place.post(quotas, quota('r', {'count/secrets': 30})), 201);
  const answers = await Promise.all(Array.from({length: 100}, (_, i) => place.post(secrets, {metadata: {name: `s${i}`}})));
  assert.equal(answers.filter(answer => answer.status === 201).length, 17);
  for (const answer of answers.filter(one => one.status !== 201)) assert.match(String(answer.at('message')), /exceeded quota: q/);
  assert.equal(((await place.get(secrets)).at('items') as object[]).length, 17);
  await uses(place, 'q', {'count/secrets': '17', secrets: '17'});
  await uses(place, 'r', {'count/secrets': '17'});
});

test('objects made while a quota comes, changes and goes are counted in the end', inProcess, async () => {
  const place = await newPlace(plane);
  const make = async (i: number) => {
    for (let turn = 0; turn < i % 10; turn++) await plane.world.turn();
    return place.post(secrets, {metadata: {generateName: 's-'}});
  };
  const [answers] = await Promise.all([
    Promise.all(Array.from({length: 60}, (_, i) => make(i))),
    (async () => {
      succeeded(await place.post(quotas, quota('q', {'count/configmaps': 5})), 201);
      succeeded(await place.patch(`${quotas}/q`, {spec: {hard: {'count/secrets': '25'}}}));
      succeeded(await place.post(quotas, quota('gone', {'count/secrets': 40})), 201);
      succeeded(await place.del(`${quotas}/gone`));
    })(),
  ]);
  const made = answers.filter(answer => answer.status === 201).length;
  for (const answer of answers) assert.ok([201, 403].includes(answer.status), answer.text);
  await uses(place, 'q', {'count/configmaps': '1', 'count/secrets': String(made)});
});

test('every quota of a namespace has its say, and both names of a kind', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(quotas, quota('a', {'count/secrets': 5})), 201);
  succeeded(await place.post(quotas, quota('q', {secrets: 0, 'count/secrets': 0})), 201);
  refused(
    await place.post(secrets, {metadata: {name: 's'}}),
    'secrets "s" is forbidden: exceeded quota: q, requested: count/secrets=1,secrets=1, used: count/secrets=0,secrets=0, limited: count/secrets=0,secrets=0',
  );
  await uses(place, 'a', {'count/secrets': '0'});
  // Raising the one in the way is enough, and works at once.
  succeeded(await place.patch(`${quotas}/q`, {spec: {hard: {secrets: '1k', 'count/secrets': '1000'}}}));
  succeeded(await place.post(secrets, {metadata: {name: 's'}}), 201);
  assert.equal((await place.get(`${quotas}/q`)).at('spec', 'hard', 'count/secrets'), '1k');
  await uses(place, 'q', {secrets: '1', 'count/secrets': '1'});
});

test('quotas count themselves, and a dry run is counted and not charged', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(quotas, quota('q', {resourcequotas: 2})), 201);
  await uses(place, 'q', {resourcequotas: '1'});
  succeeded(await place.post(`${quotas}?dryRun=All`, quota('r', {})), 201);
  await uses(place, 'q', {resourcequotas: '1'});
  succeeded(await place.post(quotas, quota('r', {})), 201);
  refused(await place.post(`${quotas}?dryRun=All`, quota('s', {})), exceeded('resourcequotas "s"', 'resourcequotas'));
});

test('scopes apply to nothing that is served, and limits of other things are kept and not counted', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(quotas, quota('q', {'count/secrets': 0}, {}, {scopes: ['Terminating']})), 201);
  succeeded(await place.post(quotas, quota('cpu', {'requests.cpu': '1', 'count/nothing.example.com': 1})), 201);
  succeeded(await place.post(secrets, {metadata: {name: 's'}}), 201);
  await uses(place, 'q', {'count/secrets': '0'});
  await uses(place, 'cpu', {'count/nothing.example.com': '0'});
});

test('namespaces and workspaces with equal quotas have nothing to do with each other', async () => {
  const [one, other] = [await newPlace(plane), await newPlace(plane)];
  succeeded(await one.post(namespaces, {metadata: {name: 'u'}}), 201);
  for (const place of [one, other]) succeeded(await place.post(quotas, quota('q', {'count/secrets': 1})), 201);
  succeeded(await one.post(quotasIn('u'), quota('q', {'count/secrets': 1})), 201);
  for (const place of [one, other]) succeeded(await place.post(secrets, {metadata: {name: 's'}}), 201);
  succeeded(await one.post(`${namespaces}/u/secrets`, {metadata: {name: 's'}}), 201);
  refused(await other.post(secrets, {metadata: {name: 's2'}}), exceeded('secrets "s2"', 'count/secrets', 1, 1));
});

test('a quota goes with its namespace, and the next namespace of that name starts afresh', inProcess, async () => {
  const place = await newPlace(plane);
  const rolls = await countRolls();
  for (let round = 0; round < 2; round++) {
    succeeded(await place.post(quotas, quota('q', {'count/secrets': 1})), 201);
    succeeded(await place.post(secrets, {metadata: {name: 's'}}), 201);
    succeeded(await place.del(`${namespaces}/t`));
    await plane.eventually(async () => (await place.get(`${namespaces}/t`)).status === 404);
    await plane.eventually(async () => (await countRolls()) === rolls);
    succeeded(await place.post(namespaces, {metadata: {name: 't'}}), 201);
  }
  succeeded(await place.post(secrets, {metadata: {name: 's'}}), 201);
});

test('deleting many at once, the count is right in the end', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(quotas, quota('q', {'count/secrets': 50})), 201);
  await Promise.all(Array.from({length: 50}, (_, i) => place.post(secrets, {metadata: {name: `s${i}`}})));
  await uses(place, 'q', {'count/secrets': '50'});
  await Promise.all([place.del(secrets), ...Array.from({length: 20}, (_, i) => place.post(secrets, {metadata: {name: `t${i}`}}))]);
  const left = ((await place.get(secrets)).at('items') as object[]).length;
  await uses(place, 'q', {'count/secrets': String(left)});
});

test('a quota in the namespace admin may count a whole workspace', async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(namespaces, {metadata: {name: 'admin'}}), 201);
  const whole = {annotations: {'experimental.quota.kcp.io/cluster-scoped': 'true'}};
  const hard = {'count/configmaps': 5, 'count/workspaces.tenancy.kcp.io': 1};
  succeeded(await place.post(quotasIn('admin'), quota('q', hard, whole)), 201);
  // The certificates of the root lie in default, kube-system, t and admin.
  await uses(place, 'q', {'count/configmaps': '4', 'count/workspaces.tenancy.kcp.io': '0'}, 'admin');
  succeeded(await place.post(configMaps, configMap('a')), 201);
  refused(await place.post(`${namespaces}/default/configmaps`, configMap('b')), exceeded('configmaps "b"', 'count/configmaps', 5, 5));
  const workspaces = '/apis/tenancy.kcp.io/v1alpha1/workspaces';
  const answers = await Promise.all(['x', 'y'].map(name => place.post(workspaces, workspaceObject(name, 'root:universal'))));
  assert.deepEqual(answers.map(answer => answer.status).sort(), [201, 403]);
  await uses(place, 'q', {'count/configmaps': '5', 'count/workspaces.tenancy.kcp.io': '1'}, 'admin');
  // Without the annotation it counts its own namespace.
  succeeded(await place.patch(`${quotasIn('admin')}/q`, {metadata: {annotations: {'experimental.quota.kcp.io/cluster-scoped': null}}}));
  await uses(place, 'q', {'count/configmaps': '1', 'count/workspaces.tenancy.kcp.io': '0'}, 'admin');
  succeeded(await place.post(`${namespaces}/default/configmaps`, configMap('b')), 201);
});

test('a quota that is there already is not made again', async () => {
  const api = await newPlace(plane);
  for (const hard of [{configmaps: '5'}, {'count/resourcequotas': '5'}, {}]) {
    const name = `again-${Object.keys(hard).length}-${Object.keys(hard)[0]?.length ?? 0}`;
    succeeded(await api.post(quotas, quota(name, hard)), 201);
    for (const query of ['', '?dryRun=All']) {
      const answer = await api.post(quotas + query, quota(name, {secrets: '1'}));
      assert.deepEqual([answer.status, answer.at('reason')], [409, 'AlreadyExists'], answer.text);
    }
  }
});

test('a status that is right is not written again', inProcess, async () => {
  const place = await newPlace(plane);
  succeeded(await place.post(quotas, quota('q', {'count/configmaps': 3})), 201);
  await uses(place, 'q', {'count/configmaps': '1'});
  const version = (await place.get(`${quotas}/q`)).at('metadata', 'resourceVersion');
  succeeded(await place.post(secrets, {metadata: {name: 's'}}), 201);
  succeeded(await place.del(`${secrets}/s`));
  await plane.world.advance(1_000);
  assert.equal((await place.get(`${quotas}/q`)).at('metadata', 'resourceVersion'), version);
});

test('nothing went wrong inside', () => assert.deepEqual(plane.errors, []));
