/** A parameter of an operation, as both forms of OpenAPI spell it in their ways. */
export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'boolean' | 'integer' | 'string';
  readonly description: string;
};

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({name, in: 'query', type, description});
const path = (name: string, description: string): Parameter => ({name, in: 'path', type: 'string', description});

const dryRun = query('dryRun', 'string', 'With the value All the request goes through every step but nothing is stored.');
const resourceVersion = query(
  'resourceVersion',
  'string',
  'The version to read at, or to watch from; what it means depends on the request.',
);
const resourceVersionMatch = query('resourceVersionMatch', 'string', 'How resourceVersion constrains the answer: Exact or NotOlderThan.');
const labelSelector = query('labelSelector', 'string', 'Limits the request to objects with matching labels.');
const fieldSelector = query('fieldSelector', 'string', 'Limits the request to objects with matching fields.');
const limit = query('limit', 'integer', 'The most objects one answer may hold; the rest is read with continue.');
const goOn = query('continue', 'string', 'The token of the answer before, to read on behind it.');
const timeoutSeconds = query('timeoutSeconds', 'integer', 'How long the request may last.');

const selection = [goOn, fieldSelector, labelSelector, limit, resourceVersion, resourceVersionMatch];
const write = [
  dryRun,
  query('fieldManager', 'string', 'Who makes the change; up to 128 printable characters.'),
  query('fieldValidation', 'string', 'What becomes of unknown and duplicate fields: Ignore, Warn or Strict.'),
];
const deletion = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds until the object is removed; zero means at once.'),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];

export const parameters = {
  namespace: path('namespace', 'The namespace of the objects.'),
  name: path('name', 'The name of the object.'),
  pretty: query('pretty', 'string', 'With the value true the answer is indented.'),
  list: [
    query('allowWatchBookmarks', 'boolean', 'Whether a watch may send BOOKMARK events.'),
    ...selection,
    query('sendInitialEvents', 'boolean', 'Whether a watch starts with the objects that exist.'),
    timeoutSeconds,
    query('watch', 'boolean', 'Answers with a stream of changes instead of a list.'),
  ],
  write,
  patch: [...write, query('force', 'boolean', 'Whether an apply takes over fields of other managers.')],
  delete: deletion,
  deleteCollection: [...selection, ...deletion, timeoutSeconds],
} as const satisfies {readonly [use: string]: Parameter | readonly Parameter[]};
