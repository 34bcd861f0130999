/** Custom resources and their definitions in the words of a real kcp: spec kubernetes-api 6.3, 6.8 to 6.10. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api, Found} from '../support/api-client.ts';
import {definition, newPlace, paths, refused, succeeded, widget, widgetSchema, widgetSpecSchema, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {definitions, widgets} = paths;
const missingKind = "the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in";

const sent: readonly [string, object, number, string][] = [
  ['nothing', {}, 400, `BadRequest: ${missingKind} '{}' ({})`],
  [
    'no kind',
    {apiVersion: 'example.com/v1', metadata: {name: 'x'}},
    400,
    `BadRequest: ${missingKind} '{"apiVersion":"example.com/v1","metadata":{"name":"x"}}' ({"apiVersion":"example.com/v1" ...)`,
  ],
  [
    'no version',
    {kind: 'Widget', metadata: {name: 'x'}},
    400,
    'BadRequest: the API version in the data () does not match the expected API version (example.com/v1)',
  ],
  [
    'another version',
    {...widget('x'), apiVersion: 'example.com/v2'},
    400,
    'BadRequest: the API version in the data (example.com/v2) does not match the expected API version (example.com/v1)',
  ],
  [
    'another kind',
    {...widget('x'), kind: 'Other'},
    422,
    'Invalid: Widget.example.com "x" is invalid: kind: Invalid value: "Other": must be Widget',
  ],
];
for (const [title, body, status, problem] of sent) {
  test(`a custom resource with ${title}`, async () => assert.equal(refused(await api.post(widgets, body), status, '').problem, problem));
}

const scale = {specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector'};

test('numbers of replicas are numbers of something', async () => {
  const spec = {type: 'object', properties: {replicas: {'x-kubernetes-preserve-unknown-fields': true}}};
  const version = widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(spec)}, subresources: {status: {}, scale}});
  succeeded(await api.post(definitions, definition('scaled', 'Scaled', {versions: [version]})), 201);
  const path = '/apis/example.com/v1/namespaces/t/scaled';
  const object = (replicas: unknown) => ({apiVersion: 'example.com/v1', kind: 'Scaled', metadata: {name: 's'}, spec: {replicas}});
  const problemOf = async (asked: Promise<Answer>) => String(refused(await asked, 422, '').at('details', 'causes', 0, 'message'));
  const wrong: readonly [unknown, string][] = [
    [-1, 'Invalid value: -1: should be a non-negative integer'],
    [2_147_483_648, 'Invalid value: 2147483648: should be less than or equal to 2147483647'],
    [1.5, 'Invalid value: 0: .spec.replicas accessor error: 1.5 is of the type float64, expected int64'],
    ['x', 'Invalid value: 0: .spec.replicas accessor error: x is of the type string, expected int64'],
  ];
  for (const [replicas, problem] of wrong) assert.equal(await problemOf(api.post(path, object(replicas))), problem);
  succeeded(await api.post(path, object(1)), 201);
  const status = (value: object) => problemOf(api.patch(`${path}/s/status`, {status: value}));
  assert.equal(await status({replicas: -1}), 'Invalid value: -1: should be a non-negative integer');
  assert.equal(await status({selector: 5}), 'Invalid value: "": .status.selector accessor error: 5 is of the type int64, expected string');
  assert.equal(await problemOf(api.patch(`${path}/s`, {spec: {replicas: -3}})), 'Invalid value: -3: should be a non-negative integer');

  const put = (metadata: object, replicas: unknown = 2) =>
    api.put(`${path}/s/scale`, {apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: {replicas}});
  refused(await put({name: 'other'}), 400, 'the name of the object (other) does not match the name on the URL (s)');
  refused(await put({}), 400, 'the name of the object (s based on URL) was undeterminable: name must be provided');
  refused(await put({name: 's', namespace: 'other'}), 400, 'the namespace of the provided object does not match');
  refused(await put({name: 's', uid: 'other'}), 409, 'Precondition failed: UID in precondition: other');
  refused(await put({name: 's'}, 'x'), 400, 'cannot unmarshal string into Go struct field ScaleSpec.spec.replicas');
  refused(await put({name: 's'}, -2), 422, 'should be a non-negative integer', ['.spec.replicas']);
  assert.equal(succeeded(await put({name: 's'})).at('spec', 'replicas'), 2);
});

test('formats that nobody knows are told of once', async () => {
  const spec = {
    type: 'object',
    properties: {
      a: {type: 'string', format: 'odd'},
      b: {type: 'array', items: {type: 'string', format: 'odder', anyOf: [{format: 'uri-reference'}]}},
      c: {type: 'object', additionalProperties: {type: 'integer', format: 'odd'}},
      d: {type: 'string', format: 'date-time'},
      e: {type: 'integer', format: 'int64'},
    },
  };
  const body = definition('formats', 'Format', {versions: [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(spec)}})]});
  const answer = succeeded(await api.post(definitions, body), 201);
  // Clients of HTTP join headers of one name.
  assert.equal(
    [answer.headers['warning']].flat().join(', '),
    ['odd', 'odder', 'uri-reference'].map(format => `299 - "unrecognized format \\"${format}\\""`).join(', '),
  );
  succeeded(await api.post(definitions, definition('knowns', 'Known', {versions: [widgetVersion('v1')]})), 201);
});

test('a group of the server is reserved', async () => {
  const body = {...definition('bads', 'Bad', {group: 'apis.kcp.io'}), metadata: {name: 'bads.apis.kcp.io'}};
  refused(await api.post(definitions, body), 403, 'is forbidden: apis.kcp.io is a reserved group');
});

/** What became of the names of a definition. */
async function namesOf(place: Api, plural: string) {
  const status = succeeded(await place.get(`${definitions}/${plural}.example.com`)).at('status');
  const {acceptedNames, conditions} = status as {
    acceptedNames: {[name: string]: Found};
    conditions: {type: string; status: string; reason: string; message: string}[];
  };
  const {reason, message} = conditions.find(one => one.type === 'NamesAccepted') as {reason: string; message: string};
  return {acceptedNames, reason, message, established: conditions.find(one => one.type === 'Established')?.status};
}

