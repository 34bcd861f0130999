import type {FieldError} from '../../api/field-error.ts';
import {notSupported} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import {digString} from '../../api/json.ts';
import {boolean, dateAge, fieldColumn, kcpKind, mapOf, object, string, strings} from '../build.ts';
import type {Kind} from '../kind.ts';
import {conditions, lifecycleIds, phase} from './shapes.ts';

/** The only name of a LogicalCluster: there is one in each logical cluster. */
export const logicalClusterName = 'cluster';

/** LogicalCluster (spec kcp 1.1). */
export const logicalCluster: Kind = kcpKind({
  group: 'core.kcp.io',
  version: 'v1alpha1',
  kind: 'LogicalCluster',
  plural: 'logicalclusters',
  description: 'The inside of a workspace: each has exactly one, named cluster, which tells what it is and how far it is.',
  fields: {
    spec: object(
      'What the logical cluster is.',
      {
        directlyDeletable: boolean('Whether users may delete this object; otherwise they delete its owner.', {default: false}),
        owner: object(
          'The object that this logical cluster was made for, usually a workspace.',
          {
            apiVersion: string('Group and version of the owner.', {pattern: '^([^/]+/)?[^/]+$'}),
            resource: string('Plural name of the owner’s resource.', {minLength: 1}),
            name: string('Name of the owner.', {minLength: 1}),
            namespace: string('Namespace of the owner, if it has one.'),
            cluster: string('Logical cluster of the owner.', {minLength: 1}),
            uid: string('UID of the owner.'),
          },
          {required: ['apiVersion', 'cluster', 'name', 'resource', 'uid']},
        ),
        createdBy: object('Who asked for it.', {
          username: string('Name of the user.'),
          uid: string('UID of the user.'),
          groups: strings('Groups of the user.', 'A group.'),
          extra: mapOf('Further facts about the user, by name.', strings('The values of one fact.', 'One value.')),
        }),
        initializers: lifecycleIds('What has to happen before it is Ready; copied to the status when that begins.'),
        terminators: lifecycleIds('What has to happen before it is deleted; copied to the status when initializing begins.'),
      },
      {default: {}},
    ),
    status: object(
      'How far the logical cluster is.',
      {
        URL: string('Where it can be reached, by the name of the cluster.'),
        phase,
        conditions,
        initializers: lifecycleIds('What still has to happen before it is Ready.'),
        terminators: lifecycleIds('What still has to happen before it is deleted.'),
      },
      {default: {}},
    ),
  },
  subresources: {status: true},
  columns: [fieldColumn('Phase', 'status', 'phase'), fieldColumn('URL', 'status', 'URL'), dateAge],
  strategy: {validate: nameErrors},
});

function nameErrors(object: JsonObject): FieldError[] {
  const name = digString(object, 'metadata', 'name') ?? '';
  return name === logicalClusterName ? [] : [notSupported('metadata.name', name, [logicalClusterName])];
}
