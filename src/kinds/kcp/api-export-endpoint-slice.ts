import type {FieldError} from '../../api/field-error.ts';
import {at} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import {dateAge, fieldColumn, kcpKind, object, string} from '../build.ts';
import type {Kind} from '../kind.ts';
import {child, objects} from '../read.ts';
import {broken, unchanged} from './rules.ts';
import {conditions, endpoints, exportReference} from './shapes.ts';

/** APIExportEndpointSlice (spec kcp 1.3). */
export const apiExportEndpointSlice: Kind = kcpKind({
  group: 'apis.kcp.io',
  version: 'v1alpha1',
  kind: 'APIExportEndpointSlice',
  plural: 'apiexportendpointslices',
  description: 'Tells a provider where to find the objects of everyone who bound an export.',
  fields: {
    spec: object(
      'Which export.',
      {
        export: exportReference('The export. Cannot change.'),
        partition: string('Name of a Partition that limits the shards; all when empty.'),
      },
      {required: ['export']},
    ),
    status: object('The outcome.', {
      endpoints: endpoints('the objects'),
      shardSelector: string('The labels of the shards that are meant, as text.'),
      conditions,
    }),
  },
  subresources: {status: true},
  columns: [fieldColumn('Export', 'spec', 'export', 'name'), fieldColumn('Partition', 'spec', 'partition'), dateAge],
  strategy: {
    validateUpdate: (slice, old) => unchanged(slice, old, ['spec', 'export'], 'APIExport reference must not be changed'),
    validateStatus: shardErrors,
  },
});

function shardErrors(slice: JsonObject): FieldError[] {
  return objects(child(slice, 'status'), 'endpoints').flatMap((endpoint, i) => {
    const shards = child(endpoint, 'shards');
    if (shards?.['matchAll'] !== true || shards['selector'] === undefined) return [];
    return [broken(at('status.endpoints', i, 'shards'), 'matchAll and selector are mutually exclusive')];
  });
}
