/** What a version of a resource declares, in CustomResourceDefinitions and in APIResourceSchemas alike. */
import type {JsonSchema} from '../schema/json-schema.ts';
import {integer, object, string} from './build.ts';

export const scaleSchema: JsonSchema = object(
  'Present when objects can be scaled.',
  {
    specReplicasPath: string('Where the wanted number is, such as .spec.replicas.'),
    statusReplicasPath: string('Where the actual number is, such as .status.replicas.'),
    labelSelectorPath: string('Where the selector of what is scaled is, as text.'),
  },
  {required: ['specReplicasPath', 'statusReplicasPath']},
);

export const printerColumnsText = 'What kubectl get shows beside the name; the age when empty.';
export const printerColumnSchema: JsonSchema = object(
  'One column.',
  {
    name: string('The title.'),
    type: string('One of integer, number, string, boolean and date.'),
    format: string('More about the type, such as int64.'),
    description: string('What the column shows.'),
    priority: integer('A column of priority 0 is always shown, any other only with -o wide.'),
    jsonPath: string('Where the value is, such as .spec.size.'),
  },
  {required: ['jsonPath', 'name', 'type']},
);

export const selectableFieldSchema: JsonSchema = object(
  'One field.',
  {jsonPath: string('Where the field is, such as .spec.color.')},
  {required: ['jsonPath']},
);
