/** Server-side apply and managedFields, through the server: spec kubernetes-api 5 and 13.5. What is owned when is told by src/merge/apply. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {type Answer, type Body, type Found, jsonPatch} from '../support/api-client.ts';
import {configMap, definition, newPlace, paths, refused, succeeded, widget, widgetSpecSchema, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, widgets, definitions, namespaces} = paths;

const type = {'content-type': 'application/apply-patch+yaml'};
const apply = (path: string, body: Body, manager = 'a', more = ''): Promise<Answer> =>
  api.patch(`${path}?fieldManager=${manager}${more}`, body, type);

type Entry = {readonly [key: string]: Found};
const entries = (answer: Answer): readonly Entry[] => (answer.at('metadata', 'managedFields') ?? []) as readonly Entry[];
/** The entries of an answer, as `manager operation subresource`, with what they own. */
const owners = (answer: Answer): {[who: string]: Found} =>
  Object.fromEntries(
    entries(answer).map(entry => [
      [entry['manager'], entry['operation'], entry['subresource']].filter(Boolean).join(' '),
      entry['fieldsV1'],
    ]),
  );
const version = (answer: Answer): Found => answer.at('metadata', 'resourceVersion');
const data = (...keys: readonly string[]): {[set: string]: object} => ({'f:data': Object.fromEntries(keys.map(key => [`f:${key}`, {}]))});

test('109 who applies must say so', async () => {
  refused(await api.patch(`${configMaps}/c109`, configMap('c109'), type), 422, /fieldManager: Required value: is required for apply patch/);
  refused(await api.get(`${configMaps}/c109`), 404, 'NotFound');
});

test('110 an apply creates', async () => {
  const made = succeeded(await apply(`${configMaps}/c110`, configMap('c110', {a: '1', b: '2'}, {labels: {x: 'y'}})), 201);
  const [entry, ...others] = entries(made);
  assert.deepEqual(others, []);
  assert.deepEqual(entry, {
    manager: 'a',
    operation: 'Apply',
    apiVersion: 'v1',
    time: made.at('metadata', 'creationTimestamp'),
    fieldsType: 'FieldsV1',
    fieldsV1: {...data('a', 'b'), 'f:metadata': {'f:labels': {'f:x': {}}}},
  });
});

test('111 the same apply again writes nothing', async () => {
  const scheme = {
    ...widgetSpecSchema,
    properties: {...widgetSpecSchema.properties, nested: {type: 'object', default: {}, properties: {size: {type: 'integer', default: 3}}}},
  };
  const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: {type: 'object', properties: {spec: scheme}}}})];
  succeeded(await api.post(definitions, definition('defaulteds', 'Defaulted', {versions})), 201);
  const defaulteds = '/apis/example.com/v1/namespaces/t/defaulteds';
  await plane.eventually(async () => succeeded(await api.get(defaulteds)));
  const secret = {apiVersion: 'v1', kind: 'Secret', metadata: {name: 'c111'}, stringData: {a: '1'}};
  for (const [path, body] of [
    [`${configMaps}/c111`, configMap('c111', {a: '1'}, {labels: {}, annotations: {x: ''}})],
    [`${widgets}/c111`, widget('c111', {tags: ['b', 'a'], ports: [{port: 2}, {port: 1}]})],
    [`${defaulteds}/c111`, {...widget('c111', {nested: {}, ports: []}), kind: 'Defaulted'}],
    [`${paths.secrets}/c111`, secret],
    [`${namespaces}/c111`, {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'c111', labels: {x: 'y'}}}],
    [`${definitions}/things.example.com`, definition('things', 'Thing')],
  ] as const) {
    const first = succeeded(await apply(path, body), 201);
    await plane.eventually(async () => path !== `${definitions}/things.example.com` || (await api.get(path)).text.includes('Established'));
    await plane.settle();
    const before = await api.get(path);
    const again = succeeded(await apply(path, body));
    assert.equal(again.text, before.text, path);
    assert.deepEqual(entries(again)[0], entries(first)[0], path);
  }
});

