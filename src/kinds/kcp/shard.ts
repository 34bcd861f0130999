import {dateAge, fieldColumn, kcpKind, mapOf, object, string} from '../build.ts';
import type {Kind} from '../kind.ts';
import {conditions, regionColumn} from './shapes.ts';

const quantityPattern =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

/** Shard (spec kcp 1.1). */
export const shard: Kind = kcpKind({
  group: 'core.kcp.io',
  version: 'v1alpha1',
  kind: 'Shard',
  plural: 'shards',
  description: 'A server that holds logical clusters.',
  fields: {
    spec: object(
      'Where the shard is.',
      {
        baseURL: string('Where other shards reach it.', {format: 'uri', minLength: 1}),
        externalURL: string('Where users reach its workspaces; baseURL by default.', {format: 'uri', minLength: 1}),
        virtualWorkspaceURL: string('Where its virtual workspaces are; baseURL by default.', {format: 'uri', minLength: 1}),
      },
      {required: ['baseURL']},
    ),
    status: object('How the shard is.', {
      capacity: mapOf('How much of each resource it has.', {
        description: 'A quantity, such as 8 or 16Gi.',
        anyOf: [{type: 'integer'}, {type: 'string'}],
        pattern: quantityPattern,
        'x-kubernetes-int-or-string': true,
      }),
      conditions,
    }),
  },
  subresources: {status: true},
  columns: [regionColumn, fieldColumn('URL', 'spec', 'baseURL'), fieldColumn('External URL', 'spec', 'externalURL'), dateAge],
});
