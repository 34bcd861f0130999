import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError} from '../../api/errors.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {clone, stringify} from '../../api/json.ts';
import {parse} from '../../api/parse-json.ts';
import {applyConfiguration} from './apply-configuration.ts';
import {fieldTypeOf} from './field-type.ts';
import {managedFieldsErrors, managedFieldsLimits} from './managed-fields.ts';
import type {Version, Write} from './ownership.ts';
import {recordUpdate} from './record-update.ts';
import {configMaps, entriesOf, track, widgetSchema, widgets} from './tracked.suite.ts';

const refusal = (run: () => void): [number, string] => {
  try {
    run();
  } catch (err) {
    assert.ok(err instanceof ApiError, String(err));
    return [err.code, err.message];
  }
  assert.fail('not refused');
};
const whoOwns = (tracked: {entries: () => [string, Json][]}): string[] =>
  tracked.entries().map(([who, fields]) => `${who} ${stringify(fields)}`);

test('a manager that changes nothing gets no entry, and no time changes', () => {
  const map = track(configMaps);
  map.put({manager: 'a'}, {data: {k: '1'}});
  const before = map.live()!;
  const entries = (before['metadata'] as JsonObject)['managedFields'];
  const write: Write = {
    live: before,
    apiVersion: 'v1',
    manager: 'b',
    subresource: '',
    now: 9_000,
    resetFields: {},
    versions: configMaps.versions,
  };
  assert.equal(recordUpdate(write, clone(before)), entries, 'the very list of the live object');
  assert.equal(recordUpdate(write, {...clone(before), metadata: {name: 'w', namespace: 'd'}}), entries);
  const applied = applyConfiguration({...write, manager: 'c'}, {apiVersion: 'v1', data: {k: '1'}}, false);
  assert.deepEqual(
    applied.managedFields.map(entry => [entry['manager'], entry['time']]),
    [
      ['c', undefined],
      ['a', '1970-01-01T00:00:01Z'],
    ],
  );
});

test('an update by a manager takes what it changes, and keeps what it had', () => {
  const map = track(configMaps);
  map.apply({manager: 'a'}, {data: {k: '1', l: '1', m: '1'}});
  map.put({manager: 'u'}, {data: {k: '2', l: '1', m: '1'}});
  map.put({manager: 'u'}, {data: {k: '2', l: '2', m: '1'}});
  assert.deepEqual(whoOwns(map), ['a Apply v1 t1 {"f:data":{"f:m":{}}}', 'u Update v1 t3 {"f:data":{"f:k":{},"f:l":{}}}']);
  assert.deepEqual(
    refusal(() => map.apply({manager: 'a'}, {data: {k: '1', l: '1', m: '1'}})),
    [409, 'Apply failed with 2 conflicts: conflicts with "u" using v1:\n- .data.k\n- .data.l'],
  );
  map.put({manager: 'u'}, {data: {l: '2', m: '1'}});
  assert.deepEqual(whoOwns(map), ['a Apply v1 t1 {"f:data":{"f:m":{}}}', 'u Update v1 t3 {"f:data":{"f:l":{}}}']);
});

test('a manager has an entry for each way and each subresource', () => {
  const widget = track(widgets);
  widget.put({manager: 'm'}, {spec: {replicas: 1}});
  widget.apply({manager: 'm'}, {spec: {image: 'i'}});
  widget.put({manager: 'm', subresource: 'status'}, {status: {ready: 1}});
  widget.apply({manager: 'm', subresource: 'status'}, {status: {phase: 'x'}});
  assert.deepEqual(whoOwns(widget), [
    'm Apply example.com/v1 t2 {"f:spec":{"f:image":{}}}',
    'm Apply example.com/v1 t4 status {"f:status":{"f:phase":{}}}',
    'm Update example.com/v1 t1 {"f:spec":{".":{},"f:replicas":{}}}',
    'm Update example.com/v1 t3 status {"f:status":{".":{},"f:ready":{}}}',
  ]);
  assert.deepEqual(
    refusal(() => widget.apply({manager: 'n', subresource: 'status'}, {status: {phase: 'y', ready: 2}})),
    [
      409,
      'Apply failed with 2 conflicts: conflicts with "m" with subresource "status":\n- .status.phase\nconflicts with "m" with subresource "status" using example.com/v1:\n- .status.ready',
    ],
  );
});