test('112 one value may have two owners, two values may not', async () => {
  const path = `${configMaps}/c112`;
  succeeded(await apply(path, configMap('c112', {a: '1'}), 'm1'), 201);
  const shared = succeeded(await apply(path, configMap('c112', {a: '1'}), 'm2'));
  assert.deepEqual(owners(shared), {'m1 Apply': data('a'), 'm2 Apply': data('a')});
  const clash = refused(
    await apply(path, configMap('c112', {a: '2', b: '1'}), 'm3'),
    409,
    'Conflict: Apply failed with 2 conflicts: conflicts with "m1":\n- .data.a\nconflicts with "m2":\n- .data.a',
  );
  const cause = (manager: string) => ({reason: 'FieldManagerConflict', message: `conflict with "${manager}"`, field: '.data.a'});
  assert.deepEqual(clash.at('details', 'causes'), [cause('m1'), cause('m2')]);
  assert.equal((await api.get(path)).text, shared.text);
});

test('113 force takes a field away', async () => {
  const path = `${configMaps}/c113`;
  succeeded(await apply(path, configMap('c113', {a: '1', b: '1'}), 'm1'), 201);
  const part = succeeded(await apply(path, configMap('c113', {a: '2'}), 'm2', '&force=true'));
  assert.deepEqual(
    [part.at('data'), owners(part)],
    [
      {a: '2', b: '1'},
      {'m1 Apply': data('b'), 'm2 Apply': data('a')},
    ],
  );
  const rest = succeeded(await apply(path, configMap('c113', {a: '2', b: '2'}), 'm2', '&force=true'));
  assert.deepEqual([rest.at('data'), owners(rest)], [{a: '2', b: '2'}, {'m2 Apply': data('a', 'b')}]);
});

test('114 what is no longer applied goes, unless somebody else owns it', async () => {
  const path = `${configMaps}/c114`;
  succeeded(await apply(path, configMap('c114', {own: '1', shared: '1'}), 'm1'), 201);
  succeeded(await apply(path, configMap('c114', {shared: '1'}), 'm2'));
  const fewer = succeeded(await apply(path, configMap('c114'), 'm1'));
  assert.deepEqual([fewer.at('data'), owners(fewer)['m2 Apply']], [{shared: '1'}, data('shared')]);
  assert.deepEqual((await api.get(path)).at('data'), {shared: '1'});
});

test('115 an update takes the field, and an apply then collides', async () => {
  const path = `${configMaps}/c115`;
  succeeded(await apply(path, configMap('c115', {a: '1', b: '1'})), 201);
  const put = succeeded(await api.put(`${path}?fieldManager=u`, configMap('c115', {a: '2', b: '1'})));
  assert.deepEqual(owners(put), {'a Apply': data('b'), 'u Update': data('a')});
  const clash = refused(
    await apply(path, configMap('c115', {a: '1', b: '1'})),
    409,
    'Apply failed with 1 conflict: conflict with "u" using v1: .data.a',
  );
  assert.deepEqual(clash.at('details', 'causes', 0, 'message'), 'conflict with "u" using v1');
});

test('116 the status is applied by itself', async () => {
  const path = `${widgets}/c116`;
  const made = succeeded(await apply(path, {...widget('c116'), status: {phase: 'bogus'}}), 201);
  assert.deepEqual([made.at('status'), owners(made)], [undefined, {'a Apply': {'f:spec': {'f:name': {}}}}]);
  const status = succeeded(await apply(`${path}/status`, {...widget('c116', {replicas: 9}), status: {phase: 'Up'}}, 'ctl'));
  assert.deepEqual(owners(status), {'a Apply': {'f:spec': {'f:name': {}}}, 'ctl Apply status': {'f:status': {'f:phase': {}}}});
  assert.deepEqual([status.at('spec', 'replicas'), status.at('status', 'phase')], [1, 'Up']);
  refused(await apply(`${widgets}/none/status`, widget('none')), 404, 'NotFound');
});

test('117 entries can be forgotten', async () => {
  const path = `${configMaps}/c117`;
  for (const managedFields of [[{}], []]) {
    await apply(path, configMap('c117', {a: '1'}));
    const reset = succeeded(await api.patch(path, {metadata: {managedFields}}));
    assert.deepEqual(entries(reset), []);
    const put = succeeded(await api.put(path, configMap('c117', {a: '1', b: '1'})));
    assert.deepEqual(entries(put), [], 'nobody is tracked until somebody applies');
    await apply(path, configMap('c117', {a: '1'}));
  }
  const applied = await api.get(path);
  assert.deepEqual(owners(applied), {
    'a Apply': data('a'),
    'before-first-apply Update': {'f:data': {'.': {}, 'f:a': {}, 'f:b': {}}},
  });
});

