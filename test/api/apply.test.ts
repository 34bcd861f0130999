/** Server-side apply and managedFields, through the server: spec kubernetes-api 5. What is owned when is told by src/merge/apply. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {type Answer, type Body, type Found, jsonPatch} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, widgets} = paths;

const type = {'content-type': 'application/apply-patch+yaml'};
const apply = (path: string, body: Body, manager = 'a', more = ''): Promise<Answer> =>
  api.patch(`${path}?fieldManager=${manager}${more}`, body, type);
/** The entries of an answer, as `manager operation subresource`, with what they own. */
const owners = (answer: Answer): {[who: string]: Found} =>
  Object.fromEntries(
    ((answer.at('metadata', 'managedFields') ?? []) as {[key: string]: Found}[]).map(entry => [
      [entry['manager'], entry['operation'], entry['subresource']].filter(Boolean).join(' '),
      entry['fieldsV1'],
    ]),
  );

test('an apply creates, changes, and does nothing twice', async () => {
  const path = `${configMaps}/one`;
  const first = succeeded(await apply(path, configMap('one', {a: '1', b: '2'})), 201);
  assert.deepEqual(owners(first), {'a Apply': {'f:data': {'f:a': {}, 'f:b': {}}}});
  await plane.settle();
  const again = succeeded(await apply(path, configMap('one', {a: '1', b: '2'})));
  assert.equal(again.text, first.text);
  const fewer = succeeded(await apply(path, configMap('one', {a: '3'})));
  assert.deepEqual(fewer.at('data'), {a: '3'});
  assert.deepEqual(owners(fewer), {'a Apply': {'f:data': {'f:a': {}}}});
});

test('YAML is understood', async () => {
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {x: y}\ndata:\n  a: "1"\n';
  const made = succeeded(await apply(`${configMaps}/yaml`, yaml), 201);
  assert.deepEqual([made.at('metadata', 'name'), made.at('metadata', 'labels')], ['yaml', {x: 'y'}]);
  refused(await apply(`${configMaps}/yaml`, 'a: [', 'a'), 400, /^BadRequest: error decoding YAML: /);
  refused(await apply(`${configMaps}/yaml`, '[]', 'a'), 400, /^BadRequest: error decoding YAML: /);
});

test('what another set is not taken without force', async () => {
  const path = `${configMaps}/two`;
  succeeded(await apply(path, configMap('two', {a: '1'})), 201);
  const clash = refused(
    await apply(path, configMap('two', {a: '2', b: '1'}), 'b'),
    409,
    /^Conflict: Apply failed with 1 conflict: conflict with "a": \.data\.a$/,
  );
  assert.deepEqual(clash.at('details', 'causes'), [{reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.data.a'}]);
  assert.deepEqual((await api.get(path)).at('data'), {a: '1'});
  const forced = succeeded(await apply(path, configMap('two', {a: '2', b: '1'}), 'b', '&force=true'));
  assert.deepEqual(forced.at('data'), {a: '2', b: '1'});
  assert.deepEqual(owners(forced), {'b Apply': {'f:data': {'f:a': {}, 'f:b': {}}}});
});

test('every write says who made it', async () => {
  const path = `${configMaps}/three`;
  const agent = {'user-agent': 'tool/v1 (linux)'};
  const made = succeeded(await api.post(configMaps, configMap('three', {a: '1'}), agent), 201);
  assert.deepEqual(owners(made), {'tool Update': {'f:data': {'.': {}, 'f:a': {}}}});
  const put = succeeded(await api.put(`${path}?fieldManager=put`, configMap('three', {a: '2', b: '1'})));
  assert.deepEqual(owners(put), {'put Update': {'f:data': {'f:a': {}, 'f:b': {}}}, 'tool Update': {'f:data': {}}});
  const patched = succeeded(await api.patch(`${path}?fieldManager=p`, [{op: 'remove', path: '/data/b'}], jsonPatch));
  assert.deepEqual(owners(patched), {'put Update': {'f:data': {'f:a': {}}}, 'tool Update': {'f:data': {}}});
  const reset = succeeded(await api.patch(path, {metadata: {managedFields: []}}));
  assert.deepEqual(owners(reset), {});
  const applied = succeeded(await apply(path, configMap('three', {a: '2'})));
  assert.deepEqual(owners(applied), {'a Apply': {'f:data': {'f:a': {}}}, 'before-first-apply Update': {'f:data': {'.': {}, 'f:a': {}}}});
});

test('a write that changes nothing is none, whoever makes it', async () => {
  const made = succeeded(await api.post(`${configMaps}?fieldManager=a`, configMap('four', {a: '1'})), 201);
  await plane.settle();
  assert.equal(succeeded(await api.put(`${configMaps}/four?fieldManager=b`, configMap('four', {a: '1'}))).text, made.text);
  assert.equal(succeeded(await api.patch(`${configMaps}/four?fieldManager=c`, {data: {a: '1'}})).text, made.text);
});

test('custom resources: defaults belong to nobody, the status to its endpoint', async () => {
  const path = `${widgets}/w`;
  const made = succeeded(await apply(path, widget('w')), 201);
  assert.deepEqual(owners(made)['a Apply'], {'f:spec': {'f:name': {}}});
  const status = succeeded(await apply(`${path}/status`, {...widget('w'), status: {phase: 'Up'}}, 'ctl'));
  assert.deepEqual(owners(status), {'a Apply': {'f:spec': {'f:name': {}}}, 'ctl Apply status': {'f:status': {'f:phase': {}}}});
  assert.deepEqual([status.at('spec', 'replicas'), status.at('status', 'phase')], [1, 'Up']);
  refused(await apply(path, widget('w', {replicas: 'much'})), 500, /\.spec\.replicas: expected numeric/);
});

test('what is malformed changes nothing', async () => {
  const path = `${configMaps}/one`;
  const before = (await api.get(path)).text;
  refused(await api.patch(path, configMap('one'), type), 422, /fieldManager: Required value: is required for apply patch/);
  refused(await apply(path, configMap('other')), 400, /the name of the object \(other\) does not match the name on the URL \(one\)/);
  refused(await apply(path, {...configMap('one'), apiVersion: 'v2'}), 400, /Incorrect version specified in apply patch/);
  refused(await apply(path, configMap('one', {a: 'x'}), 'b', '&force=true&dryRun=Some'), 422, /dryRun/);
  refused(
    await apply(path, {...configMap('one'), metadata: {name: 'one', managedFields: [{}]}}),
    400,
    /metadata\.managedFields must be nil/,
  );
  refused(await apply(`${configMaps}/none/status`, configMap('none')), 404, /NotFound/);
  refused(await api.patch(`${path}?force=true`, {}), 422, /may not be specified for non-apply patch/);
  assert.equal((await api.get(path)).text, before);
  succeeded(await apply(path, configMap('one', {z: '1'}), 'b', '&dryRun=All'));
  assert.equal((await api.get(path)).text, before);
});
