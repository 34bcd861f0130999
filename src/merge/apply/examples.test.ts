import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError} from '../../api/errors.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {clone} from '../../api/json.ts';
import {configMaps, track, widgets} from './tracked.suite.ts';

/** The examples of spec kubernetes-api 5.9, E1 to E15, to the letter: also the order of keys counts. */
const is = (actual: Json, expected: string): void => assert.equal(JSON.stringify(actual), JSON.stringify(JSON.parse(expected)));
const owners = (tracked: {entries: () => [string, Json][]}, expected: [string, string][]): void =>
  assert.deepEqual(
    tracked.entries().map(([who, fields]) => [who, JSON.stringify(fields)]),
    expected,
  );

const refusal = (run: () => void): {code: number; message: string; causes: unknown} => {
  try {
    run();
  } catch (err) {
    assert.ok(err instanceof ApiError, String(err));
    return {code: err.code, message: err.message, causes: err.details?.causes};
  }
  assert.fail('not refused');
};

const labelled = {metadata: {labels: {app: 'x'}}, data: {k1: '1', k2: '2'}};
const labelledUpdate = '{"f:data":{".":{},"f:k1":{},"f:k2":{}},"f:metadata":{"f:labels":{".":{},"f:app":{}}}}';

test('E1, E2: create by POST, then updates by another manager', () => {
  const map = track(configMaps);
  map.put({manager: 'kubectl-create'}, labelled);
  is(
    map.live()!,
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"w","namespace":"d","labels":{"app":"x"},"managedFields":[
    {"manager":"kubectl-create","operation":"Update","apiVersion":"v1","time":"1970-01-01T00:00:01Z","fieldsType":"FieldsV1",
    "fieldsV1":${labelledUpdate}}]},"data":{"k1":"1","k2":"2"}}`,
  );
  map.put({manager: 'ctl'}, {metadata: {labels: {app: 'x'}}, data: {k1: '1', k2: '9', k3: '3'}});
  owners(map, [
    ['kubectl-create Update v1 t1', '{"f:data":{".":{},"f:k1":{}},"f:metadata":{"f:labels":{".":{},"f:app":{}}}}'],
    ['ctl Update v1 t2', '{"f:data":{"f:k2":{},"f:k3":{}}}'],
  ]);
  map.put({manager: 'ctl'}, {data: {k2: '9', k3: '3'}});
  owners(map, [
    ['kubectl-create Update v1 t1', '{"f:data":{}}'],
    ['ctl Update v1 t2', '{"f:data":{"f:k2":{},"f:k3":{}}}'],
  ]);
});

test('E3 to E7: apply, conflict, force, shared ownership, pruning, no-op', () => {
  const map = track(configMaps);
  map.apply({manager: 'mgr-a'}, labelled);
  const applied = '{"f:data":{"f:k1":{},"f:k2":{}},"f:metadata":{"f:labels":{"f:app":{}}}}';
  owners(map, [['mgr-a Apply v1 t1', applied]]);

  const before = clone(map.live()!);
  const wanted = {data: {k2: 'B', k3: '3'}};
  assert.deepEqual(
    refusal(() => map.apply({manager: 'mgr-b'}, wanted)),
    {
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "mgr-a": .data.k2',
      causes: [{reason: 'FieldManagerConflict', message: 'conflict with "mgr-a"', field: '.data.k2'}],
    },
  );
  assert.deepEqual(map.live(), before);

  map.apply({manager: 'mgr-b'}, wanted, true);
  is(map.content(), '{"metadata":{"labels":{"app":"x"}},"data":{"k1":"1","k2":"B","k3":"3"}}');
  owners(map, [
    ['mgr-a Apply v1 t1', '{"f:data":{"f:k1":{}},"f:metadata":{"f:labels":{"f:app":{}}}}'],
    ['mgr-b Apply v1 t3', '{"f:data":{"f:k2":{},"f:k3":{}}}'],
  ]);

  map.apply({manager: 'mgr-c'}, {data: {k1: '1'}});
  assert.equal(map.revision(), 3);
  owners(map, [
    ['mgr-c Apply v1 -', '{"f:data":{"f:k1":{}}}'],
    ['mgr-a Apply v1 t1', '{"f:data":{"f:k1":{}},"f:metadata":{"f:labels":{"f:app":{}}}}'],
    ['mgr-b Apply v1 t3', '{"f:data":{"f:k2":{},"f:k3":{}}}'],
  ]);
  map.apply({manager: 'mgr-a'}, {});
  is(map.content(), '{"data":{"k1":"1","k2":"B","k3":"3"}}');
  owners(map, [
    ['mgr-c Apply v1 -', '{"f:data":{"f:k1":{}}}'],
    ['mgr-b Apply v1 t3', '{"f:data":{"f:k2":{},"f:k3":{}}}'],
  ]);

  map.apply({manager: 'mgr-b'}, {data: {k2: 'B'}});
  is(map.content(), '{"data":{"k1":"1","k2":"B"}}');
  const pruned: [string, string][] = [
    ['mgr-c Apply v1 -', '{"f:data":{"f:k1":{}}}'],
    ['mgr-b Apply v1 t6', '{"f:data":{"f:k2":{}}}'],
  ];
  owners(map, pruned);
  const revision = map.revision();
  map.apply({manager: 'mgr-b'}, {data: {k2: 'B'}});
  owners(map, pruned);
  assert.equal(map.revision(), revision);
});

test('E8: a custom resource by POST', () => {
  const widget = track(widgets);
  widget.put(
    {manager: 'curl'},
    {
      metadata: {labels: {a: 'b'}},
      spec: {
        replicas: 1,
        image: 'i',
        args: ['x'],
        tags: ['t1'],
        ports: [{port: 80, protocol: 'TCP', name: 'web'}],
        selector: {s: '1'},
        options: {o: '1'},
      },
    },
  );
  owners(widget, [
    [
      'curl Update example.com/v1 t1',
      '{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{".":{},"f:args":{},"f:image":{},"f:options":{".":{},"f:o":{}},"f:ports":{".":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{}}},"f:replicas":{},"f:selector":{},"f:tags":{".":{},"v:\\"t1\\"":{}}}}',
    ],
  ]);
});

const item80 = 'k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}';
const item443 = 'k:{\\"port\\":443,\\"protocol\\":\\"TCP\\"}';
const rawFields = '"f:raw":{"f:a":{".":{},"f:b":{},"f:c":{}},"f:e":{}}';
const specOfA = {args: ['x'], selector: {s: '1'}, options: {o: '1'}, raw: {a: {b: 1, c: [1, 2]}, e: {}}, replicas: 1};

test('E8 to E10: appliers of a custom resource', () => {
  const widget = track(widgets);
  widget.apply({manager: 'mgr-a'}, {spec: {...specOfA, ports: [{port: 80, name: 'web'}], tags: ['t1', 't2']}});
  owners(widget, [
    [
      'mgr-a Apply example.com/v1 t1',
      `{"f:spec":{"f:args":{},"f:options":{"f:o":{}},"f:ports":{"${item80}":{".":{},"f:name":{},"f:port":{}}},${rawFields},"f:replicas":{},"f:selector":{},"f:tags":{"v:\\"t1\\"":{},"v:\\"t2\\"":{}}}}`,
    ],
  ]);

  const ofB = {
    ports: [
      {port: 443, protocol: 'TCP', name: 'tls'},
      {port: 80, protocol: 'TCP'},
    ],
    tags: ['t3', 't2'],
  };
  widget.apply({manager: 'mgr-b'}, {spec: ofB});
  const spec = (): JsonObject => (widget.live() as {spec: JsonObject}).spec;
  is(
    [spec()['ports']!, spec()['tags']!],
    '[[{"port":443,"protocol":"TCP","name":"tls"},{"port":80,"name":"web","protocol":"TCP"}],["t1","t3","t2"]]',
  );
  const ownedByB = `{"f:spec":{"f:ports":{"${item80}":{".":{},"f:port":{},"f:protocol":{}},"${item443}":{".":{},"f:name":{},"f:port":{},"f:protocol":{}}},"f:tags":{"v:\\"t2\\"":{},"v:\\"t3\\"":{}}}}`;
  assert.deepEqual(widget.entries()[1]![0], 'mgr-b Apply example.com/v1 t2');
  is(widget.entries()[1]![1], ownedByB);

  widget.apply({manager: 'mgr-a'}, {spec: {...specOfA, tags: ['t1']}});
  is([spec()['ports']!, spec()['tags']!], '[[{"port":443,"protocol":"TCP","name":"tls"},{"port":80,"protocol":"TCP"}],["t1","t3","t2"]]');

  const atomic = {spec: {args: ['z'], selector: {q: '2'}}};
  assert.deepEqual(
    refusal(() => widget.apply({manager: 'mgr-b'}, atomic)),
    {
      code: 409,
      message: 'Apply failed with 2 conflicts: conflicts with "mgr-a":\n- .spec.args\n- .spec.selector',
      causes: ['.spec.args', '.spec.selector'].map(field => ({reason: 'FieldManagerConflict', message: 'conflict with "mgr-a"', field})),
    },
  );
  widget.apply({manager: 'mgr-b'}, atomic, true);
  is(spec(), '{"args":["z"],"selector":{"q":"2"},"options":{"o":"1"},"raw":{"a":{"b":1,"c":[1,2]},"e":{}},"replicas":1,"tags":["t1"]}');
  owners(widget, [
    ['mgr-a Apply example.com/v1 t3', `{"f:spec":{"f:options":{"f:o":{}},${rawFields},"f:replicas":{},"f:tags":{"v:\\"t1\\"":{}}}}`],
    ['mgr-b Apply example.com/v1 t5', '{"f:spec":{"f:args":{},"f:selector":{}}}'],
  ]);
});

test('E11: the status subresource', () => {
  const widget = track(widgets);
  widget.apply({manager: 'mgr-a'}, {spec: {replicas: 1}, status: {phase: 'bogus'}});
  is(widget.content(), '{"spec":{"replicas":1}}');
  const main: [string, string] = ['mgr-a Apply example.com/v1 t1', '{"f:spec":{"f:replicas":{}}}'];
  owners(widget, [main]);
  const conditions = (status: string): JsonObject => ({conditions: [{type: 'Ready', status}]});
  widget.apply({manager: 'ctl', subresource: 'status'}, {spec: {replicas: 5}, status: {phase: 'Ready', ...conditions('True')}});
  assert.deepEqual(widget.content(), {spec: {replicas: 1}, status: {phase: 'Ready', ...conditions('True')}});
  const item = 'k:{\\"type\\":\\"Ready\\"}';
  owners(widget, [
    main,
    ['ctl Apply example.com/v1 t2 status', `{"f:status":{"f:conditions":{"${item}":{".":{},"f:status":{},"f:type":{}}},"f:phase":{}}}`],
  ]);
  widget.put({manager: 'op', subresource: 'status'}, {spec: {replicas: 7}, status: {phase: 'Ready', ready: 3, ...conditions('False')}});
  owners(widget, [
    main,
    ['ctl Apply example.com/v1 t2 status', `{"f:status":{"f:conditions":{"${item}":{".":{},"f:type":{}}},"f:phase":{}}}`],
    ['op Update example.com/v1 t3 status', `{"f:status":{"f:conditions":{"${item}":{"f:status":{}}},"f:ready":{}}}`],
  ]);
});

test('E12: from client-side to server-side apply', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const last = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"annotations":{},"name":"w","namespace":"d"},"data":{"k1":"1"}}\n';
  const map = track(configMaps);
  map.put({manager: 'kubectl-client-side-apply'}, {metadata: {annotations: {[annotation]: last}}, data: {k1: '1'}});
  const ofAnnotation = `"f:metadata":{"f:annotations":{".":{},"f:${annotation}":{}}}`;
  owners(map, [['kubectl-client-side-apply Update v1 t1', `{"f:data":{".":{},"f:k1":{}},${ofAnnotation}}`]]);
  assert.deepEqual(
    refusal(() => map.apply({manager: 'other'}, {data: {k1: '2'}})),
    {
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.k1',
      causes: [{reason: 'FieldManagerConflict', message: 'conflict with "kubectl-client-side-apply" using v1', field: '.data.k1'}],
    },
  );
  map.apply({manager: 'kubectl'}, {data: {k1: '2'}});
  owners(map, [
    ['kubectl Apply v1 t3', '{"f:data":{"f:k1":{}}}'],
    ['kubectl-client-side-apply Update v1 t1', `{"f:data":{},${ofAnnotation}}`],
  ]);
  const rewritten = '{"apiVersion":"v1","data":{"k1":"2"},"kind":"ConfigMap","metadata":{"name":"w","namespace":"d"}}\n';
  assert.deepEqual(map.content(), {metadata: {annotations: {[annotation]: rewritten}}, data: {k1: '2'}});
});

test('E13: the first apply to an object that nobody tracked', () => {
  const map = track(configMaps);
  map.put({manager: 'm'}, {metadata: {labels: {app: 'x'}}, data: {k1: '1'}});
  map.put({manager: 'm'}, {metadata: {labels: {app: 'x'}, managedFields: [{}]}, data: {k1: '1'}});
  owners(map, []);
  map.put({manager: 'm'}, {metadata: {labels: {app: 'x'}}, data: {k1: '2'}});
  map.put({manager: 'm'}, {metadata: {labels: {app: 'x'}}, data: {k1: '1'}});
  owners(map, []);
  map.apply({manager: 'mgr-a'}, {data: {k1: '1', k2: '2'}});
  owners(map, [
    ['mgr-a Apply v1 t5', '{"f:data":{"f:k1":{},"f:k2":{}}}'],
    ['before-first-apply Update v1 t5', '{"f:data":{".":{},"f:k1":{}},"f:metadata":{"f:labels":{".":{},"f:app":{}}}}'],
  ]);
});

test('E14: empty maps, sets, owners', () => {
  const widget = track(widgets);
  widget.apply(
    {manager: 'm'},
    {
      metadata: {finalizers: ['f.x/y'], ownerReferences: [{apiVersion: 'v1', kind: 'X', name: 'x', uid: '123'}], annotations: {}},
      spec: {options: {}, tags: [], raw: null},
    },
  );
  is(
    widget.entries()[0]![1],
    '{"f:metadata":{"f:annotations":{},"f:finalizers":{"v:\\"f.x/y\\"":{}},"f:ownerReferences":{"k:{\\"uid\\":\\"123\\"}":{}}},"f:spec":{"f:options":{},"f:raw":{}}}',
  );
});

test('E15: duplicates in a configuration', () => {
  const ports = [
    {port: 1, name: 'a'},
    {port: 1, name: 'b'},
  ];
  const {code, message} = refusal(() => track(widgets).apply({manager: 'm'}, {spec: {ports}}));
  assert.equal(code, 500);
  const subject = 'd/w; example.com/v1, Kind=Widget';
  assert.equal(message, `failed to create typed patch object (${subject}): .spec.ports: duplicate entries for key [port=1,protocol="TCP"]`);
});