test('118 a configuration has no entries', async () => {
  const body = configMap('c118', {}, {managedFields: [{}]});
  refused(await apply(`${configMaps}/c118`, body), 400, 'BadRequest: metadata.managedFields must be nil');
});

test('119 a configuration fits its type', async () => {
  const bogus = {...configMap('c119'), bogus: 1};
  refused(
    await apply(`${configMaps}/c119`, bogus),
    500,
    /: failed to create typed patch object \(t\/c119; \/v1, Kind=ConfigMap\): \.bogus: field not declared in schema$/,
  );
  refused(await apply(`${widgets}/c119`, widget('c119', {bogus: 1})), 500, '.spec.bogus: field not declared in schema');
  refused(await apply(`${widgets}/c119`, widget('c119', {replicas: 'much'})), 500, '.spec.replicas: expected numeric');
  for (const path of [configMaps, widgets]) refused(await api.get(`${path}/c119`), 404, 'NotFound');
});

/** A kind with lists of every topology. */
async function topologies(): Promise<string> {
  const port = {
    type: 'object',
    required: ['port'],
    properties: {port: {type: 'integer'}, protocol: {type: 'string', default: 'TCP'}, name: {type: 'string'}},
  };
  const spec = {
    type: 'object',
    properties: {
      ports: {type: 'array', items: port, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port', 'protocol']},
      tags: {type: 'array', items: {type: 'string'}, 'x-kubernetes-list-type': 'set'},
      args: {type: 'array', items: {type: 'string'}, 'x-kubernetes-list-type': 'atomic'},
      plain: {type: 'array', items: {type: 'string'}},
      selector: {type: 'object', additionalProperties: {type: 'string'}, 'x-kubernetes-map-type': 'atomic'},
    },
  };
  const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: {type: 'object', properties: {spec}}}})];
  succeeded(await api.post(definitions, definition('shapes', 'Shape', {versions})), 201);
  const shapes = '/apis/example.com/v1/namespaces/t/shapes';
  await plane.eventually(async () => succeeded(await api.get(shapes)));
  return shapes;
}
const shapes = await topologies();
const shape = (name: string, spec: object): object => ({apiVersion: 'example.com/v1', kind: 'Shape', metadata: {name}, spec});

test('120 items of a list with keys belong to those who apply them', async () => {
  const path = `${shapes}/c120`;
  succeeded(await apply(path, shape('c120', {ports: [{port: 80, name: 'web'}]}), 'm1'), 201);
  const both = succeeded(await apply(path, shape('c120', {ports: [{port: 443, protocol: 'TCP', name: 'tls'}]}), 'm2'));
  const tls = {name: 'tls', port: 443, protocol: 'TCP'};
  const web = {name: 'web', port: 80, protocol: 'TCP'};
  assert.deepEqual(both.at('spec', 'ports'), [web, tls]);
  assert.deepEqual(owners(both)['m1 Apply'], {
    'f:spec': {'f:ports': {'k:{"port":80,"protocol":"TCP"}': {'.': {}, 'f:name': {}, 'f:port': {}}}},
  });
  const left = succeeded(await apply(path, shape('c120', {ports: []}), 'm1'));
  assert.deepEqual(left.at('spec', 'ports'), [tls]);
  refused(
    await apply(path, shape('c120', {ports: [{port: 1}, {port: 1, name: 'again'}]}), 'm1'),
    500,
    'failed to create typed patch object (t/c120; example.com/v1, Kind=Shape): .spec.ports: duplicate entries for key [port=1,protocol="TCP"]',
  );
});

test('121 values of a set belong to those who apply them', async () => {
  const path = `${shapes}/c121`;
  succeeded(await apply(path, shape('c121', {tags: ['t1', 't2']}), 'm1'), 201);
  const both = succeeded(await apply(path, shape('c121', {tags: ['t3', 't2']}), 'm2'));
  assert.deepEqual(both.at('spec', 'tags'), ['t1', 't3', 't2']);
  assert.deepEqual(owners(both), {
    'm1 Apply': {'f:spec': {'f:tags': {'v:"t1"': {}, 'v:"t2"': {}}}},
    'm2 Apply': {'f:spec': {'f:tags': {'v:"t2"': {}, 'v:"t3"': {}}}},
  });
  refused(await apply(path, shape('c121', {tags: ['t4', 't4']}), 'm2'), 500, '.spec.tags: duplicate entries for key [="t4"]');
  assert.deepEqual(succeeded(await apply(path, shape('c121', {}), 'm1')).at('spec', 'tags'), ['t3', 't2']);
});

