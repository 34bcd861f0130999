import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonObject} from '../api/json.ts';
import {compileGoForm} from './go-form.ts';
import type {JsonSchema} from './json-schema.ts';

const texts: JsonSchema = {type: 'array', items: {type: 'string'}};
const schema: JsonSchema = {
  type: 'object',
  required: ['kept'],
  properties: {
    metadata: {type: 'object', additionalProperties: {type: 'string'}},
    kept: texts,
    list: texts,
    map: {type: 'object', additionalProperties: texts},
    struct: {type: 'object', properties: {list: texts}},
    structs: {type: 'array', items: {type: 'object', properties: {list: texts, when: {type: 'string', format: 'date-time'}}}},
    exact: {type: 'string', format: 'micro-time'},
    any: {'x-kubernetes-preserve-unknown-fields': true},
  },
};

test('empty lists and maps go, unless they are required or within a map', () => {
  const object: JsonObject = {
    metadata: {},
    kept: [],
    list: [],
    map: {},
    struct: {list: []},
    structs: [{list: []}, null],
    any: {list: []},
    exact: null,
  };
  compileGoForm(schema)(object);
  assert.deepEqual(object, {metadata: {}, kept: [], struct: {}, structs: [{}, null], any: {list: []}, exact: null});
  const map: JsonObject = {map: {a: []}};
  compileGoForm(schema)(map);
  assert.deepEqual(map, {map: {a: []}});
});

test('times come as Go writes them', () => {
  const object: JsonObject = {structs: [{when: '2026-01-01T01:00:00.5+01:00'}], exact: '2026-01-01T01:00:00.123456+01:00'};
  compileGoForm(schema)(object);
  assert.deepEqual(object, {structs: [{when: '2026-01-01T00:00:00Z'}], exact: '2026-01-01T00:00:00.123456Z'});
});