test('clients may edit the entries, and forget them', () => {
  const map = track(configMaps);
  map.put({manager: 'a'}, {data: {k: '1'}});
  const edited = {manager: 'b', operation: 'Apply', apiVersion: 'v1', time: '2026-01-02T05:04:05.5+02:00', fieldsType: 'FieldsV1'};
  map.put({manager: 'x'}, {metadata: {managedFields: [{...edited, fieldsV1: {'f:data': {'f:z': {}, 'f:k': {}}}}]}, data: {k: '1'}});
  assert.deepEqual((map.live()!['metadata'] as JsonObject)['managedFields'], [
    {...edited, time: '2026-01-02T03:04:05Z', fieldsV1: {'f:data': {'f:k': {}, 'f:z': {}}}},
  ]);
  map.put({manager: 'x'}, {metadata: {managedFields: [{...edited, fieldsV1: {bad: {}}}]}, data: {k: '1'}});
  assert.equal(map.entries().length, 1, 'what cannot be read is not taken');
  for (const nothing of [[], [{}]]) {
    map.put({manager: 'x'}, {metadata: {managedFields: nothing}, data: {k: '1'}});
    assert.deepEqual(map.entries(), []);
    map.apply({manager: 'a'}, {data: {k: '1'}});
    assert.equal(map.entries().length, 2);
  }
});

test('subresources do not take entries from clients', () => {
  const widget = track(widgets);
  widget.apply({manager: 'a'}, {spec: {replicas: 1}});
  widget.put({manager: 'b', subresource: 'status'}, {metadata: {managedFields: [{}]}, status: {ready: 1}});
  assert.deepEqual(
    widget.entries().map(([who]) => who),
    ['a Apply example.com/v1 t1', 'b Update example.com/v1 t2 status'],
  );
});