test('122 atomic lists and maps belong to one as a whole', async () => {
  const path = `${shapes}/c122`;
  const first = {args: ['x'], plain: ['x'], selector: {s: '1'}};
  succeeded(await apply(path, shape('c122', first), 'm1'), 201);
  succeeded(await apply(path, shape('c122', first), 'm2'));
  const other = shape('c122', {args: ['x', 'y'], plain: ['y'], selector: {q: '1'}});
  const clash = refused(await apply(path, other, 'm3'), 409, 'Apply failed with 6 conflicts: conflicts with "m1":\n- .spec.args');
  assert.deepEqual([...new Set(clash.fields)], ['.spec.args', '.spec.plain', '.spec.selector']);
  const forced = succeeded(await apply(path, other, 'm3', '&force=true'));
  assert.deepEqual(forced.at('spec'), {args: ['x', 'y'], plain: ['y'], selector: {q: '1'}});
  assert.deepEqual(owners(forced), {'m3 Apply': {'f:spec': {'f:args': {}, 'f:plain': {}, 'f:selector': {}}}});
});

test('123 YAML or JSON', async () => {
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\n  labels: {x: y}\ndata:\n  a: "1"\n';
  const made = succeeded(await apply(`${configMaps}/yaml`, yaml), 201);
  assert.deepEqual([made.at('metadata', 'name'), made.at('metadata', 'labels')], ['yaml', {x: 'y'}]);
  assert.equal(version(succeeded(await apply(`${configMaps}/yaml`, configMap('yaml', {a: '1'}, {labels: {x: 'y'}})))), version(made));
  refused(await apply(`${configMaps}/yaml`, 'a: [', 'a'), 400, /^BadRequest: error decoding YAML: /);
  refused(await apply(`${configMaps}/yaml`, '[]', 'a'), 400, /^BadRequest: error decoding YAML: /);
  const nameless = yaml.replace('  name: yaml\n', '');
  const text = 'BadRequest: the name of the object (yaml based on URL) was undeterminable: name must be provided';
  refused(await apply(`${configMaps}/yaml`, nameless), 400, text);
  refused(await api.put(`${configMaps}/yaml`, nameless, {'content-type': 'application/yaml'}), 400, text);
});

test('124 force is for applies alone', async () => {
  succeeded(await api.post(configMaps, configMap('c124')), 201);
  refused(await api.patch(`${configMaps}/c124?force=true`, {}), 422, 'force: Forbidden: may not be specified for non-apply patch');
});

test('125 an apply to a version or an object that is no more', async () => {
  const path = `${configMaps}/c125`;
  const old = succeeded(await apply(path, configMap('c125', {a: '1'})), 201);
  succeeded(await apply(path, configMap('c125', {a: '2'})));
  const stale = configMap('c125', {a: '3'}, {resourceVersion: version(old)});
  refused(await apply(path, stale), 409, 'the object has been modified; please apply your changes to the latest version and try again');
  refused(await apply(`${configMaps}/none`, configMap('none', {}, {uid: 'of-another'})), 409, /^Conflict: .*uid/);
  succeeded(await apply(`${configMaps}/unseen`, configMap('unseen', {}, {resourceVersion: '1'})), 201);
});

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const clientSide = 'fieldManager=kubectl-client-side-apply';

/** A ConfigMap as `kubectl apply` makes it. */
const clientApplied = (name: string, content: object): object =>
  configMap(name, content, {annotations: {[lastApplied]: `${JSON.stringify(configMap(name, content))}\n`}});

