import assert from 'node:assert/strict';
import {test} from 'node:test';
import {asObject} from '../api/object.ts';
import type {Kind} from '../kinds/kind.ts';
import {type TableOptions, tableOf} from './table.ts';

const kind: Kind = {
  group: 'example.com',
  version: 'v1',
  names: {kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget', shortNames: [], categories: []},
  namespaced: true,
  verbs: ['get', 'list'],
  schema: {type: 'object'},
  subresources: {},
  columns: [
    {
      name: 'Size',
      type: 'integer',
      format: '',
      description: 'How big.',
      priority: 1,
      cell: object => (object['spec'] as {size: number}).size,
    },
    {name: 'Now', type: 'string', format: '', description: 'When.', priority: 0, cell: (_, now) => `${now}ms`},
  ],
  strategy: {},
  custom: true,
};
const metadata = {name: 'w', uid: 'u', creationTimestamp: '2026-01-02T03:04:05Z'};
const widget = asObject({apiVersion: 'example.com/v1', kind: 'Widget', metadata, spec: {size: 3}});
const options: TableOptions = {now: 5, includeObject: 'Metadata', version: 'v1', listMeta: {resourceVersion: '7'}, columns: true};

test('a table has a row for each object and says what its columns are', () => {
  assert.deepEqual(tableOf(kind, [widget], options), {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {resourceVersion: '7'},
    columnDefinitions: [
      {name: 'Name', type: 'string', format: 'name', description: 'The name of the object, unique within its namespace.', priority: 0},
      {name: 'Size', type: 'integer', format: '', description: 'How big.', priority: 1},
      {name: 'Now', type: 'string', format: '', description: 'When.', priority: 0},
    ],
    rows: [{cells: ['w', 3, '5ms'], object: {kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata}}],
  });
});

test('rows carry as much of the object as was asked for', () => {
  const carried = (change: Partial<TableOptions>): unknown => {
    const rows = tableOf(kind, [widget], {...options, ...change})['rows'] as {object: unknown}[];
    return rows[0]?.object;
  };
  assert.equal(carried({includeObject: 'None'}), null);
  assert.deepEqual(carried({includeObject: 'Object'}), widget);
  assert.deepEqual(carried({version: 'v1beta1'}), {kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1', metadata});
});

test('later tables of a watch leave the columns out', () => {
  assert.deepEqual(tableOf(kind, [], {...options, columns: false})['columnDefinitions'], []);
});
