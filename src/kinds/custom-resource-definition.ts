import type {JsonObject} from '../api/json.ts';
import {clone} from '../api/json.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {anything, bigInteger, boolean, createdAtColumn, kind, listBy, listOf, object, string, strings, time} from './build.ts';
import {storageVersionOf} from './crd.ts';
import {validateCrd, validateCrdStatus, validateCrdUpdate, validateNewCrd} from './crd-validation.ts';
import type {Kind} from './kind.ts';
import {child, text, texts} from './read.ts';
import {printerColumnSchema, printerColumnsText, scaleSchema, selectableFieldSchema} from './version-parts.ts';
import {webhookClient} from './webhook-client.ts';

const names = (description: string): JsonSchema =>
  object(
    description,
    {
      plural: string('The name in URLs: /apis/<group>/<version>/<plural>.'),
      singular: string('The name of one object for kubectl; lower-case kind by default.'),
      shortNames: strings('Abbreviations that kubectl understands.', 'An abbreviation.'),
      kind: string('The kind that objects carry, in CamelCase.'),
      listKind: string('The kind of a list; the kind followed by List by default.'),
      categories: strings('Words under which kubectl finds this resource together with others, such as all.', 'A word.'),
    },
    {required: ['plural', 'kind']},
  );

const version = object(
  'One version of the resource.',
  {
    name: string('The version in URLs, such as v1.'),
    served: boolean('Whether clients may use this version.'),
    storage: boolean('Whether objects are stored in this version; true for exactly one.'),
    deprecated: boolean('Whether clients are warned when they use this version.'),
    deprecationWarning: string('The warning, instead of the usual one.'),
    schema: object('What objects of this version look like.', {
      openAPIV3Schema: anything('A structural schema: what is kept, checked and filled in.'),
    }),
    subresources: object('Parts of an object that have endpoints of their own.', {
      status: anything('Present when status has an endpoint of its own; then nothing else writes it.'),
      scale: scaleSchema,
    }),
    additionalPrinterColumns: listOf(printerColumnsText, printerColumnSchema),
    selectableFields: listOf('Fields that field selectors may name; at most 8.', selectableFieldSchema),
  },
  {required: ['name', 'served', 'storage']},
);

const conversion = object(
  'How objects get from one version to another.',
  {
    strategy: string('None: only the version changes. Webhook: a webhook converts.'),
    webhook: object(
      'The webhook that converts.',
      {
        clientConfig: webhookClient('Where the webhook is.'),
        conversionReviewVersions: strings('The versions of ConversionReview that it understands, preferred ones first.', 'A version.'),
      },
      {required: ['conversionReviewVersions']},
    ),
  },
  {required: ['strategy']},
);

const condition = object(
  'One observation.',
  {
    type: string('What is observed, such as Established.'),
    status: string('True, False or Unknown.'),
    lastTransitionTime: time('When the status last changed.'),
    reason: string('The cause in one word.'),
    message: string('The cause for people.'),
    observedGeneration: bigInteger('The generation that was observed.'),
  },
  {required: ['type', 'status']},
);

/** CustomResourceDefinition (spec kubernetes-api 6). */
export const customResourceDefinition: Kind = kind({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  description: 'Adds a resource to the workspace. Its name is <plural>.<group>.',
  fields: {
    spec: object(
      'What the resource is.',
      {
        group: string('The API group, a domain with at least one dot. Cannot change.'),
        names: names('What the resource is called.'),
        scope: string('Cluster or Namespaced.'),
        versions: listOf('The versions of the resource.', version),
        conversion,
        preserveUnknownFields: boolean('Must be false; use x-kubernetes-preserve-unknown-fields in the schema.'),
      },
      {required: ['group', 'names', 'scope', 'versions']},
    ),
    status: object('How far the resource is.', {
      conditions: listBy(['type'], 'Whether the names are accepted, the resource is served, and more.', condition),
      acceptedNames: names('The names in use; they may differ from the wanted ones after a conflict.'),
      storedVersions: strings('Versions in which objects may still be stored.', 'A version.'),
      observedGeneration: bigInteger('The generation of the definition that this status is about.'),
    }),
  },
  required: ['spec'],
  subresources: {status: true},
  columns: [createdAtColumn],
  strategy: {
    generation: ['spec'],
    normalize: fillDefaults,
    prepareCreate: crd => {
      const storedVersions = withStorageVersion(crd, []);
      crd['status'] = {acceptedNames: {kind: '', plural: ''}, ...(storedVersions.length > 0 && {storedVersions})};
    },
    prepareUpdate: keepStatus,
    validate: validateCrd,
    validateCreate: validateNewCrd,
    validateUpdate: validateCrdUpdate,
    validateStatus: validateCrdStatus,
  },
});

function fillDefaults(crd: JsonObject): void {
  const spec = child(crd, 'spec');
  if (!spec) return;
  const wanted = child(spec, 'names');
  const kindName = text(wanted, 'kind');
  if (wanted && kindName) {
    if (!text(wanted, 'singular')) wanted['singular'] = kindName.toLowerCase();
    if (!text(wanted, 'listKind')) wanted['listKind'] = `${kindName}List`;
  }
  if (!child(spec, 'conversion')) spec['conversion'] = {strategy: 'None'};
  // The default of a boolean that Kubernetes never shows.
  if (spec['preserveUnknownFields'] === false) delete spec['preserveUnknownFields'];
}

/** Writes to the definition leave its status alone, but for the storage version, which is added to the stored ones. */
function keepStatus(crd: JsonObject, old: JsonObject): void {
  const status = clone(child(old, 'status') ?? {});
  status['storedVersions'] = withStorageVersion(crd, texts(status, 'storedVersions'));
  crd['status'] = status;
}

function withStorageVersion(crd: JsonObject, stored: readonly string[]): string[] {
  const storage = storageVersionOf(crd);
  return !storage || stored.includes(storage) ? [...stored] : [...stored, storage];
}