test('126 from client-side to server-side apply', async () => {
  const path = `${configMaps}/c126`;
  succeeded(await api.post(`${configMaps}?${clientSide}`, clientApplied('c126', {a: '1', b: '1'})), 201);
  refused(await apply(path, configMap('c126', {a: '2'}), 'other'), 409, 'conflict with "kubectl-client-side-apply" using v1: .data.a');
  const taken = succeeded(await apply(path, configMap('c126', {a: '2', b: '1'}), 'kubectl'));
  assert.deepEqual(owners(taken)['kubectl Apply'], data('a', 'b'));
  const kept = JSON.parse(String(taken.at('metadata', 'annotations', lastApplied))) as {data: unknown};
  assert.deepEqual(kept.data, {a: '2', b: '1'});

  // As kubectl does then: it folds the entry of client-side apply into the one of the apply, and applies again.
  const folded = entries(taken).filter(entry => entry['manager'] !== 'kubectl-client-side-apply');
  const patch = [
    {op: 'replace', path: '/metadata/managedFields', value: folded},
    {op: 'replace', path: '/metadata/resourceVersion', value: version(taken)},
  ];
  const migrated = succeeded(await api.patch(`${path}?fieldManager=kubectl`, patch, jsonPatch));
  assert.deepEqual(Object.keys(owners(migrated)), ['kubectl Apply']);
  const fewer = succeeded(await apply(path, configMap('c126', {a: '3'}), 'kubectl'));
  assert.deepEqual([fewer.at('data'), Object.keys(owners(fewer))], [{a: '3'}, ['kubectl Apply']]);
});

test('127 entries are replaced in the version that was read', async () => {
  const path = `${configMaps}/c127`;
  const made = succeeded(await apply(path, configMap('c127', {a: '1'})), 201);
  const now = succeeded(await apply(path, configMap('c127', {a: '2'})));
  const [entry] = entries(now) as readonly [Entry];
  const replace = (resourceVersion: Found, value: readonly object[]) => [
    {op: 'replace', path: '/metadata/managedFields', value},
    {op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion},
  ];
  refused(await api.patch(path, replace(version(made), [{...entry, manager: 'new'}]), jsonPatch), 409, 'the object has been modified');
  const done = succeeded(await api.patch(`${path}?fieldManager=x`, replace(version(now), [{...entry, manager: 'new'}]), jsonPatch));
  assert.deepEqual(owners(done), {'new Apply': data('a')});

  const bad = (change: object) => api.patch(path, {metadata: {managedFields: [{...entry, ...change}]}});
  for (const change of [{operation: 'Guess'}, {fieldsType: 'V2'}, {apiVersion: ''}, {fieldsV1: {bad: {}}}])
    assert.deepEqual(owners(succeeded(await bad(change))), {'new Apply': data('a')}, 'what cannot be read is not taken');
  const field = 'metadata.managedFields[0]';
  refused(await bad({manager: 'x'.repeat(129)}), 422, 'Too long: may not be more than 128 bytes', [`${field}.manager`]);
  refused(await bad({manager: 'a\nb'}), 422, 'invalid character U+000A (at position 1)', [`${field}.manager`]);
  refused(await bad({subresource: 'x'.repeat(257)}), 422, 'Too long: may not be more than 256 bytes', [`${field}.subresource`]);
  assert.equal((await api.get(path)).text, done.text);
});

test('128 two versions of a kind', async () => {
  const versions = [widgetVersion('v1beta1', {storage: false}), widgetVersion('v1')];
  succeeded(await api.post(definitions, definition('twins', 'Twin', {versions})), 201);
  const path = (of: string): string => `/apis/example.com/${of}/namespaces/t/twins`;
  const twin = (of: string, spec: object) => ({...widget('c128', spec), kind: 'Twin', apiVersion: `example.com/${of}`});
  await plane.eventually(async () => succeeded(await api.get(path('v1beta1'))));
  succeeded(await apply(`${path('v1beta1')}/c128`, twin('v1beta1', {tags: ['a']}), 'm1'), 201);
  const both = succeeded(await apply(`${path('v1')}/c128`, twin('v1', {tags: ['a', 'b']}), 'm2'));
  const spoken = (answer: Answer) => entries(answer).map(entry => `${entry['manager']} ${entry['apiVersion']}`);
  assert.deepEqual(spoken(both), ['m1 example.com/v1beta1', 'm2 example.com/v1']);
  refused(await apply(`${path('v1')}/c128`, twin('v1', {name: 'other'}), 'm3'), 409, /conflict/);
  const moved = succeeded(await apply(`${path('v1')}/c128`, twin('v1', {tags: ['a']}), 'm1'));
  assert.deepEqual(spoken(moved).toSorted(), ['m1 example.com/v1', 'm2 example.com/v1']);
  const wrong = 'Incorrect version specified in apply patch. Specified patch version: example.com/v1, expected: example.com/v1beta1';
  refused(await apply(`${path('v1beta1')}/c128`, twin('v1', {}), 'm1'), 400, wrong);
});

