import {kcpKind, keyedList, object, string, strings} from '../build.ts';
import type {Kind} from '../kind.ts';

/** Versions of exported APIs. */
export const versionPattern = '^v[1-9][0-9]*([a-z]+[1-9][0-9]*)?$';

/** APIConversion (spec kcp 1.3). */
export const apiConversion: Kind = kcpKind({
  group: 'apis.kcp.io',
  version: 'v1alpha1',
  kind: 'APIConversion',
  plural: 'apiconversions',
  description: 'How objects of the APIResourceSchema of the same name get from one version to another. Kept, but not used yet.',
  fields: {
    spec: object(
      'The conversions.',
      {
        conversions: keyedList(
          ['from', 'to'],
          'One for each pair of versions.',
          object(
            'From one version to another.',
            {
              from: string('The version that objects have.', {minLength: 1, pattern: versionPattern}),
              to: string('The version that is wanted.', {minLength: 1, pattern: versionPattern}),
              rules: keyedList(
                ['destination'],
                'What becomes of the fields.',
                object(
                  'What becomes of one field.',
                  {
                    field: string('Path of the field in the old version.', {minLength: 1}),
                    destination: string('Path of the field in the new version.', {minLength: 1}),
                    transformation: string('A CEL expression over self that gives the new value; the same value when empty.'),
                  },
                  {required: ['destination', 'field']},
                ),
              ),
              preserve: strings('Paths of fields that are kept in annotations, for the way back.', 'A path.'),
            },
            {required: ['from', 'rules', 'to']},
          ),
        ),
      },
      {required: ['conversions']},
    ),
  },
  required: ['spec'],
});
