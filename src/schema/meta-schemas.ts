import type {Json, JsonObject} from '../api/json.ts';

/** The name under which OpenAPI documents define one of these: `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`. */
export const metaName = (name: string): string => `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`;

const string = (description: string): JsonObject => ({description, type: 'string'});
const boolean = (description: string): JsonObject => ({description, type: 'boolean'});
const int32 = (description: string): JsonObject => ({description, type: 'integer', format: 'int32'});
const int64 = (description: string): JsonObject => ({description, type: 'integer', format: 'int64'});
const strings = (description: string): JsonObject => ({description, type: 'object', additionalProperties: {type: 'string', default: ''}});
const reference = (name: string): JsonObject => ({$ref: `#/components/schemas/${metaName(name)}`});
const refer = (name: string, description: string): JsonObject => ({description, allOf: [reference(name)]});
const list = (items: JsonObject, description: string, more: JsonObject): JsonObject => ({description, type: 'array', items, ...more});
const atomic: JsonObject = {'x-kubernetes-list-type': 'atomic'};

const object = (description: string, properties?: JsonObject, required?: Json[]): JsonObject => ({
  description,
  type: 'object',
  ...(properties && {properties}),
  ...(required && {required}),
});

const ofKind = (kind: string, schema: JsonObject): JsonObject => ({
  ...schema,
  'x-kubernetes-group-version-kind': [{group: '', version: 'v1', kind}],
});

const apiVersion = string('The group and version in which this object is written.');
const kind = string('The kind of this object, in CamelCase.');
const metadata = refer('ListMeta', 'What all lists have.');

const objectMeta: JsonObject = object('What every object has that is kept.', {
  name: string('Names the object among those of its kind in its namespace. It cannot be changed.'),
  generateName: string('Where no name is given: what a name that the server makes up starts with.'),
  namespace: string('The namespace that holds the object; empty for kinds that are not namespaced. It cannot be changed.'),
  selfLink: string('Not used any more; the server never sets it.'),
  uid: string('Tells this object from all others, before and after it, of the same name. Set by the server.'),
  resourceVersion: string('The state of the object, for clients to say which one they mean to change. Opaque; set by the server.'),
  generation: int64('Counts the changes to what is wanted of the object. Set by the server.'),
  creationTimestamp: refer('Time', 'When the object was made, in UTC. Set by the server.'),
  deletionTimestamp: refer('Time', 'Since when the object is to be deleted, which waits for its finalizers. Set by the server.'),
  deletionGracePeriodSeconds: int64('How long the object may still take to end by itself. Set by the server.'),
  labels: strings('Keys and values that select the object and group it with others.'),
  annotations: strings('Keys and values that people and tools attach to the object. Nothing can be selected by them.'),
  ownerReferences: list(
    {allOf: [reference('OwnerReference')], default: {}},
    'The objects this one belongs to. When all are gone, it is deleted.',
    {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      'x-kubernetes-patch-merge-key': 'uid',
      'x-kubernetes-patch-strategy': 'merge',
    },
  ),
  finalizers: list(
    {type: 'string', default: ''},
    'Who has something left to do before the object may go. It goes when the last is removed.',
    {
      'x-kubernetes-list-type': 'set',
      'x-kubernetes-patch-strategy': 'merge',
    },
  ),
  managedFields: list(
    {allOf: [reference('ManagedFieldsEntry')], default: {}},
    'Who manages which fields of the object. Set by the server.',
    atomic,
  ),
});

const ownerReference: JsonObject = {
  ...object(
    'Names an object that owns this one, in the same namespace or in none.',
    {
      apiVersion: string('The group and version of the owner.'),
      kind: string('The kind of the owner.'),
      name: string('The name of the owner.'),
      uid: string('The uid of the owner.'),
      controller: boolean('Whether this owner is the one that manages the object.'),
      blockOwnerDeletion: boolean('Whether the owner, when deleted in the foreground, waits for this object to go first.'),
    },
    ['apiVersion', 'kind', 'name', 'uid'],
  ),
  'x-kubernetes-map-type': 'atomic',
};