test('129 an update that changes nothing is nobody’s', async () => {
  const made = succeeded(await api.post(`${configMaps}?fieldManager=a`, configMap('c129', {a: '1'})), 201);
  await plane.settle();
  assert.equal(succeeded(await api.put(`${configMaps}/c129?fieldManager=b`, configMap('c129', {a: '1'}))).text, made.text);
  assert.equal(succeeded(await api.patch(`${configMaps}/c129?fieldManager=c`, {data: {a: '1'}})).text, made.text);
});

test('130 a key that an update took away comes back by an apply', async () => {
  const path = `${configMaps}/c130`;
  const whole = configMap('c130', {a: '1', b: '1'});
  succeeded(await apply(path, whole, 'm1'), 201);
  const put = succeeded(await api.put(`${path}?fieldManager=u`, configMap('c130', {a: '1'})));
  assert.deepEqual(owners(put), {'m1 Apply': data('a')});
  const again = succeeded(await apply(path, whole, 'm1'));
  assert.deepEqual([again.at('data'), owners(again)], [{a: '1', b: '1'}, {'m1 Apply': data('a', 'b')}]);
});

test('every write says who made it', async () => {
  const path = `${configMaps}/three`;
  const agent = {'user-agent': 'tool/v1 (linux)'};
  const made = succeeded(await api.post(configMaps, configMap('three', {a: '1'}), agent), 201);
  assert.deepEqual(owners(made), {'tool Update': {'f:data': {'.': {}, 'f:a': {}}}});
  const put = succeeded(await api.put(`${path}?fieldManager=put`, configMap('three', {a: '2', b: '1'})));
  assert.deepEqual(owners(put), {'put Update': data('a', 'b'), 'tool Update': {'f:data': {}}});
  const patched = succeeded(await api.patch(`${path}?fieldManager=p`, [{op: 'remove', path: '/data/b'}], jsonPatch));
  assert.deepEqual(owners(patched), {'put Update': data('a'), 'tool Update': {'f:data': {}}});
});

test('what the server adds is nobody’s', async () => {
  const namespace = succeeded(await api.post(`${namespaces}?fieldManager=m`, {metadata: {name: 'made'}}), 201);
  assert.deepEqual(owners(namespace), {'m Update': {'f:metadata': {'f:labels': {'.': {}, 'f:kubernetes.io/metadata.name': {}}}}});
  const workspaces = '/apis/tenancy.kcp.io/v1alpha1/workspaces';
  const body = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: {name: 'made'},
    spec: {type: {name: 'universal', path: 'root'}},
  };
  const workspace = succeeded(await api.post(`${workspaces}?fieldManager=m`, body), 201);
  assert.deepEqual(owners(workspace)['m Update'], {'f:spec': {'.': {}, 'f:type': {'.': {}, 'f:name': {}, 'f:path': {}}}});
});

test('secrets of a service account are told apart by name', async () => {
  const path = '/api/v1/namespaces/t/serviceaccounts/robot';
  const account = (...names: readonly string[]) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {name: 'robot'},
    secrets: names.map(name => ({name})),
    imagePullSecrets: [{name: 'pull'}],
  });
  succeeded(await apply(path, account('a'), 'm1'), 201);
  const both = succeeded(await apply(path, account('b'), 'm2'));
  assert.deepEqual(both.at('secrets'), [{name: 'a'}, {name: 'b'}]);
  assert.deepEqual(owners(both), {
    'm1 Apply': {'f:imagePullSecrets': {}, 'f:secrets': {'k:{"name":"a"}': {}}},
    'm2 Apply': {'f:imagePullSecrets': {}, 'f:secrets': {'k:{"name":"b"}': {}}},
  });
});

