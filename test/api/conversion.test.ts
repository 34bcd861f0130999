/** Custom resources that a webhook converts: spec kubernetes-api 6.11, case 151 of 13.6. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Json, JsonObject} from '../../src/api/json.ts';
import {dig} from '../../src/api/json.ts';
import type {Answer} from '../support/api-client.ts';
import {boxes, boxVersions, byWebhook, honest, truth} from '../support/boxes.ts';
import {definition, paths, refused, succeeded} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {api, kindWith} = await boxes(plane);
const {definitions} = paths;
const specOf = (answer: Answer) => answer.at('spec');

test('151 an object is written and read in both versions', inProcess, async () => {
  const box = await kindWith(honest());
  const answer = await box.make('a');
  assert.deepEqual(specOf(answer), {size: '3x4', note: 'none'});
  assert.equal(answer.at('apiVersion'), 'example.com/v1');
  assert.deepEqual(specOf(succeeded(await api.get(box.at('a', 'v2')))), {width: 3, height: 4, unit: 'mm'});
  assert.deepEqual(specOf(succeeded(await api.get(box.at('a', 'v1')))), {size: '3x4', note: 'none'});
  assert.equal(answer.at('metadata', 'resourceVersion'), (await api.get(box.at('a', 'v1'))).at('metadata', 'resourceVersion'));
});

test('151 the review says what is wanted of what', inProcess, async () => {
  const box = await kindWith(honest());
  await box.make('a');
  const [there, back] = box.calls() as [JsonObject, JsonObject];
  assert.equal(there['desiredAPIVersion'], 'example.com/v2');
  assert.equal(dig(there, 'objects', '0'), undefined);
  const [sent] = there['objects'] as JsonObject[];
  assert.equal(sent?.['apiVersion'], 'example.com/v1');
  assert.equal(dig(sent, 'metadata', 'name'), 'a');
  assert.match(String(there['uid']), /^[0-9a-f-]{36}$/);
  assert.notEqual(there['uid'], back['uid']);
  assert.equal(back['desiredAPIVersion'], 'example.com/v1');
  assert.equal(box.calls().length, 2);
});

test('151 what is asked for in the version it is stored in is nobody else’s business', inProcess, async () => {
  const box = await kindWith(() => ({problem: 'down'}));
  succeeded(await api.post(box.at('', 'v2'), box.object('a', {width: 1, height: 2}, 'v2')), 201);
  succeeded(await api.get(box.at('a', 'v2')));
  succeeded(await api.get(box.at('', 'v2')));
  succeeded(await api.patch(box.at('a', 'v2'), {spec: {width: 5}}));
  succeeded(await api.del(box.at('a', 'v2')));
  assert.deepEqual(box.calls(), []);
});

test('151 a list is converted by one call, and keeps its order', inProcess, async () => {
  const box = await kindWith(honest(), {storage: 'v1'});
  await box.makeOld('b', 'a', 'c');
  succeeded(await api.post(box.at('', 'v2'), box.object('bb', {width: 9, height: 9}, 'v2')), 201);
  const before = box.calls().length;
  const listed = succeeded(await api.get(box.at('', 'v2')));
  const items = listed.at('items') as {metadata: {name: string}; apiVersion: string; spec: object}[];
  const three = {width: 3, height: 4, unit: 'mm'};
  assert.deepEqual(
    items.map(one => [one.metadata.name, one.apiVersion, one.spec]),
    [
      ['a', 'example.com/v2', three],
      ['b', 'example.com/v2', three],
      ['bb', 'example.com/v2', {width: 9, height: 9, unit: 'mm'}],
      ['c', 'example.com/v2', three],
    ],
  );
  assert.equal(box.calls().length, before + 1);
  const sent = box.calls().at(-1) as JsonObject;
  assert.equal((sent['objects'] as Json[]).length, 3);
});

test('151 selectors and tables look at what was converted', inProcess, async () => {
  const box = await kindWith(
    honest((_, objects) => {
      for (const one of objects) (one['metadata'] as JsonObject)['labels'] = {seen: 'yes'};
    }),
    {storage: 'v2'},
  );
  for (const [name, width] of [
    ['a', 1],
    ['b', 2],
  ] as const)
    succeeded(await api.post(box.at('', 'v2'), box.object(name, {width, height: 1}, 'v2')), 201);
  const names = (answer: Answer) => (succeeded(answer).at('items') as {metadata: {name: string}}[]).map(one => one.metadata.name);
  assert.deepEqual(names(await api.get(`${box.at('', 'v1')}?fieldSelector=spec.size%3D2x1`)), ['b']);
  assert.deepEqual(names(await api.get(`${box.at('', 'v1')}?labelSelector=seen`)), ['a', 'b']);
  assert.deepEqual(names(await api.get(`${box.at('', 'v2')}?labelSelector=seen`)), []);
  const old = await kindWith(honest(), {storage: 'v1'});
  await old.makeOld('a');
  const table = await api.get(old.at('', 'v2'), {accept: 'application/json;as=Table;v=v1;g=meta.k8s.io'});
  assert.deepEqual(table.at('rows', 0, 'cells'), ['a', 3]);
});

test('151 an update rewrites what lies in an old version, even if nothing else changes', inProcess, async () => {
  const box = await kindWith(honest(), {storage: 'v1'});
  await box.makeOld('a');
  const before = succeeded(await api.get(box.at('a', 'v2')));
  const same = JSON.parse(before.text);
  const after_ = succeeded(await api.put(box.at('a', 'v2'), same));
  assert.notEqual(after_.at('metadata', 'resourceVersion'), before.at('metadata', 'resourceVersion'));
  const calls = box.calls().length;
  succeeded(await api.get(box.at('a', 'v2')));
  assert.equal(box.calls().length, calls, 'it lies in the new version now');
  const again = succeeded(await api.put(box.at('a', 'v2'), JSON.parse(after_.text)));
  assert.equal(again.at('metadata', 'resourceVersion'), after_.at('metadata', 'resourceVersion'));
});

test('151 patches, applies and statuses work through either version', inProcess, async () => {
  const box = await kindWith(honest());
  await box.make('a');
  assert.deepEqual(specOf(succeeded(await api.patch(box.at('a', 'v1'), {spec: {size: '7x8'}}))), {size: '7x8', note: 'none'});
  assert.deepEqual(specOf(succeeded(await api.get(box.at('a', 'v2')))), {width: 7, height: 8, unit: 'mm'});
  succeeded(await api.patch(`${box.at('a', 'v1')}/status`, {status: {phase: 'Good'}}));
  assert.deepEqual((await api.get(box.at('a', 'v2'))).at('status'), {phase: 'Good'});
  const apply = (v: string, of: object, manager: string, force = false) =>
    api.send('PATCH', `${box.at('b', v)}?fieldManager=${manager}${force ? '&force=true' : ''}`, box.object('b', of, v), {
      'content-type': 'application/apply-patch+yaml',
    });
  succeeded(await apply('v1', {size: '1x2'}, 'one'), 201);
  assert.deepEqual(specOf(succeeded(await apply('v2', {height: 2}, 'two'))), {width: 1, height: 2, unit: 'mm'});
  refused(await apply('v2', {width: 5}, 'three'), 409, /conflict/);
  assert.deepEqual(specOf(succeeded(await apply('v2', {width: 5}, 'three', true))), {width: 5, height: 2, unit: 'mm'});
  assert.deepEqual(specOf(succeeded(await api.get(box.at('b', 'v1')))), {size: '5x2', note: 'none'});
});

test('151 deletion shows the object as it was asked for, and finalizers are kept', inProcess, async () => {
  const box = await kindWith(honest());
  succeeded(await api.post(box.at('', 'v1'), box.object('a', {size: '1x1'}, 'v1', {finalizers: ['example.com/hold']})), 201);
  const marked = succeeded(await api.del(box.at('a', 'v1')));
  assert.deepEqual([specOf(marked), marked.at('metadata', 'finalizers')], [{size: '1x1', note: 'none'}, ['example.com/hold']]);
  const again = succeeded(await api.del(box.at('a', 'v1')));
  assert.deepEqual(specOf(again), {size: '1x1', note: 'none'});
  assert.equal(again.at('metadata', 'resourceVersion'), marked.at('metadata', 'resourceVersion'));
  succeeded(await api.patch(box.at('a', 'v1'), {metadata: {finalizers: null}}));
  refused(await api.get(box.at('a', 'v1')), 404, 'not found');
  await box.make('b');
  assert.equal(succeeded(await api.del(box.at('', 'v1'))).at('items', 0, 'spec', 'size'), '3x4');
  assert.deepEqual(succeeded(await api.get(box.at('', 'v2'))).at('items'), []);
});

test('151 a watch tells of converted objects in their order, and each is converted once', inProcess, async () => {
  const box = await kindWith(honest());
  const first = await api.watch(box.at('', 'v1'));
  const second = await api.watch(box.at('', 'v1'));
  for (const [name, width] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ] as const)
    succeeded(await api.post(box.at('', 'v2'), box.object(name, {width, height: 1}, 'v2')), 201);
  succeeded(await api.del(box.at('b', 'v2')));
  for (const watching of [first, second])
    await plane.eventually(() => assert.deepEqual(watching.seen(), ['ADDED a', 'ADDED b', 'ADDED c', 'DELETED b']));
  const sizes = (first.events as {object: {apiVersion: string; spec: {size: string}}}[]).map(
    each => `${each.object.apiVersion} ${each.object.spec.size}`,
  );
  assert.deepEqual(sizes, ['example.com/v1 1x1', 'example.com/v1 2x1', 'example.com/v1 3x1', 'example.com/v1 2x1']);
  const sent = box.calls().flatMap(call => call['objects'] as Json[]).length;
  assert.equal(sent, 4);
  first.close();
  second.close();
});

test('151 a watch by a field follows what enters and leaves', inProcess, async () => {
  const box = await kindWith(honest());
  const watching = await api.watch(`${box.at('', 'v1')}?fieldSelector=spec.size%3D1x1`);
  succeeded(await api.post(box.at('', 'v2'), box.object('a', {width: 1, height: 1}, 'v2')), 201);
  succeeded(await api.patch(box.at('a', 'v2'), {spec: {width: 2}}));
  succeeded(await api.patch(box.at('a', 'v2'), {spec: {width: 1}}));
  await plane.eventually(() => assert.deepEqual(watching.seen(), ['ADDED a', 'DELETED a', 'ADDED a']));
  assert.equal((watching.events[1] as {object: {spec: {size: string}}}).object.spec.size, '1x1');
  watching.close();
});

test('151 a watch whose webhook fails ends with the error', inProcess, async () => {
  const box = await kindWith(() => ({problem: 'the webhook is down'}));
  const watching = await api.watch(box.at('', 'v1'));
  succeeded(await api.post(box.at('', 'v2'), box.object('a', {width: 1, height: 1}, 'v2')), 201);
  await plane.eventually(() => watching.over() === 'ended');
  const [event] = watching.events as {type: string; object: {code: number; reason: string; message: string}}[];
  assert.deepEqual([event?.type, event?.object.code, event?.object.reason], ['ERROR', 500, 'InternalError']);
  assert.match(event?.object.message ?? '', /conversion webhook for example.com\/v2, Kind=Box\d+ failed: the webhook is down/);
  const initial = await api.watch(`${box.at('', 'v1')}?resourceVersion=0`);
  await plane.eventually(() => initial.over() === 'ended');
  assert.deepEqual(
    (initial.events as {type: string}[]).map(each => each.type),
    ['ERROR'],
  );
});

test('151 labels and annotations may change, the workspace they lie in may not', inProcess, async () => {
  const box = await kindWith(
    honest((_, objects) => {
      for (const one of objects) {
        const metadata = one['metadata'] as JsonObject;
        metadata['labels'] = {'by.example.com/hook': 'label'};
        metadata['annotations'] = {note: 'written by the hook', 'kcp.io/cluster': 'elsewhere'};
        metadata['finalizers'] = ['example.com/sneaky'];
        metadata['generation'] = 77;
        metadata['ownerReferences'] = [];
      }
    }),
  );
  const before = succeeded(await api.post(box.at('', 'v2'), box.object('a', {width: 1, height: 1}, 'v2')), 201);
  const got = succeeded(await api.get(box.at('a', 'v1')));
  assert.deepEqual(got.at('metadata', 'labels'), {'by.example.com/hook': 'label'});
  assert.deepEqual(got.at('metadata', 'annotations'), {
    note: 'written by the hook',
    'kcp.io/cluster': before.at('metadata', 'annotations', 'kcp.io/cluster'),
  });
  assert.equal(got.at('metadata', 'finalizers'), undefined);
  assert.equal(got.at('metadata', 'generation'), 1);
  assert.deepEqual(got.at('metadata', 'managedFields'), before.at('metadata', 'managedFields'));
});

test('151 an answer is pruned and completed by the schema of its version', inProcess, async () => {
  const box = await kindWith(
    honest((_, objects) => {
      for (const one of objects) one['spec'] = {...(one['spec'] as JsonObject), made: 'up', unit: null};
    }),
  );
  await box.make('a');
  assert.deepEqual(specOf(await api.get(box.at('a', 'v2'))), {width: 3, height: 4, unit: 'mm'});
});

test('151 what cannot be stored, or could not be read again, is not created', inProcess, async () => {
  const box = await kindWith(() => ({problem: 'down'}));
  refused(await api.post(box.at('', 'v1'), box.object('a', {size: '1x1'})), 500, 'failed: down');
  plane.webhooks.at(box.url, review =>
    dig(review, 'request', 'desiredAPIVersion') === 'example.com/v2' ? truth(review) : {problem: 'one way only'},
  );
  refused(await api.post(box.at('', 'v1'), box.object('a', {size: '1x1'})), 500, 'failed: one way only');
  assert.deepEqual(succeeded(await api.get(box.at('', 'v2'))).at('items'), []);
});

test('151 in a list a webhook that swaps two is found out', inProcess, async () => {
  const box = await kindWith(honest(), {storage: 'v1'});
  await box.makeOld('a', 'b');
  plane.webhooks.at(
    box.url,
    honest((_, objects) => objects.reverse()),
  );
  refused(await api.get(box.at('', 'v2')), 500, 'returned invalid converted object at index 0: must have the same name: a != b');
});

test('151 the older review is spoken too, and asks for less', inProcess, async () => {
  const box = await kindWith(
    honest(response => delete response['uid']),
    {reviewVersions: ['v9', 'v1beta1', 'v1']},
  );
  await box.make('a');
  assert.deepEqual(specOf(succeeded(await api.get(box.at('a', 'v2')))), {width: 3, height: 4, unit: 'mm'});
  const spoken = plane.webhooks.calls.filter(call => call.url === box.url).map(call => call.review['apiVersion']);
  assert.deepEqual([...new Set(spoken)], ['apiextensions.k8s.io/v1beta1']);
});

test('151 a version that is not served can still be the one that is stored', inProcess, async () => {
  const box = await kindWith(honest(), {storage: 'v2'});
  const [v1, v2] = boxVersions('v2') as [object, object];
  succeeded(await api.patch(`${definitions}/${box.name}`, {spec: {versions: [v1, {...v2, served: false}]}}));
  await box.make('a');
  assert.deepEqual(specOf(succeeded(await api.get(box.at('a', 'v1')))), {size: '3x4', note: 'none'});
  succeeded(await api.patch(`${definitions}/${box.name}`, {spec: {versions: [v1, v2]}}));
  assert.deepEqual(specOf(succeeded(await api.get(box.at('a', 'v2')))), {width: 3, height: 4, unit: 'mm'});
});

test('151 who wrote before the webhook came is converted by it', inProcess, async () => {
  const box = await kindWith(honest(), {storage: 'v2'});
  succeeded(await api.patch(`${definitions}/${box.name}`, {spec: {conversion: {strategy: 'None', webhook: null}}}));
  await box.make('a');
  assert.deepEqual(box.calls(), []);
  await box.switchTo('v2');
  assert.deepEqual(specOf(succeeded(await api.get(box.at('a', 'v2')))), {width: 3, height: 4, unit: 'mm'});
});

test('151 dry runs, deletion of the definition and of the namespace ask no webhook', inProcess, async () => {
  const box = await kindWith(honest());
  await box.make('a');
  const calls = box.calls().length;
  succeeded(await api.post(`${box.at('', 'v1')}?dryRun=All`, box.object('b', {size: '1x1'})), 201);
  plane.webhooks.at(box.url, () => ({problem: 'down'}));
  succeeded(await api.del(`${definitions}/${box.name}`));
  await plane.eventually(async () => assert.equal((await api.get(`${definitions}/${box.name}`)).status, 404));
  assert.equal(box.calls().length, calls);
});

test('151 a webhook that hangs holds up its own workspace only', inProcess, async () => {
  const box = await kindWith(honest(), {storage: 'v1'});
  await box.makeOld('a');
  const release: (() => void)[] = [];
  plane.webhooks.at(box.url, () => new Promise(resolve => release.push(() => resolve({}))));
  let answered = 0;
  const count = async (asked: Promise<Answer>): Promise<Answer> => {
    const answer = await asked;
    answered++;
    return answer;
  };
  const asked = Array.from({length: 20}, () => count(api.get(box.at('a', 'v2'))));
  await plane.world.advance(1);
  assert.equal(release.length, 8, 'no more than its share is under way');
  const other = await plane.workspace('c151-other');
  succeeded(await other.get('/api/v1/namespaces'));
  await plane.world.advance(30_000);
  assert.equal(answered, 12, 'the time of those who waited is up');
  for (const each of release) each();
  for (const answer of await Promise.all(asked))
    refused(answer, 500, /failed: (Post "https:.*\?timeout=30s": context deadline exceeded|expected webhook response)/);
});

test('151 a service has nobody behind it here', inProcess, async () => {
  const spec = {
    versions: boxVersions('v2'),
    conversion: byWebhook({service: {namespace: 'n', name: 'hook'}}),
  };
  succeeded(await api.post(definitions, definition('cans', 'Can', spec)), 201);
  const answer = await api.post('/apis/example.com/v1/namespaces/t/cans', {
    apiVersion: 'example.com/v1',
    kind: 'Can',
    metadata: {name: 'a'},
  });
  refused(answer, 500, 'failed: Post "https://hook.n.svc:443/?timeout=30s": connect: connection refused');
});

test('nothing went wrong inside', inProcess, () => assert.deepEqual(plane.errors, []));
