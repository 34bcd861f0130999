import type {Json, JsonObject} from '../api/json.ts';
import type {Fields} from './build.ts';
import {string} from './build.ts';
import {text} from './read.ts';

/** The fields of a reference to any object. */
export const objectReferenceFields: Fields = {
  apiVersion: string('Group and version of the object.'),
  kind: string('Kind of the object.'),
  namespace: string('Namespace of the object.'),
  name: string('Name of the object.'),
  uid: string('UID of the object.'),
  resourceVersion: string('The version of the object that is meant, if one is.'),
  fieldPath: string('The part of the object that is meant, as a path such as spec.containers{web}.'),
};

/** A reference as errors show it: as Kubernetes keeps it inside. */
export const keptReference = (ref: JsonObject): Json => ({
  Kind: text(ref, 'kind'),
  Namespace: text(ref, 'namespace'),
  Name: text(ref, 'name'),
  UID: text(ref, 'uid'),
  APIVersion: text(ref, 'apiVersion'),
  ResourceVersion: text(ref, 'resourceVersion'),
  FieldPath: text(ref, 'fieldPath'),
});