test('a dry run shows what would come, and changes nothing', async () => {
  const path = `${configMaps}/dry`;
  const made = succeeded(await apply(path, configMap('dry', {a: '1'})), 201);
  const shown = succeeded(await apply(path, configMap('dry', {z: '1'}), 'b', '&dryRun=All'));
  assert.deepEqual([shown.at('data'), Object.keys(owners(shown))], [{a: '1', z: '1'}, ['a Apply', 'b Apply']]);
  refused(await apply(path, configMap('dry', {a: 'x'}), 'b', '&force=true&dryRun=Some'), 422, /dryRun/);
  refused(await apply(path, configMap('other')), 400, /the name of the object \(other\) does not match the name on the URL \(dry\)/);
  refused(await apply(path, {...configMap('dry'), apiVersion: 'v2'}), 400, /Incorrect version specified in apply patch/);
  assert.equal((await api.get(path)).text, made.text);
});

test('the scale of a custom resource is applied as a Scale', async () => {
  const scale = {specReplicasPath: '.spec.count', statusReplicasPath: '.status.count'};
  const spec = {type: 'object', properties: {count: {type: 'integer'}, name: {type: 'string'}}};
  const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: {type: 'object', properties: {spec}}}, subresources: {scale}})];
  succeeded(await api.post(definitions, definition('sizeds', 'Sized', {versions})), 201);
  const path = '/apis/example.com/v1/namespaces/t/sizeds';
  await plane.eventually(async () => succeeded(await api.get(path)));
  const sized = (count?: number) => ({...widget('s'), kind: 'Sized', spec: {name: 'n', ...(count !== undefined && {count})}});
  const wanted = (replicas: number) => ({apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: {name: 's'}, spec: {replicas}});
  const parent = async () => api.get(`${path}/s`);
  const count = {'f:spec': {'f:count': {}}};
  const name = {'f:spec': {'f:name': {}}};

  succeeded(await apply(`${path}/s`, sized(), 'm'), 201);
  refused(await api.get(`${path}/s/scale`), 500, 'the spec replicas field ".spec.count" does not exist');
  succeeded(await api.patch(`${path}/s/scale?fieldManager=p`, {spec: {replicas: 1}}));
  assert.deepEqual(owners(await parent()), {'m Apply': name, 'p Update scale': count});
  refused(
    await apply(`${path}/s/scale`, wanted(2), 'hpa'),
    409,
    'Apply failed with 1 conflict: conflict with "p" with subresource "scale" using autoscaling/v1: .spec.replicas',
  );
  const forced = succeeded(await apply(`${path}/s/scale`, wanted(2), 'hpa', '&force=true'));
  assert.deepEqual([forced.at('kind'), forced.at('spec')], ['Scale', {replicas: 2}]);
  assert.deepEqual(owners(await parent()), {'hpa Apply scale': count, 'm Apply': name});
  assert.equal(entries(await parent())[0]?.['apiVersion'], 'example.com/v1');
  const before = await parent();
  assert.equal(succeeded(await apply(`${path}/s/scale`, wanted(2), 'hpa')).text, forced.text);
  assert.equal((await parent()).text, before.text);

  // Who owns them in the object owns them in the scale.
  refused(await apply(`${path}/s`, sized(3), 'm'), 409, 'conflict with "hpa" with subresource "scale": .spec.count');
  succeeded(await apply(`${path}/s`, sized(3), 'm', '&force=true'));
  assert.deepEqual(owners(await parent()), {'m Apply': {'f:spec': {'f:count': {}, 'f:name': {}}}});
  refused(await apply(`${path}/s/scale`, wanted(4), 'hpa'), 409, 'conflict with "m": .spec.replicas');
  succeeded(await api.put(`${path}/s/scale?fieldManager=u`, wanted(5)));
  assert.deepEqual(owners(await parent()), {'m Apply': name, 'u Update scale': count});

  refused(await apply(`${path}/s/scale`, sized(1), 'hpa'), 400, 'BadRequest: ');
  refused(await apply(`${path}/s/scale`, {...wanted(1), kind: 'Size'}, 'hpa'), 400, 'invalid object type: Size');
  refused(await apply(`${path}/none/scale`, {...wanted(1), metadata: {}}, 'hpa'), 404, 'NotFound');
  refused(await apply(`${path}/s/scale`, wanted(-1), 'hpa', '&force=true'), 422, '.spec.count: Invalid value: -1');
});