test('the oldest of many updates become one entry', () => {
  const map = track(configMaps);
  const data: JsonObject = {};
  for (let i = 0; i < 14; i++) {
    data[`k${i}`] = 'x';
    map.put(
      {manager: `m${i}`},
      {metadata: {managedFields: clone(((map.live()?.['metadata'] ?? {}) as JsonObject)['managedFields'] ?? [])}, data},
    );
  }
  const entries = map.entries();
  assert.equal(entries.length, managedFieldsLimits.updatesMax);
  assert.deepEqual(entries[0], [
    'ancient-changes Update v1 t5',
    {'f:data': {'.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {}, 'f:k4': {}}},
  ]);
  assert.equal(entries[1]![0], 'm5 Update v1 t6');
});

/** The widget in two versions, the older of which calls the image `picture`. */
function twoVersions(): {versions: Write['versions']; drop: () => void} {
  const spec = widgetSchema.properties!['spec']!;
  const {image, ...others} = spec.properties!;
  const older = {...widgetSchema, properties: {...widgetSchema.properties, spec: {...spec, properties: {...others, picture: image!}}}};
  const rename = (from: string, to: string, apiVersion: string) => (object: JsonObject) => {
    const {[from]: value, ...rest} = (object['spec'] ?? {}) as JsonObject;
    return {...object, apiVersion, spec: value === undefined ? rest : {...rest, [to]: value}};
  };
  const all = new Map<string, Version>([
    ['e.com/v1', {type: fieldTypeOf(widgetSchema, true), convert: rename('picture', 'image', 'e.com/v1')}],
    ['e.com/v0', {type: fieldTypeOf(older, true), convert: rename('image', 'picture', 'e.com/v0')}],
  ]);
  return {versions: version => all.get(version), drop: () => all.delete('e.com/v0')};
}

test('each entry is read in its own version; entries of versions that are gone go too', () => {
  const {versions, drop} = twoVersions();
  let live: JsonObject | undefined;
  const apply = (apiVersion: string, manager: string, spec: JsonObject, force = false): string[] => {
    const before = live && {...versions(apiVersion)!.convert(live)};
    const write: Write = {live: before, apiVersion, manager, subresource: '', now: 1_000, resetFields: {}, versions};
    const config = {apiVersion, kind: 'Widget', metadata: {name: 'w'}, spec};
    const {object, managedFields} = applyConfiguration(write, config, force);
    live = {...object, metadata: {...(object['metadata'] as JsonObject), managedFields}};
    return entriesOf(live).map(([who, fields]) => `${who} ${stringify(fields)}`);
  };
  apply('e.com/v0', 'a', {picture: 'p', replicas: 1});
  assert.deepEqual(apply('e.com/v1', 'b', {image: 'p'}), [
    'b Apply e.com/v1 - {"f:spec":{"f:image":{}}}',
    'a Apply e.com/v0 t1 {"f:spec":{"f:picture":{},"f:replicas":{}}}',
  ]);
  assert.deepEqual(
    refusal(() => apply('e.com/v1', 'b', {image: 'q'})),
    [409, 'Apply failed with 1 conflict: conflict with "a": .spec.picture'],
  );
  assert.deepEqual(apply('e.com/v1', 'a', {image: 'p'}), [
    'b Apply e.com/v1 - {"f:spec":{"f:image":{}}}',
    'a Apply e.com/v1 t1 {"f:spec":{"f:image":{}}}',
  ]);
  assert.deepEqual(live!['spec'], {image: 'p'}, 'what was applied in the older version only is gone');
  apply('e.com/v0', 'c', {replicas: 2});
  drop();
  assert.deepEqual(apply('e.com/v1', 'b', {image: 'z'}, true), ['b Apply e.com/v1 t1 {"f:spec":{"f:image":{}}}']);
});

test('fields that have become atomic belong to whoever owned a part', () => {
  const schema = (mapType: 'granular' | 'atomic'): Version => ({
    type: fieldTypeOf({properties: {m: {type: 'object', additionalProperties: {type: 'string'}, 'x-kubernetes-map-type': mapType}}}, true),
    convert: object => object,
  });
  const base = {apiVersion: 'v1', subresource: '', now: 1_000, resetFields: {}};
  const granular: Write = {...base, live: undefined, manager: 'a', versions: () => schema('granular')};
  const first = applyConfiguration(granular, {apiVersion: 'v1', m: {x: '1'}}, false);
  const live = {...first.object, metadata: {managedFields: first.managedFields}};
  const atomic: Write = {...base, live, manager: 'b', versions: () => schema('atomic')};
  assert.deepEqual(
    refusal(() => applyConfiguration(atomic, {apiVersion: 'v1', m: {x: '2'}}, false)),
    [409, 'Apply failed with 1 conflict: conflict with "a": .m'],
  );
});

test('configurations that cannot be applied', () => {
  const typed = (text: string): string => `failed to create typed patch object (d/w; example.com/v1, Kind=Widget): ${text}`;
  const cases: [JsonObject, number, string][] = [
    [{metadata: {managedFields: []}}, 400, 'metadata.managedFields must be nil'],
    [{spec: {bogus: 1}}, 500, typed('.spec.bogus: field not declared in schema')],
    [{bogus: 1}, 500, typed('.bogus: field not declared in schema')],
    [{metadata: {bogus: 1}}, 500, typed('.metadata.bogus: field not declared in schema')],
    [{spec: {replicas: 'x'}}, 500, typed('.spec.replicas: expected numeric (int or float), got string')],
    [{spec: {image: 8080}}, 500, typed('.spec.image: expected string, got &value.valueUnstructured{Value:8080}')],
    [{spec: {args: [1]}}, 500, typed('.spec.args[0]: expected string, got &value.valueUnstructured{Value:1}')],
    [{spec: {options: ['a', {b: 1}]}}, 500, typed('.spec.options: expected map, got &{[a map[b:1]]}')],
    [{spec: {ports: {}}}, 500, typed('.spec.ports: expected list, got &{map[]}')],
    [{spec: {tags: ['a', 'a']}}, 500, typed('.spec.tags: duplicate entries for key [="a"]')],
    [{spec: {tags: [null]}}, 500, typed(".spec.tags: element 0: associative list without keys has an element that's an explicit null")],
    [{spec: {ports: [1]}}, 500, typed('.spec.ports: element 0: associative list with keys may not have non-map elements')],
    [{spec: {ports: [{port: 1, x: 2}]}}, 500, typed('.spec.ports[port=1,protocol="TCP"].x: field not declared in schema')],
    [{spec: 1, status: 2}, 500, typed('errors:\n  .spec: expected map, got &{1}\n  .status: expected map, got &{2}')],
    [
      {status: {conditions: [{}]}},
      500,
      typed(
        '.status.conditions: element 0: associative list with keys has an element that omits all key fields ["type"] (and doesn\'t have default values for any key fields)',
      ),
    ],
  ];
  for (const [config, code, message] of cases) {
    assert.deepEqual(
      refusal(() => track(widgets).apply({manager: 'm'}, config)),
      [code, message],
    );
  }
  const wrong = refusal(() => track(widgets).apply({manager: 'm', apiVersion: 'example.com/v2'}, {}));
  assert.equal(wrong[0], 400);
});

test('items that occur twice are left alone until somebody applies one of them', () => {
  const widget = track(widgets);
  const twice = [
    {type: 'A', status: '1'},
    {type: 'B', status: '1'},
    {type: 'A', status: '2'},
  ];
  widget.put({manager: 'u', subresource: 'status'}, {status: {conditions: twice}});
  widget.apply({manager: 'm', subresource: 'status'}, {status: {conditions: [{type: 'C', status: '1'}]}});
  const conditions = (): Json => (widget.live() as {status: JsonObject}).status['conditions']!;
  assert.deepEqual(conditions(), [...twice, {type: 'C', status: '1'}]);
  widget.apply({manager: 'm', subresource: 'status'}, {status: {conditions: [{type: 'A', status: '3'}]}}, true);
  assert.deepEqual(conditions(), [{type: 'A', status: '3'}, twice[1]!]);
});

test('the order of merged lists', () => {
  const cases: [string[], string[], string[]][] = [
    [
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'a'],
    ],
    [
      ['a', 'b', 'c'],
      ['c', 'x', 'a'],
      ['b', 'c', 'x', 'a'],
    ],
    [['a', 'b', 'c'], ['x'], ['a', 'b', 'c', 'x']],
    [
      ['a', 'b'],
      ['x', 'b', 'y'],
      ['a', 'x', 'b', 'y'],
    ],
    [[], ['b', 'a'], ['b', 'a']],
    [['a'], [], ['a']],
  ];
  for (const [live, config, merged] of cases) {
    const widget = track(widgets);
    widget.put({manager: 'u'}, {spec: {tags: live}});
    widget.apply({manager: 'm'}, {spec: {tags: config}});
    assert.deepEqual((widget.live() as {spec: JsonObject}).spec['tags'], merged);
  }
});

test('kinds of Kubernetes: structs are always there, and patch strategies tell how lists merge', () => {
  const type = fieldTypeOf(
    {
      properties: {
        spec: {
          type: 'object',
          properties: {
            byKey: {
              type: 'array',
              'x-kubernetes-patch-strategy': 'merge',
              'x-kubernetes-patch-merge-key': 'name',
              items: {type: 'object', properties: {name: {type: 'string'}, at: {'x-kubernetes-int-or-string': true}}},
            },
            set: {type: 'array', 'x-kubernetes-patch-strategy': 'merge', items: {type: 'string'}},
            atomic: {type: 'array', 'x-kubernetes-list-type': 'atomic', 'x-kubernetes-patch-strategy': 'merge', items: {type: 'string'}},
          },
        },
      },
    },
    false,
  );
  const write: Write = {
    live: undefined,
    apiVersion: 'v1',
    manager: 'm',
    subresource: '',
    now: 1_000,
    resetFields: {},
    versions: () => ({type, convert: object => object}),
  };
  const entries = recordUpdate(write, {spec: {byKey: [{name: 'a', at: '80%'}], set: ['x'], atomic: ['y']}});
  assert.equal(
    stringify(entries[0]!['fieldsV1']),
    '{"f:spec":{"f:atomic":{},"f:byKey":{".":{},"k:{\\"name\\":\\"a\\"}":{".":{},"f:at":{},"f:name":{}}},"f:set":{".":{},"v:\\"x\\"":{}}}}',
  );
});

test('names of prototypes are data', () => {
  const map = track(configMaps);
  const data = parse('{"__proto__":"1","constructor":"2"}') as JsonObject;
  map.apply({manager: 'a'}, {data});
  assert.deepEqual(whoOwns(map), ['a Apply v1 t1 {"f:data":{"f:__proto__":{},"f:constructor":{}}}']);
  map.apply({manager: 'b'}, {data: parse('{"__proto__":"1"}')});
  map.apply({manager: 'a'}, {});
  assert.equal(stringify(map.content()), '{"data":{"__proto__":"1"}}');
});

test('what is wrong with entries that clients write', () => {
  const good = {manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {}};
  const errors = managedFieldsErrors(
    [good, {...good, manager: 'x'.repeat(129), operation: 'Guess', fieldsType: 'V2', subresource: 'x'.repeat(257)}],
    'm',
  );
  assert.deepEqual(
    errors.map(error => `${error.field}: ${error.message}`),
    [
      'm[1].operation: Invalid value: "Guess": must be `Apply` or `Update`',
      'm[1].fieldsType: Invalid value: "V2": must be `FieldsV1`',
      'm[1].manager: Too long: may not be more than 128 bytes',
      'm[1].subresource: Too long: may not be more than 256 bytes',
    ],
  );
});
