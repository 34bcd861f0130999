import type {Fields} from './build.ts';
import {string} from './build.ts';

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