const managedFieldsEntry: JsonObject = object('The fields that one manager set in one way.', {
  manager: string('Who manages the fields.'),
  operation: string('How they were set: Apply or Update.'),
  apiVersion: string('The version in which the fields are named.'),
  time: refer('Time', 'When the set of fields last changed.'),
  fieldsType: string('The form of the fields. There is but FieldsV1.'),
  fieldsV1: refer('FieldsV1', 'The fields.'),
  subresource: string('The subresource through which they were set; empty for the object itself.'),
});

const listMeta: JsonObject = object('What all lists have, and answers that are no objects.', {
  selfLink: string('Not used any more; the server never sets it.'),
  resourceVersion: string('The state that the list shows; a watch can go on from it.'),
  continue: string('Given back to the server, it leads to the next page. Empty on the last one.'),
  remainingItemCount: int64('How many items follow this page, where that is known.'),
});

const status: JsonObject = ofKind(
  'Status',
  object('The outcome of a request that does not answer with an object.', {
    apiVersion,
    kind,
    metadata,
    status: string('Success or Failure.'),
    message: string('What happened, for people.'),
    reason: string('Why it failed, in a word for programs; it refines the code.'),
    details: refer('StatusDetails', 'What more there is to know for this reason.'),
    code: int32('The HTTP code.'),
  }),
);

const statusDetails: JsonObject = object('More about the outcome of a request. Which of it is set depends on the reason.', {
  name: string('The name of the object that was asked for.'),
  group: string('Its group.'),
  kind: string('Its kind, or its resource.'),
  uid: string('Its uid.'),
  causes: list({allOf: [reference('StatusCause')], default: {}}, 'What is wrong, field by field.', atomic),
  retryAfterSeconds: int32('After how many seconds a client may try again.'),
});

const statusCause: JsonObject = object('One thing that is wrong.', {
  reason: string('What is wrong, in a word for programs.'),
  message: string('What is wrong, for people.'),
  field: string('The path of the field, such as `spec.items[0].name`.'),
});

const deleteOptions: JsonObject = ofKind(
  'DeleteOptions',
  object('How to delete.', {
    apiVersion,
    kind,
    gracePeriodSeconds: int64('How long the object may take to end by itself; 0 means at once.'),
    preconditions: refer('Preconditions', 'What must be true of the object, or it is not deleted (409).'),
    orphanDependents: boolean('Replaced by propagationPolicy, and not to be used beside it.'),
    propagationPolicy: string(
      'What becomes of owned objects: Orphan leaves them, Background deletes them later, Foreground deletes them first.',
    ),
    dryRun: list({type: 'string', default: ''}, 'With All, everything is checked and nothing is kept.', atomic),
    ignoreStoreReadErrorWithClusterBreakingPotential: boolean('Delete even what cannot be read any more.'),
  }),
);

const preconditions: JsonObject = object('What must be true of an object.', {
  uid: string('Its uid must be this one.'),
  resourceVersion: string('Its resourceVersion must be this one.'),
});

const watchEvent: JsonObject = object(
  'One change that a watch tells of.',
  {
    type: string('ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.'),
    object: object('The object as it is, or as it was before it was deleted; with ERROR a Status.'),
  },
  ['type', 'object'],
);

const definitions: {readonly [name: string]: JsonObject} = {
  ObjectMeta: objectMeta,
  OwnerReference: ownerReference,
  ManagedFieldsEntry: managedFieldsEntry,
  ListMeta: listMeta,
  Status: status,
  StatusDetails: statusDetails,
  StatusCause: statusCause,
  DeleteOptions: deleteOptions,
  Preconditions: preconditions,
  WatchEvent: watchEvent,
  FieldsV1: object(
    'A set of fields, as a tree: `f:` and a name, `k:` and the keys of a list item, `v:` and a value, or `.` for the field itself.',
  ),
  Patch: object('A patch; its form is named by the media type of the request.'),
  Time: {description: 'A moment, in RFC 3339, to the second.', type: 'string', format: 'date-time'},
  MicroTime: {description: 'A moment, in RFC 3339, to the microsecond.', type: 'string', format: 'date-time'},
};

/**
 * The definitions that all kinds share, in the form of OpenAPI v3, by their full names; they refer to nothing but each other
 * (spec kubernetes-api 7.4). kubectl explains and merges by them.
 */
export const metaSchemas: {readonly [name: string]: JsonObject} = Object.fromEntries(
  Object.entries(definitions).map(([name, schema]) => [metaName(name), schema]),
);