test('137 each name that is taken is told of by its reason', async () => {
  const place = await plane.workspace('c137-reasons');
  const define = async (plural: string, kind: string, names: object = {}) =>
    succeeded(await place.post(definitions, definition(plural, kind, {names: {plural, kind, ...names}})), 201);
  await define('gizmos', 'Gizmo', {shortNames: ['gz']});
  const wanted: readonly [string, object, string, string][] = [
    ['ones', {shortNames: ['gz', 'on']}, 'ShortNamesConflict', '"gz" is already in use'],
    ['twos', {singular: 'gizmo'}, 'SingularConflict', '"gizmo" is already in use'],
    ['threes', {kind: 'Gizmo', listKind: 'Threes'}, 'KindConflict', '"Gizmo" is already in use'],
    ['fours', {listKind: 'GizmoList'}, 'ListKindConflict', '"GizmoList" is already in use'],
    ['fives', {shortNames: ['gizmos', 'gizmo']}, 'ShortNamesConflict', '["gizmos" is already in use, "gizmo" is already in use]'],
    ['sixes', {kind: 'GizmoList', listKind: 'Sixes'}, 'KindConflict', '"GizmoList" is already in use'],
  ];
  for (const [plural, names, reason, message] of wanted) {
    await define(plural, `${plural[0]?.toUpperCase()}${plural.slice(1, -1)}`, names);
    assert.deepEqual(await namesOf(place, plural).then(found => [found.reason, found.message, found.established]), [
      reason,
      message,
      'False',
    ]);
  }
});

test('137 a name that comes free goes to one of those who wait for it', async () => {
  const place = await plane.workspace('c137-freed');
  for (const [plural, kind] of [
    ['firsts', 'First'],
    ['seconds', 'Second'],
    ['thirds', 'Third'],
  ] as const)
    succeeded(await place.post(definitions, definition(plural, kind, {names: {plural, kind, shortNames: ['sought']}})), 201);
  succeeded(await place.del(`${definitions}/firsts.example.com`));
  await plane.eventually(async () => assert.equal((await namesOf(place, 'seconds')).reason, 'NoConflicts'));
  assert.equal((await namesOf(place, 'thirds')).reason, 'ShortNamesConflict');
  succeeded(await place.del(`${definitions}/seconds.example.com`));
  await plane.eventually(async () => assert.equal((await namesOf(place, 'thirds')).established, 'True'));
});

test('what a definition is called by cannot change, and is told of once', async () => {
  succeeded(
    await api.post(
      definitions,
      definition('fixeds', 'Fixed', {versions: [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(widgetSpecSchema)}})]}),
    ),
    201,
  );
  const path = `${definitions}/fixeds.example.com`;
  refused(await api.patch(path, {spec: {names: {plural: 'others'}}}), 422, 'field is immutable', ['spec.names.plural']);
  refused(await api.patch(path, {spec: {group: 'other.example.com'}}), 422, 'field is immutable', ['spec.group']);
});

test('nothing went wrong inside', () => assert.deepEqual(plane.errors, []));
