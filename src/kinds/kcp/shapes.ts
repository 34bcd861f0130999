/** Schemas that several kinds of kcp share (spec kcp 1, 1.0). */

import {dig, isObject} from '../../api/json.ts';
import {asJson} from '../../api/object.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {boolean, column, keyedList, listOf, object, string, time} from '../build.ts';
import type {Column} from '../kind.ts';
import {labelSelector} from '../label-selector.ts';
import {objects, text} from '../read.ts';

/** A workspace path or the name of a logical cluster. */
export const pathPattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const typeNamePattern = '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?';
const lifecyclePattern =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[a-z0-9][a-z0-9]([-a-z0-9]*[a-z0-9])?))|(system:.+)$';

export const conditions: JsonSchema = listOf(
  'What is known about the object, Ready first.',
  object(
    'One observation.',
    {
      type: string('What is observed.'),
      status: string('True, False or Unknown.'),
      severity: string('How bad it is that the status is False: Error, Warning or Info.'),
      lastTransitionTime: time('When the status last changed.'),
      reason: string('The cause in one word.'),
      message: string('The cause for people.'),
    },
    {required: ['lastTransitionTime', 'status', 'type']},
  ),
);

/** Phases of workspaces and logical clusters (spec kcp 1.1). */
export const phase: JsonSchema = string('Where in its life the workspace is; content can be used when it is Ready.', {
  default: 'Scheduling',
  enum: ['Scheduling', 'Initializing', 'Ready', 'Unavailable', 'Inactive', 'Terminating', 'Deleting'],
});

/** Initializers or terminators. */
export const lifecycleIds = (description: string): JsonSchema =>
  listOf(description, string('In the form <cluster>:<workspace type> or system:<name>.', {pattern: lifecyclePattern}));

export const typeReference = (description: string, more: Pick<JsonSchema, 'default'> = {}): JsonSchema =>
  object(
    description,
    {
      name: string('Name of the workspace type.', {pattern: typeNamePattern}),
      path: string('The workspace that holds the type.', {pattern: pathPattern}),
    },
    {required: ['name'], ...more},
  );

export const exportReference = (description: string): JsonSchema =>
  object(
    description,
    {
      path: string('The workspace that holds the export, as a path or a cluster name; this one when empty.', {pattern: pathPattern}),
      name: string('Name of the export.'),
    },
    {required: ['name']},
  );

export const endpoints = (of: string): JsonSchema =>
  keyedList(
    ['url'],
    `Where ${of} can be reached, shard by shard.`,
    object(
      'One endpoint.',
      {
        url: string('The URL, to which a client adds /clusters/<cluster>.', {minLength: 1}),
        shards: object('The shards behind the endpoint.', {
          matchAll: boolean('Whether it is all shards; not together with selector.'),
          selector: labelSelector('Labels of the shards.'),
        }),
      },
      {required: ['url']},
    ),
  );

export const secretReference: JsonSchema = object(
  'A secret.',
  {
    name: string('Name of the secret.'),
    namespace: string('Namespace of the secret.'),
  },
  {'x-kubernetes-map-type': 'atomic'},
);

/** A column that shows the status of a condition. */
export const conditionColumn = (name: string, type: string): Column =>
  column(name, `Whether ${type} is True.`, o => {
    const found = objects(asJson(o)['status'], 'conditions').find(one => text(one, 'type') === type);
    return found ? text(found, 'status') : null;
  });

export const regionColumn: Column = column('Region', 'The region of the shard.', o => {
  const labels = dig(asJson(o), 'metadata', 'labels');
  return isObject(labels) && text(labels, 'region') ? text(labels, 'region') : null;
});
