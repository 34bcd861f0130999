import type {JsonSchema} from '../schema/json-schema.ts';
import {typeOfSchema} from './schema-types.ts';
import type {Type} from './types.ts';
import {bool, dyn, int, listOf, mapOf, string, timestamp} from './types.ts';

const record = (name: string, fields: {readonly [key: string]: Type}) => ({
  kind: 'object' as const,
  name,
  fields: new Map(Object.entries(fields).map(([key, type]) => [key, {type, key}])),
});

const ownerReference = record('OwnerReference', {
  apiVersion: string,
  kind: string,
  name: string,
  uid: string,
  controller: bool,
  blockOwnerDeletion: bool,
});
const managedFieldsEntry = record('ManagedFieldsEntry', {
  manager: string,
  operation: string,
  apiVersion: string,
  time: timestamp,
  fieldsType: string,
  subresource: string,
});
const metadata = record('ObjectMeta', {
  ...{name: string, generateName: string, namespace: string, selfLink: string, uid: string, resourceVersion: string},
  ...{generation: int, creationTimestamp: timestamp, deletionTimestamp: timestamp, deletionGracePeriodSeconds: int},
  ...{labels: mapOf(string, string), annotations: mapOf(string, string), finalizers: listOf(string)},
  ...{ownerReferences: listOf(ownerReference), managedFields: listOf(managedFieldsEntry)},
});

/** The type of whole objects of a kind, metadata included; dyn where its schema says nothing. */
export function objectTypeOf(kind: string, schema: JsonSchema): Type {
  const type = typeOfSchema(schema, {name: kind, root: true});
  if (type?.kind !== 'object') return dyn;
  return {...type, fields: new Map([...type.fields, ['metadata', {type: metadata, key: 'metadata'}]])};
}
