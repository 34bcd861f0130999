import type {FieldError} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import {dig} from '../../api/json.ts';
import {dateAge, fieldColumn, kcpKind, object, string} from '../build.ts';
import type {Kind} from '../kind.ts';
import {labelSelector} from '../label-selector.ts';
import {broken, unchanged, workspaceNameErrors} from './rules.ts';
import {conditions, lifecycleIds, phase, regionColumn, typeReference} from './shapes.ts';

/** Workspace (spec kcp 1.2). */
export const workspace: Kind = kcpKind({
  group: 'tenancy.kcp.io',
  version: 'v1alpha1',
  kind: 'Workspace',
  plural: 'workspaces',
  shortNames: ['ws'],
  description: 'A workspace below this one: it has APIs, users and objects of its own.',
  fields: {
    spec: object(
      'What the workspace is.',
      {
        type: typeReference('What kind of workspace it is; the parent’s default when empty. Cannot change.'),
        location: object('Where the workspace may be.', {selector: labelSelector('Labels of the shards it may be on.')}),
        cluster: string('The logical cluster behind the workspace; set by the server. Cannot change.'),
        URL: string('Where the workspace can be reached; set by the server.'),
        mount: object(
          'Makes the workspace stand for something that is reached elsewhere. Cannot change.',
          {
            ref: object(
              'The object that tells where.',
              {
                apiVersion: string('Group and version of the object.'),
                kind: string('Kind of the object.'),
                name: string('Name of the object.'),
                namespace: string('Namespace of the object, if it has one.'),
              },
              {required: ['apiVersion', 'kind', 'name']},
            ),
          },
          {required: ['ref']},
        ),
      },
      {default: {}},
    ),
    status: object(
      'How far the workspace is.',
      {
        phase,
        conditions,
        initializers: lifecycleIds('What still has to happen before it is Ready.'),
        terminators: lifecycleIds('What still has to happen before it is deleted.'),
      },
      {default: {}},
    ),
  },
  required: ['spec'],
  subresources: {status: true},
  columns: [
    fieldColumn('Type', 'spec', 'type', 'name'),
    regionColumn,
    fieldColumn('Phase', 'status', 'phase'),
    fieldColumn('URL', 'spec', 'URL'),
    dateAge,
  ],
  strategy: {validate: workspaceNameErrors, validateUpdate},
});

function validateUpdate(object: JsonObject, old: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const lost = (field: string): boolean => dig(old, 'spec', field) !== undefined && dig(object, 'spec', field) === undefined;
  if (lost('URL')) errors.push(broken('spec', 'URL cannot be unset'));
  if (lost('cluster')) errors.push(broken('spec', 'cluster cannot be unset'));
  return [
    ...errors,
    ...typeErrors(object, old),
    ...unchanged(object, old, ['spec', 'cluster'], 'cluster is immutable'),
    ...unchanged(object, old, ['spec', 'mount'], 'mount is immutable'),
  ];
}

function typeErrors(object: JsonObject, old: JsonObject): FieldError[] {
  const [now, was] = [dig(object, 'spec', 'type'), dig(old, 'spec', 'type')];
  if (now === undefined || was === undefined) return [];
  return ['name', 'path'].filter(field => dig(now, field) !== dig(was, field)).map(field => broken('spec.type', `${field} is immutable`));
}
