import type {FieldError} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import {boolean, bytes, kcpKind, keyedList, listOf, object, string, strings} from '../build.ts';
import type {Kind} from '../kind.ts';
import {child, list, text} from '../read.ts';
import {printerColumnSchema, printerColumnsText, scaleSchema, selectableFieldSchema} from '../version-parts.ts';
import {versionPattern} from './api-conversion.ts';
import {broken} from './rules.ts';

const version = object(
  'One version of the resource.',
  {
    name: string('The version in URLs, such as v1.', {minLength: 1, pattern: versionPattern}),
    served: boolean('Whether clients may use this version.', {default: true}),
    storage: boolean('Whether objects are stored in this version; true for exactly one.'),
    deprecated: boolean('Whether clients are warned when they use this version.'),
    deprecationWarning: string('The warning, instead of the usual one.'),
    schema: {
      type: 'object',
      description: 'A structural OpenAPI v3 schema: what is kept, checked and filled in.',
      'x-kubernetes-map-type': 'atomic',
      'x-kubernetes-preserve-unknown-fields': true,
    },
    subresources: object('Parts of an object that have endpoints of their own.', {
      status: object('Present when status has an endpoint of its own.', {}),
      scale: scaleSchema,
    }),
    additionalPrinterColumns: keyedList(['name'], printerColumnsText, printerColumnSchema),
    selectableFields: listOf('Fields that field selectors may name.', selectableFieldSchema),
  },
  {required: ['name', 'schema', 'served', 'storage']},
);

/** APIResourceSchema (spec kcp 1.3). */
export const apiResourceSchema: Kind = kcpKind({
  group: 'apis.kcp.io',
  version: 'v1alpha1',
  kind: 'APIResourceSchema',
  plural: 'apiresourceschemas',
  description: 'What one exported resource looks like, in all its versions. Its name is <prefix>.<plural>.<group>; it cannot change.',
  fields: {
    spec: object(
      'The resource.',
      {
        group: string('The API group; empty for the core group.'),
        names: object(
          'What the resource is called.',
          {
            plural: string('The name in URLs.'),
            singular: string('The name of one object for kubectl.'),
            shortNames: strings('Abbreviations that kubectl understands.', 'An abbreviation.'),
            kind: string('The kind that objects carry, in CamelCase.'),
            listKind: string('The kind of a list.'),
            categories: strings('Words under which kubectl finds this resource together with others.', 'A word.'),
          },
          {required: ['kind', 'plural']},
        ),
        scope: string('Cluster or Namespaced.', {enum: ['Cluster', 'Namespaced']}),
        versions: keyedList(['name'], 'The versions of the resource.', version, {minItems: 1}),
        nameValidation: string('The grammar of object names; PathSegmentName also allows names such as system:admin.', {
          default: 'DNS1123Subdomain',
          enum: ['DNS1123Subdomain', 'PathSegmentName'],
        }),
        conversion: object(
          'How objects get from one version to another; needed when there are several.',
          {
            strategy: string('None: only the version changes. Webhook: a webhook converts.', {enum: ['None', 'Webhook']}),
            webhook: object(
              'The webhook that converts.',
              {
                clientConfig: object('Where the webhook is.', {
                  url: string('An https URL.', {format: 'uri'}),
                  caBundle: bytes('The certificates, in PEM, by which the server is trusted.'),
                }),
                conversionReviewVersions: strings('The versions of ConversionReview that it understands.', 'A version.'),
              },
              {required: ['conversionReviewVersions']},
            ),
          },
          {required: ['strategy']},
        ),
      },
      {required: ['group', 'names', 'scope', 'versions']},
    ),
  },
  strategy: {validate: validateSchema},
});

function validateSchema(object: JsonObject): FieldError[] {
  const spec = child(object, 'spec');
  const conversion = child(spec, 'conversion');
  const errors: FieldError[] = [];
  if (list(spec, 'versions').length > 1 && !conversion)
    errors.push(broken('spec', 'Conversion must be specified when multiple versions exist'));
  if (conversion && (text(conversion, 'strategy') === 'Webhook') !== (conversion['webhook'] !== undefined))
    errors.push(broken('spec.conversion', 'Webhook must be specified if strategy=Webhook'));
  return errors;
}
