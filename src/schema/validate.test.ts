import assert from 'node:assert/strict';
import {test} from 'node:test';
import {causes} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {compileSchema} from './compile.ts';
import type {JsonSchema} from './json-schema.ts';

/** The errors of `{spec: value}` as `reason | field | message`. */
function errorsOf(spec: JsonSchema, value: Json, old?: Json): string[] {
  const compiled = compileSchema({type: 'object', properties: {spec}});
  const errors = compiled.validate({spec: value}, old === undefined ? undefined : {spec: old});
  return causes(errors).map(cause => `${cause.reason} | ${cause.field} | ${cause.message}`);
}

const inSpec = (properties: {[name: string]: JsonSchema}, more: JsonSchema = {}): JsonSchema => ({type: 'object', properties, ...more});
const big = 2n ** 63n;

const cases: readonly [name: string, schema: JsonSchema, value: Json, errors: string[]][] = [
  [
    'wrong type',
    inSpec({replicas: {type: 'integer'}}),
    {replicas: '3'},
    ['FieldValueTypeInvalid | spec.replicas | Invalid value: "string": spec.replicas in body must be of type integer: "string"'],
  ],
  [
    'fraction for an integer',
    inSpec({replicas: {type: 'integer'}}),
    {replicas: 1.5},
    [
      'FieldValueTypeInvalid | spec.replicas | Invalid value: "number": spec.replicas in body must be of type integer: "number"',
      'FieldValueInvalid | <nil> | Invalid value: "": Checked value must be of type integer (default format) in spec.replicas',
    ],
  ],
  [
    'fraction for an int32 names the format',
    inSpec({n: {type: 'integer', format: 'int32'}}),
    {n: 1.5},
    [
      'FieldValueTypeInvalid | spec.n | Invalid value: "float64": spec.n in body must be of type int32: "float64"',
      'FieldValueInvalid | <nil> | Invalid value: "": Checked value must be of type integer with format int32 in spec.n',
    ],
  ],
  ['whole float for an integer', inSpec({n: {type: 'integer'}}), {n: 1e3}, []],
  ['int64', inSpec({n: {type: 'integer'}}), {n: big - 1n}, []],
  [
    'beyond int64',
    inSpec({n: {type: 'integer', format: 'int64'}}),
    {n: big},
    [
      'FieldValueTypeInvalid | spec.n | Invalid value: "float64": spec.n in body must be of type int64: "float64"',
      'FieldValueInvalid | <nil> | Invalid value: "": Checked value must be of type integer with format int64 in spec.n',
    ],
  ],
  ['integer for a number', inSpec({n: {type: 'number'}}), {n: 7}, []],
  [
    'beyond int32',
    inSpec({n: {type: 'integer', format: 'int32'}}),
    {n: 2 ** 31},
    ['FieldValueInvalid | <nil> | Invalid value: "": Checked value must be of type integer with format int32 in spec.n'],
  ],
  [
    'null where it may not be',
    inSpec({a: {type: 'string'}}),
    {a: null},
    ['FieldValueTypeInvalid | spec.a | Invalid value: "null": spec.a in body must be of type string: "null"'],
  ],
  ['nullable', inSpec({a: {type: 'string', nullable: true}}), {a: null}, []],
  ['required', inSpec({}, {required: ['foo']}), {}, ['FieldValueRequired | spec.foo | Required value']],
  [
    'enum',
    inSpec({color: {type: 'string', enum: ['red', 'blue']}}),
    {color: 'pink'},
    ['FieldValueNotSupported | spec.color | Unsupported value: "pink": supported values: "red", "blue"'],
  ],
  [
    'null is of no enum',
    inSpec({
      a: {type: 'string', nullable: true, enum: ['x', null]},
      b: {type: 'string', nullable: true, enum: ['x']},
      c: {type: 'string', nullable: true},
    }),
    {a: null, b: null, c: null},
    [
      'FieldValueNotSupported | spec.a | Unsupported value: null: supported values: "x", "null"',
      'FieldValueNotSupported | spec.b | Unsupported value: null: supported values: "x"',
    ],
  ],
  [
    'enum of integers',
    inSpec({n: {type: 'integer', enum: [1, 2]}}),
    {n: 3},
    ['FieldValueNotSupported | spec.n | Unsupported value: 3: supported values: "1", "2"'],
  ],
  [
    'enum of anything',
    inSpec({
      a: {'x-kubernetes-preserve-unknown-fields': true, enum: [{x: 1, y: [2]}, true, '{}']},
      b: {'x-kubernetes-preserve-unknown-fields': true, enum: ['1', '{}']},
      c: {'x-kubernetes-preserve-unknown-fields': true, enum: [1]},
    }),
    {a: {y: [2], x: 1}, b: 1, c: {}},
    [
      'FieldValueNotSupported | spec.b | Unsupported value: 1: supported values: "1", "{}"',
      'FieldValueNotSupported | spec.c | Unsupported value: {}: supported values: "1"',
    ],
  ],
  ['maxLength counts code points', inSpec({a: {type: 'string', maxLength: 2}}), {a: '😀😀'}, []],
  [
    'maxLength',
    inSpec({a: {type: 'string', maxLength: 2}}),
    {a: 'abc'},
    ['FieldValueTooLong | spec.a | Too long: may not be more than 2 bytes'],
  ],
  [
    'minLength counts code points',
    inSpec({a: {type: 'string', minLength: 2}}),
    {a: '😀'},
    ['FieldValueInvalid | spec.a | Invalid value: "😀": spec.a in body should be at least 2 chars long'],
  ],
  [
    'pattern',
    inSpec({a: {type: 'string', pattern: '^a+$'}}),
    {a: 'b'},
    ['FieldValueInvalid | spec.a | Invalid value: "b": spec.a in body should match \'^a+$\''],
  ],
  ['patterns are not anchored', inSpec({a: {type: 'string', pattern: 'b'}}), {a: 'abc'}, []],
  [
    'minimum and maximum',
    inSpec({a: {type: 'integer', minimum: 1}, b: {type: 'integer', maximum: 5, exclusiveMaximum: true}}),
    {a: 0, b: 5},
    [
      'FieldValueInvalid | spec.a | Invalid value: 0: spec.a in body should be greater than or equal to 1',
      'FieldValueInvalid | spec.b | Invalid value: 5: spec.b in body should be less than 5',
    ],
  ],
  [
    'bigints are compared as they are',
    inSpec({a: {type: 'integer', maximum: 10}}),
    {a: big - 1n},
    ['FieldValueInvalid | spec.a | Invalid value: 9223372036854775807: spec.a in body should be less than or equal to 10'],
  ],
  [
    'multipleOf',
    inSpec({a: {type: 'integer', multipleOf: 3}, b: {type: 'number', multipleOf: 0.1}}),
    {a: 4, b: 0.3},
    ['FieldValueInvalid | spec.a | Invalid value: 4: spec.a in body should be a multiple of 3'],
  ],
  [
    'minItems and maxItems',
    inSpec({a: {type: 'array', minItems: 2, items: {type: 'integer'}}, b: {type: 'array', maxItems: 1, items: {type: 'integer'}}}),
    {a: [1], b: [1, 2]},
    [
      'FieldValueInvalid | spec.a | Invalid value: 1: spec.a in body should have at least 2 items',
      'FieldValueTooMany | spec.b | Too many: 2: must have at most 1 items',
    ],
  ],
  [
    'minProperties and maxProperties',
    inSpec({a: {type: 'object', minProperties: 1}, b: {type: 'object', maxProperties: 1, additionalProperties: {type: 'string'}}}),
    {a: {}, b: {x: '', y: ''}},
    [
      'FieldValueInvalid | spec.a | Invalid value: 0: spec.a in body should have at least 1 properties',
      'FieldValueTooMany | spec.b | Too many: 2: must have at most 1 items',
    ],
  ],
  [
    'items',
    inSpec({a: {type: 'array', items: inSpec({b: {type: 'string'}})}}),
    {a: [{b: 'x'}, {b: 1}]},
    ['FieldValueTypeInvalid | spec.a[1].b | Invalid value: "integer": spec.a[1].b in body must be of type string: "integer"'],
  ],
  [
    'additionalProperties',
    inSpec({a: {type: 'object', additionalProperties: {type: 'string'}}}),
    {a: {k: 1}},
    ['FieldValueTypeInvalid | spec.a.k | Invalid value: "integer": spec.a.k in body must be of type string: "integer"'],
  ],
  [
    'additionalProperties: false',
    inSpec({a: {type: 'object', additionalProperties: false}}),
    {a: {k: 1}},
    ['FieldValueInvalid | spec.a | Invalid value: "k": spec.a.k in body is a forbidden property'],
  ],
  ['int-or-string', inSpec({a: {'x-kubernetes-int-or-string': true}, b: {'x-kubernetes-int-or-string': true}}), {a: 1, b: '1'}, []],
  [
    'int-or-string rejects others',
    inSpec({a: {'x-kubernetes-int-or-string': true}}),
    {a: true},
    ['FieldValueTypeInvalid | spec.a | Invalid value: "boolean": spec.a in body must be of type integer,string: "boolean"'],
  ],
  [
    'format',
    inSpec({at: {type: 'string', format: 'date-time'}}),
    {at: 'noon'},
    ['FieldValueTypeInvalid | spec.at | Invalid value: "noon": spec.at in body must be of type date-time: "noon"'],
  ],
  ['unknown format', inSpec({at: {type: 'string', format: 'whatever'}}), {at: 'noon'}, []],
  [
    'oneOf: none',
    inSpec({a: {type: 'string'}, b: {type: 'string'}}, {oneOf: [{required: ['a']}, {required: ['b']}]}),
    {},
    [
      'FieldValueInvalid | <nil> | Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
      'FieldValueRequired | spec.a | Required value',
    ],
  ],
  [
    'oneOf: two',
    inSpec({a: {type: 'string'}, b: {type: 'string'}}, {oneOf: [{required: ['a']}, {required: ['b']}]}),
    {a: '', b: ''},
    ['FieldValueInvalid | <nil> | Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  ],
  [
    'anyOf',
    inSpec({a: {type: 'integer', anyOf: [{minimum: 5}, {maximum: 1}]}}),
    {a: 3},
    [
      'FieldValueInvalid | <nil> | Invalid value: "": "spec.a" must validate at least one schema (anyOf)',
      'FieldValueInvalid | spec.a | Invalid value: 3: spec.a in body should be greater than or equal to 5',
    ],
  ],
  ['anyOf: one is enough', inSpec({a: {type: 'integer', anyOf: [{minimum: 5}, {maximum: 1}]}}), {a: 7}, []],
  [
    'allOf',
    inSpec({a: {type: 'integer', allOf: [{minimum: 5}, {maximum: 10}]}}),
    {a: 3},
    [
      'FieldValueInvalid | spec.a | Invalid value: 3: spec.a in body should be greater than or equal to 5',
      'FieldValueInvalid | <nil> | Invalid value: "": "spec.a" must validate all the schemas (allOf)',
    ],
  ],
  [
    'not',
    inSpec({a: {type: 'integer', not: {enum: [3]}}}),
    {a: 3},
    ['FieldValueInvalid | <nil> | Invalid value: "": "spec.a" must not validate the schema (not)'],
  ],
  [
    'set',
    inSpec({tags: {type: 'array', 'x-kubernetes-list-type': 'set', items: {type: 'string'}}}),
    {tags: ['a', 'b', 'a', 'a']},
    ['FieldValueDuplicate | spec.tags[2] | Duplicate value: "a"'],
  ],
  [
    'set of objects, key order aside',
    inSpec({tags: {type: 'array', 'x-kubernetes-list-type': 'set', items: {type: 'object', 'x-kubernetes-map-type': 'atomic'}}}),
    {
      tags: [
        {a: 1, b: 2},
        {b: 2, a: 1},
      ],
    },
    ['FieldValueDuplicate | spec.tags[1] | Duplicate value: {"b":2,"a":1}'],
  ],
  [
    'map',
    inSpec({
      ports: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['port', 'protocol'],
        items: inSpec({port: {type: 'integer'}, protocol: {type: 'string'}, name: {type: 'string'}}),
      },
    }),
    {
      ports: [
        {port: 1, protocol: 'TCP', name: 'x'},
        {port: 1, protocol: 'UDP'},
        {port: 1, protocol: 'TCP'},
      ],
    },
    ['FieldValueDuplicate | spec.ports[2] | Duplicate value: {"port":1,"protocol":"TCP"}'],
  ],
  [
    'embedded resource without a kind',
    inSpec({template: {type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true}}),
    {template: {apiVersion: 'v1'}},
    ['FieldValueRequired | spec.template.kind | Required value'],
  ],
  [
    'embedded metadata',
    inSpec({template: {type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true}}),
    {template: {apiVersion: 'v1', kind: 'Pod', metadata: {labels: {a: 1}}}},
    [
      'FieldValueInvalid | spec.template.metadata | Invalid value: {"labels":{"a":1}}: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    ],
  ],
];

for (const [name, schema, value, errors] of cases) test(name, () => assert.deepEqual(errorsOf(schema, value), errors));

test('the root restricts metadata.name', () => {
  const compiled = compileSchema({
    type: 'object',
    properties: {metadata: {type: 'object', properties: {name: {type: 'string', maxLength: 3}}}},
  });
  const object: JsonObject = {apiVersion: 'v1', kind: 'X', metadata: {name: 'abcd', labels: {a: 'b'}}};
  assert.deepEqual(compiled.validate(object), [
    {type: 'TooLong', field: 'metadata.name', message: 'Too long: may not be more than 3 bytes'},
  ]);
});

const keyed: JsonSchema = inSpec({
  a: {type: 'string', maxLength: 1},
  list: {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: inSpec({name: {type: 'string'}, size: {type: 'integer', maximum: 1}}),
  },
  plain: {type: 'array', items: {type: 'integer', maximum: 1}},
});

const updates: readonly [name: string, old: Json, value: Json, fields: string[]][] = [
  ['an unchanged value is forgiven', {a: 'long'}, {a: 'long', plain: []}, []],
  ['a changed one is not', {a: 'long'}, {a: 'longer'}, ['spec.a']],
  [
    'items of a map are known by their keys',
    {list: [{name: 'x', size: 5}]},
    {
      list: [
        {name: 'y', size: 5},
        {name: 'x', size: 5},
      ],
    },
    ['spec.list[0].size'],
  ],
  ['other lists are one value', {plain: [5]}, {plain: [5, 0]}, ['spec.plain[0]']],
  ['an unchanged list is forgiven', {plain: [5]}, {a: '', plain: [5]}, []],
  ['old duplicates are forgiven', {list: [{name: 'x'}, {name: 'x'}]}, {list: [{name: 'x', size: 1}, {name: 'x'}, {name: 'x'}]}, []],
];

for (const [name, old, value, fields] of updates) {
  test(`update: ${name}`, () => {
    const compiled = compileSchema({type: 'object', properties: {spec: keyed}});
    assert.deepEqual(
      compiled.validate({spec: value}, {spec: old}).map(error => error.field),
      fields,
    );
  });
}

test('errors have a limit, and junctors see beyond it', () => {
  const schema = inSpec({
    a: {type: 'array', items: {type: 'string'}},
    b: {type: 'integer', anyOf: [{minimum: 5}, {maximum: 1}]},
    c: {type: 'integer', not: {minimum: 5}},
  });
  const errors = errorsOf(schema, {a: Array.from({length: 10_000}, (_, i) => i), b: 3, c: 3});
  assert.equal(errors.length, 200);
  const set: JsonSchema = {type: 'array', 'x-kubernetes-list-type': 'set', items: {type: 'integer'}};
  assert.equal(
    errorsOf(
      set,
      Array.from({length: 2000}, (_, i) => i % 1000),
    ).length,
    200,
  );
});

test('work has a limit', () => {
  const item: JsonSchema = {type: 'integer', anyOf: Array.from({length: 1000}, () => ({minimum: 1}))};
  const errors = errorsOf(
    {type: 'array', items: item},
    Array.from({length: 10_000}, () => 0),
  );
  assert.ok(errors.length > 0);
  assert.deepEqual(
    errorsOf(
      {type: 'array', items: item},
      Array.from({length: 10_000}, () => 1),
    ),
    [],
  );
});
