import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {summary} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {schemaDepthMax, schemaNodesMax} from './bounds.ts';
import {compileSchema} from './compile.ts';
import {checkStructural} from './structural.ts';
import {readSchema} from './written-schema.ts';

/** The errors of a schema that has `spec` as its only property, without the path to the schema. */
const errorsOf = (schema: JsonObject): string[] => checkStructural(schema, 'S').map(error => summary([error]).replace(/^S\.?/, ''));
const spec = (schema: Json): JsonObject => ({type: 'object', properties: {spec: schema}});
const item = (properties: JsonObject, required: string[] = []): JsonObject => ({type: 'object', properties, required});
const at = 'properties[spec]';

const fine: readonly [name: string, schema: JsonObject][] = [
  ['nothing but a type', {type: 'object'}],
  ['preserved root', {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}],
  [
    'metadata of controller-gen',
    {type: 'object', properties: {metadata: {type: 'object'}, kind: {type: 'string'}, apiVersion: {type: 'string'}}},
  ],
  ['restricted names', {type: 'object', properties: {metadata: {type: 'object', properties: {name: {type: 'string', maxLength: 5}}}}}],
  ['int or string', spec({'x-kubernetes-int-or-string': true, anyOf: [{type: 'integer'}, {type: 'string'}], pattern: '^a'})],
  [
    'int or string in allOf',
    spec({'x-kubernetes-int-or-string': true, allOf: [{anyOf: [{type: 'integer'}, {type: 'string'}]}, {minimum: 1}]}),
  ],
  ['nulls and unknown keywords', spec({type: 'string', maxLength: null, 'x-whatever': 1, default: null})],
  ['additionalProperties: true beside properties', spec({type: 'object', additionalProperties: true, properties: {a: {type: 'string'}}})],
  ['junctors over fields further down', spec({type: 'object', oneOf: [{required: ['a']}, {properties: {b: {minimum: 1}}}]})],
  [
    'map',
    spec({type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'], items: item({a: {type: 'string'}}, ['a'])}),
  ],
  ['defaults', spec({type: 'object', default: {a: 1}, properties: {a: {type: 'integer', default: 2}}})],
  ['bounds beyond 2^53', spec({type: 'integer', maximum: 2n ** 63n - 1n})],
];
for (const [name, schema] of fine) {
  test(`structural: ${name}`, () => {
    assert.deepEqual(errorsOf(schema), []);
    compileSchema(readSchema(schema, '').schema).validate({});
  });
}

const nested = 'must be empty to be structural';
const broken: readonly [name: string, schema: JsonObject, errors: string[]][] = [
  ['no type at the root', {}, ['type: Required value: must not be empty at the root']],
  ['other type at the root', {type: 'string'}, ['type: Invalid value: "string": must be object at the root']],
  [
    'additionalProperties at the root',
    {type: 'object', additionalProperties: true},
    ['additionalProperties: Forbidden: must not be used at the root'],
  ],
  ['nullable root', {type: 'object', nullable: true}, ['nullable: Forbidden: nullable cannot be true at the root']],
  ['field without type', spec({}), [`${at}.type: Required value: must not be empty for specified object fields`]],
  [
    'item without type',
    spec({type: 'array', items: {}}),
    [`${at}.items.type: Required value: must not be empty for specified array items`],
  ],
  ['array without items', spec({type: 'array'}), [`${at}.items: Required value: must be specified`]],
  [
    'unknown type',
    spec({type: 'text'}),
    [`${at}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`],
  ],
  [
    'type null',
    spec({type: 'null'}),
    [
      `${at}.type: Unsupported value: "null": supported values: "array", "boolean", "integer", "number", "object", "string"`,
      `${at}.type: Forbidden: type cannot be set to null, use nullable as an alternative`,
    ],
  ],
  [
    'structure within junctors',
    spec({
      type: 'object',
      anyOf: [{type: 'object', description: 'x', default: {}, nullable: true, additionalProperties: {type: 'string'}}],
    }),
    [
      `${at}.anyOf[0].additionalProperties: Forbidden: must be undefined to be structural`,
      `${at}.anyOf[0].default: Forbidden: must be undefined to be structural`,
      `${at}.anyOf[0].description: Forbidden: ${nested}`,
      `${at}.anyOf[0].nullable: Forbidden: must be false to be structural`,
      `${at}.anyOf[0].type: Forbidden: ${nested}`,
    ],
  ],
  [
    'types for int-or-string in oneOf',
    spec({'x-kubernetes-int-or-string': true, oneOf: [{type: 'integer'}]}),
    [`${at}.oneOf[0].type: Forbidden: ${nested}`],
  ],
  [
    'metadata within junctors',
    {type: 'object', properties: {metadata: {type: 'object'}}, not: {properties: {metadata: {required: ['x']}}}},
    ['not.properties[metadata]: Forbidden: must not be specified in a nested context'],
  ],
  [
    'root junctor over an unknown field',
    {type: 'object', oneOf: [{properties: {a: {minimum: 1}}}]},
    ['properties[a]: Required value: because it is defined in S.oneOf[0].properties[a]'],
  ],
  [
    'restricted metadata',
    {type: 'object', properties: {metadata: {type: 'object', properties: {labels: {type: 'object'}}}}},
    ['properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified'],
  ],
  [
    'other type of kind',
    {type: 'object', properties: {kind: {type: 'integer'}}},
    ['properties[kind].type: Invalid value: "integer": must be string'],
  ],
  [
    'properties and additionalProperties',
    spec({type: 'object', properties: {a: {type: 'string'}}, additionalProperties: {type: 'string'}}),
    [`${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
  ],
  ['$ref', spec({type: 'object', $ref: '#/x'}), [`${at}.$ref: Forbidden: $ref is not supported`]],
  [
    'items as a list',
    spec({type: 'array', items: [{type: 'string'}]}),
    [`${at}.items: Forbidden: items must be a schema object and not an array`],
  ],
  [
    'uniqueItems',
    spec({type: 'array', uniqueItems: true, items: {type: 'string'}}),
    [`${at}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`],
  ],
  [
    'pattern',
    spec({type: 'string', pattern: '(a'}),
    [`${at}.pattern: Invalid value: "(a": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(a\``],
  ],
  [
    'not preserving',
    spec({type: 'object', 'x-kubernetes-preserve-unknown-fields': false}),
    [`${at}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`],
  ],
  [
    'int-or-string with others',
    spec({'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true}),
    [`${at}.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true`],
  ],
  [
    'embedded resource',
    spec({'x-kubernetes-embedded-resource': true, additionalProperties: true}),
    [
      `${at}.additionalProperties: Forbidden: must not be used if x-kubernetes-embedded-resource is set`,
      `${at}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
      `${at}.type: Required value: must be object if x-kubernetes-embedded-resource is true`,
    ],
  ],
  [
    'wrongly typed keyword',
    spec({type: 'string', maxLength: 'x'}),
    [`${at}.maxLength: Invalid value: "string": S.${at}.maxLength in body must be of type integer: "string"`],
  ],
  ['no schema at all', spec('x'), [`${at}: Invalid value: "string": S.${at} in body must be of type object: "string"`]],
  [
    'list-type of no list',
    spec({type: 'object', 'x-kubernetes-list-type': 'set'}),
    [`${at}.type: Invalid value: "object": must be array if x-kubernetes-list-type is specified`],
  ],
  [
    'map-type of no map',
    spec({type: 'string', 'x-kubernetes-map-type': 'atomic'}),
    [`${at}.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified`],
  ],
  [
    'unknown list-type',
    spec({type: 'array', items: {type: 'string'}, 'x-kubernetes-list-type': 'bag'}),
    [`${at}.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"`],
  ],
  [
    'map without keys',
    spec({type: 'array', 'x-kubernetes-list-type': 'map', items: {type: 'object'}}),
    [`${at}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`],
  ],
  [
    'keys without map',
    spec({type: 'array', 'x-kubernetes-list-map-keys': ['a'], items: {type: 'object'}}),
    [`${at}.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty`],
  ],
  [
    'keys of a map',
    spec({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a', 'a', 'b', 'c'],
      items: item({a: {type: 'object'}, c: {type: 'string', nullable: true}}, ['a']),
    }),
    [
      `${at}.x-kubernetes-list-map-keys: Invalid value: ["a","a","b","c"]: must not contain duplicate entries`,
      `${at}.items.properties[a].type: Invalid value: "object": must be a scalar type if parent array's x-kubernetes-list-type is map`,
      `${at}.x-kubernetes-list-map-keys: Invalid value: ["a","a","b","c"]: entries must all be names of item properties`,
      `${at}.items.properties[c].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      `${at}.items.properties[c].nullable: Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable`,
    ],
  ],
  [
    'set of granular objects',
    spec({type: 'array', 'x-kubernetes-list-type': 'set', items: {type: 'object'}}),
    [`${at}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set`],
  ],
  [
    'set of nullables',
    spec({type: 'array', 'x-kubernetes-list-type': 'set', items: {type: 'string', nullable: true}}),
    [`${at}.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set`],
  ],
  [
    'invalid default',
    spec({type: 'integer', default: 'x'}),
    [`${at}.default: Invalid value: "string":  in body must be of type integer: "string"`],
  ],
  [
    'invalid default further down',
    spec({type: 'object', default: {a: ''}, properties: {a: {type: 'string', minLength: 1}}}),
    [`${at}.default.a: Invalid value: "": a in body should be at least 1 chars long`],
  ],
  [
    'unpruned default',
    spec({type: 'object', default: {b: 1}, properties: {a: {type: 'string'}}}),
    [`${at}.default: Invalid value: {"b":1}: must not have unknown fields`],
  ],
  [
    'default in metadata',
    {type: 'object', properties: {metadata: {type: 'object', properties: {name: {type: 'string', default: 'x'}}}}},
    ['properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata'],
  ],
];
for (const [name, schema, errors] of broken) test(`not structural: ${name}`, () => assert.deepEqual(errorsOf(schema), errors));

test('the status subresource restricts the root', () => {
  const errorsWithStatus = (schema: JsonObject): string => summary(checkStructural(schema, 'S', true));
  assert.deepEqual(checkStructural({type: 'object', required: ['a'], description: 'x'}, 'S', true), []);
  assert.match(
    errorsWithStatus({type: 'object', minProperties: 1}),
    /only \[Description Type .* XValidations\] fields are allowed at the root/,
  );
  assert.match(errorsWithStatus({type: 'array'}), /only "object" is allowed as the type at the root of the schema if the status/);
});

test('js-stack schemas have limits', () => {
  let deep: JsonObject = {type: 'string'};
  for (let i = 0; i < schemaDepthMax; i++) deep = {type: 'array', items: deep};
  assert.deepEqual(errorsOf(deep), [`: Forbidden: must not nest deeper than ${schemaDepthMax} schemas`]);
  const wide = spec({type: 'object', allOf: Array.from({length: schemaNodesMax}, () => ({}))});
  assert.deepEqual(errorsOf(wide), [`: Forbidden: must not hold more than ${schemaNodesMax} schemas`]);
  const bad = {type: 'x', additionalProperties: false, description: 'x', nullable: true, uniqueItems: true};
  assert.equal(errorsOf(spec({type: 'object', allOf: Array.from({length: 40_000}, () => bad)})).length, 200);
  const started = performance.now();
  const patterns = Array.from({length: 20_000}, (_, i) => ({pattern: `a{1000}${i}`}));
  assert.match(errorsOf(spec({type: 'string', allOf: patterns}))[0]!, /more than 100000 instructions/);
  assert.ok(performance.now() - started < 20_000);
});

test('anything may be given', () => {
  const keyword = fc.constantFrom(
    'type',
    'items',
    'properties',
    'additionalProperties',
    'allOf',
    'not',
    'default',
    'required',
    'pattern',
    '__proto__',
    'enum',
    'x-kubernetes-list-type',
    'x-kubernetes-list-map-keys',
  );
  const {value} = fc.letrec<{value: Json}>(tie => ({
    value: fc.oneof(
      {depthSize: 'small'},
      fc.constantFrom<Json>(null, true, 1, 'object', 'array', 'map', '(', 2n ** 70n),
      fc.array(tie('value'), {maxLength: 2}),
      fc.dictionary(keyword, tie('value'), {maxKeys: 4}) as fc.Arbitrary<JsonObject>,
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(keyword, value), schema => {
      if (checkStructural(schema, 'S').length > 0) return;
      const compiled = compileSchema(readSchema(schema, 'S').schema);
      compiled.validate({spec: {}, items: []});
    }),
  );
});
