import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {normalizeFieldPath} from './field-path.ts';

const schema: JsonSchema = {
  type: 'object',
  properties: {
    a: {type: 'object', properties: {'b.c': {type: 'string'}, "it's": {type: 'string'}}},
    map: {type: 'object', additionalProperties: {type: 'string'}},
    list: {type: 'array', items: {type: 'string'}},
  },
};
const paths: readonly [path: string, shown: string | undefined][] = [
  ['.a', 'a'],
  [".a['b.c']", 'a.b.c'],
  ["['a']['b.c']", 'a.b.c'],
  [".a['it\\'s']", "a.it's"],
  ['.map.x', 'map[x]'],
  [".map['x']", 'map[x]'],
  ['.none', undefined],
  ['.a.constructor', undefined],
  ['.list[0]', undefined],
  ['.list.x', undefined],
  ['a', undefined],
  ['.a.', undefined],
  [".a['b.c'", undefined],
  [".a['\\q']", undefined],
];
for (const [path, shown] of paths) test(`field path: ${path}`, () => assert.equal(normalizeFieldPath(path, schema), shown));
