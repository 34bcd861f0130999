import assert from 'node:assert/strict';
import {test} from 'node:test';
import {summary} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {asObject} from '../api/object.ts';
import {isEstablished, isTerminating, kindsOfCrd, storageVersionOf} from './crd.ts';
import {acceptNames} from './crd-names.ts';
import {customResourceDefinition} from './custom-resource-definition.ts';

const v1: JsonObject = {name: 'v1', served: true, storage: true, schema: {openAPIV3Schema: {type: 'object'}}};
const names: JsonObject = {plural: 'widgets', kind: 'Widget'};

/** A definition as a client writes it, with changes to its spec. */
const written = (spec: JsonObject = {}): JsonObject => ({
  metadata: {name: 'widgets.example.com'},
  spec: {group: 'example.com', names: {...names}, scope: 'Namespaced', versions: [v1], ...spec},
});
const strategy = customResourceDefinition.strategy;
const created = (spec: JsonObject = {}): JsonObject => {
  const crd = written(spec);
  strategy.normalize?.(crd);
  strategy.prepareCreate?.(crd);
  return crd;
};
/** A definition in use, with its names accepted. */
const served = (spec: JsonObject = {}): JsonObject => {
  const crd = created(spec);
  const {acceptedNames} = acceptNames(crd, []);
  crd['status'] = {...(crd['status'] as JsonObject), acceptedNames, conditions: [{type: 'Established', status: 'True'}]};
  return crd;
};
const judge = (crd: JsonObject): string => {
  const errors = strategy.validate?.(crd) ?? [];
  return errors.length ? summary(errors) : '';
};

test('a new definition gets its defaults and its stored version', () => {
  const crd = created();
  assert.deepEqual(crd['spec'], {
    group: 'example.com',
    names: {plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList'},
    scope: 'Namespaced',
    versions: [v1],
    conversion: {strategy: 'None'},
  });
  assert.deepEqual(crd['status'], {acceptedNames: {kind: '', plural: ''}, storedVersions: ['v1']});
  assert.equal(judge(crd), '');
});

const untyped: JsonObject = {...v1, schema: {openAPIV3Schema: {type: 'object', properties: {a: {}}}}};
const cases: readonly [JsonObject, string | RegExp][] = [
  [{group: 'example'}, /spec\.group: Invalid value: "example": should be a domain with at least one dot/],
  [{scope: 'Planet'}, 'spec.scope: Unsupported value: "Planet": supported values: "Cluster", "Namespaced"'],
  [{scope: ''}, 'spec.scope: Required value'],
  [{versions: [v1, v1]}, /spec\.versions: Invalid value: .*: must contain unique version names, spec\.versions: .*exactly one version/],
  [{versions: [{...v1, storage: false}]}, /must have exactly one version marked as storage version/],
  [{versions: [{...v1, schema: {}}]}, 'spec.versions[0].schema.openAPIV3Schema: Required value'],
  [
    {versions: [{...v1, name: 'V1'}]},
    /^\[spec\.versions\[0\]\.name: Invalid value: "V1": a DNS-1035 label.*, spec\.version: Invalid value: "V1": a DNS/,
  ],
  [{names: {...names, listKind: 'Widget'}}, 'spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same'],
  [{names: {...names, shortNames: ['W']}}, /^spec\.names\.shortNames\[0\]: Invalid value: "W": a DNS-1035 label/],
  [
    {names: {...names, kind: 'My_Widget'}},
    /spec\.names\.kind: Invalid value: "My_Widget": may have mixed case, but should otherwise match: a DNS-1035/,
  ],
  [
    {preserveUnknownFields: true},
    'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
  ],
  [
    {versions: [{...v1, deprecationWarning: 'x'}]},
    'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
  ],
  [
    {versions: [{...v1, deprecated: true, deprecationWarning: 'a\nb'}]},
    'spec.versions[0].deprecationWarning: Invalid value: "a\\nb": must only contain printable UTF-8 characters; non-printable character found at index 1',
  ],
  [
    {versions: [{...v1, subresources: {scale: {specReplicasPath: '.status.x', statusReplicasPath: ''}}}]},
    '[spec.subresources.scale.specReplicasPath: Invalid value: ".status.x": should be a json path under .spec, spec.subresources.scale.statusReplicasPath: Required value]',
  ],
  [
    {versions: [{...v1, additionalPrinterColumns: [{name: 'A', type: 'text', jsonPath: 'spec'}]}]},
    '[spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string, spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .]',
  ],
  [
    {versions: [{...v1, selectableFields: [{jsonPath: '.spec.color'}]}]},
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.color": is an invalid path: does not refer to a valid field',
  ],
  [
    {versions: [{...v1, selectableFields: ['spec.a', '.l[0]', '.["a"]', '.', '.spec.', '.spec..a'].map(jsonPath => ({jsonPath}))}]},
    new RegExp(
      [
        'spec.selectableFields[0].jsonPath: Invalid value: "spec.a": is an invalid path: expected [ or . but got: spec',
        'spec.selectableFields[1].jsonPath: Invalid value: ".l[0]": is an invalid path: array notation is not allowed',
        'spec.selectableFields[2].jsonPath: Invalid value: ".[\\"a\\"]": is an invalid path: array notation is not allowed',
        'spec.selectableFields[3].jsonPath: Invalid value: ".": is an invalid path: unexpected end of JSON path',
        'spec.selectableFields[4].jsonPath: Invalid value: ".spec.": is an invalid path: unexpected end of JSON path',
        'spec.selectableFields[5].jsonPath: Invalid value: ".spec..a": is an invalid path: does not refer to a valid field',
      ]
        .map(text => RegExp.escape(text))
        .join(', '),
    ),
  ],
  [{versions: [v1, {...v1, name: 'V2', storage: false}]}, /^spec\.versions\[1\]\.name: Invalid value: "V2": a DNS-1035 label/],
  [
    {versions: [untyped, {...untyped, name: 'v2', storage: false, additionalPrinterColumns: [{}]}]},
    /^\[spec\.validation\.openAPIV3Schema\.properties\[a\]\.type: Required value: must not be empty for specified object fields, spec\.versions\[1\]\.additionalPrinterColumns\[0\]\.name: Required value, /,
  ],
  [
    {versions: [v1, {...untyped, name: 'v2', storage: false}]},
    'spec.versions[1].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields',
  ],
  [
    {versions: [{...v1, served: false, storage: false}]},
    /spec\.versions: Invalid value: \[\{"Name":"v1","Served":false,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,/,
  ],
  [
    {versions: []},
    /^\[spec\.versions: Invalid value: \[\]: must have .*, status\.storedVersions: Invalid value: null: must have at least one stored version\]$/,
  ],
  [
    {conversion: {strategy: 'Webhook'}},
    /^\[spec\.conversion\.webhookClientConfig: Required value: required when strategy is set to Webhook, spec\.conversion\.conversionReviewVersions: Required value\]$/,
  ],
  [
    {conversion: {strategy: 'Webhook', webhook: {clientConfig: {url: 'http://a/b'}, conversionReviewVersions: ['v7']}}},
    `[spec.conversion.webhookClientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path], spec.conversion.conversionReviewVersions: Invalid value: ["v7"]: must include at least one of v1, v1beta1]`,
  ],
  [
    {conversion: {strategy: 'None', webhook: {clientConfig: {}}}},
    'spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook',
  ],
];

test('definitions are refused in the words of Kubernetes', () => {
  for (const [spec, text] of cases) {
    const found = judge(created(spec));
    if (typeof text === 'string') assert.equal(found, text);
    else assert.match(found, text);
  }
});

test('the name of a new definition is made of its plural and group', () => {
  const text = (name: string): string => summary(strategy.validateCreate?.({...created(), metadata: {name}}) ?? []);
  assert.equal(text('other.example.com'), 'metadata.name: Invalid value: "other.example.com": must be spec.names.plural+"."+spec.group');
  assert.equal(text('widgets.example.com'), '[]');
});

test('the root of a schema is narrow when status is an endpoint', () => {
  const version = (schema: JsonObject): JsonObject => ({...v1, subresources: {status: {}}, schema: {openAPIV3Schema: schema}});
  assert.equal(judge(created({versions: [version({type: 'object', properties: {}, required: ['spec']})]})), '');
  assert.match(
    judge(created({versions: [version({type: 'object', oneOf: []})]})),
    /only \[Description Type Format .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/,
  );
});

test('groups of Kubernetes need an approval', () => {
  const crd = (value?: string): string => {
    const object = created({group: 'foo.k8s.io'});
    object['metadata'] = {name: 'widgets.foo.k8s.io', ...(value !== undefined && {annotations: {'api-approved.kubernetes.io': value}})};
    return judge(object);
  };
  assert.match(
    crd(),
    /^metadata\.annotations\[api-approved\.kubernetes\.io\]: Required value: protected groups must have approval annotation/,
  );
  assert.match(crd('yes'), /Invalid value: "yes": protected groups must have .* with either a URL or a reason starting with "unapproved"/);
  assert.equal(crd('https://example.com/1'), '');
  assert.equal(crd('unapproved, experimental'), '');
});

test('a new storage version is added to the stored ones, and an old one cannot just go', () => {
  const v2 = {...v1, name: 'v2'};
  const old = served();
  const both = written({versions: [{...v1, storage: false}, v2]});
  strategy.normalize?.(both);
  strategy.prepareUpdate?.(both, old);
  assert.deepEqual((both['status'] as JsonObject)['storedVersions'], ['v1', 'v2']);
  assert.equal(judge(both), '');
  const only = written({versions: [v2]});
  strategy.normalize?.(only);
  strategy.prepareUpdate?.(only, both);
  assert.match(
    judge(only),
    /^status\.storedVersions\[0\]: Invalid value: "v1": missing from spec\.versions; v1 was previously a storage version/,
  );
  only['status'] = {...(only['status'] as JsonObject), storedVersions: ['v1']};
  assert.match(judge(only), /must have the storage version v2/);
});

test('accepted names are names', () => {
  const crd = served();
  crd['status'] = {acceptedNames: {plural: 'A', kind: 'B'}};
  assert.match(
    summary(strategy.validateStatus?.(crd, crd, 'status') ?? []),
    /^status\.acceptedNames\.plural: Invalid value: "A": a DNS-1035 label/,
  );
});

test('names and scope of a definition in use stay', () => {
  const update = (old: JsonObject, spec: JsonObject): string => {
    const errors = strategy.validateUpdate?.(created(spec), old) ?? [];
    return errors.length ? summary(errors) : '';
  };
  assert.equal(update(created(), {scope: 'Cluster'}), '');
  assert.equal(update(served(), {scope: 'Cluster'}), 'spec.scope: Invalid value: "Cluster": field is immutable');
  assert.equal(update(served(), {names: {...names, kind: 'Gadget'}}), 'spec.names.kind: Invalid value: "Gadget": field is immutable');
  assert.equal(update(created(), {group: 'b.com'}), 'spec.group: Invalid value: "b.com": field is immutable');
});

test('a served version becomes a kind', () => {
  const crd = served({
    versions: [
      {
        ...v1,
        subresources: {status: {}, scale: {specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas'}},
        selectableFields: [{jsonPath: '.spec.color'}],
      },
      {...v1, name: 'v2', served: false, storage: false},
    ],
  });
  const [kind, ...rest] = kindsOfCrd(crd);
  assert.ok(kind);
  assert.equal(rest.length, 0);
  assert.deepEqual(kind.names, {
    kind: 'Widget',
    listKind: 'WidgetList',
    plural: 'widgets',
    singular: 'widget',
    shortNames: [],
    categories: [],
  });
  assert.deepEqual([kind.group, kind.version, kind.namespaced, kind.custom], ['example.com', 'v1', true, true]);
  assert.deepEqual(kind.verbs, ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']);
  assert.deepEqual(kind.subresources, {
    status: true,
    scale: {specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas'},
  });
  assert.deepEqual(
    kind.columns.map(c => [c.name, c.type]),
    [['Age', 'date']],
  );
  assert.deepEqual(kind.selectable, ['spec.color']);
  const select = kind.strategy.fields?.['spec.color'];
  assert.deepEqual(
    [{spec: {color: 'red'}}, {spec: {color: true}}, {}].map(o => select?.(o as JsonObject)),
    ['red', 'true', ''],
  );
  assert.equal(storageVersionOf(crd), 'v1');
  assert.ok(isEstablished(crd) && !isTerminating(crd));
});

test('nothing is served before names are accepted, and little while the definition goes', () => {
  assert.deepEqual(kindsOfCrd(created()), []);
  const going = served();
  going['metadata'] = {...(going['metadata'] as JsonObject), deletionTimestamp: 't'};
  assert.deepEqual(kindsOfCrd(going)[0]?.verbs, ['delete', 'deletecollection', 'get', 'list', 'watch']);
});

test('printer columns', () => {
  const column = (type: string): JsonObject => ({name: 'X', type, jsonPath: '.spec.x', priority: 1});
  const types = ['string', 'integer', 'number', 'boolean', 'date'];
  const [kind] = kindsOfCrd(served({versions: [{...v1, additionalPrinterColumns: types.map(column)}]}));
  const now = Date.parse('2026-01-01T00:01:00Z');
  const cells = (x?: Json): Json[] => (kind?.columns ?? []).map(c => c.cell(asObject(x === undefined ? {} : {spec: {x}}), now));
  assert.deepEqual(cells(), [null, null, null, null, null]);
  assert.deepEqual(cells(1.5), ['1.5', 1, 1.5, null, '<invalid>']);
  assert.deepEqual(cells({a: 1}), ['{"a":1}', null, null, null, '<invalid>']);
  assert.deepEqual(cells('2026-01-01T00:00:00Z'), ['2026-01-01T00:00:00Z', null, null, null, '60s']);
  assert.deepEqual(cells(true), ['true', null, null, true, '<invalid>']);
  assert.equal(kind?.columns[0]?.description, 'Custom resource definition column (in JSONPath format): .spec.x');
  assert.equal(kind?.columns[0]?.priority, 1);
});

test('columns that cannot be understood are not shown', () => {
  const columns = [{name: 'X', type: 'string', jsonPath: '.spec['}];
  const crd = served({versions: [{...v1, additionalPrinterColumns: columns}]});
  assert.equal(judge(crd), '');
  assert.deepEqual(
    kindsOfCrd(crd)[0]?.columns.map(c => c.name),
    ['Age'],
  );
});

test('a deprecated version points to the best one that is not', () => {
  const old = (version: JsonObject): JsonObject => ({...v1, storage: false, ...version});
  const warnings = (versions: JsonObject[]): (string | undefined)[] => kindsOfCrd(served({versions})).map(k => k.deprecation);
  assert.deepEqual(warnings([v1, old({name: 'v1beta1'}), old({name: 'v1alpha1', deprecated: true})]), [
    undefined,
    undefined,
    'example.com/v1alpha1 Widget is deprecated; use example.com/v1 Widget',
  ]);
  assert.deepEqual(warnings([{...v1, deprecated: true}]), ['example.com/v1 Widget is deprecated']);
  assert.deepEqual(warnings([{...v1, deprecated: true, deprecationWarning: 'go away'}]), ['go away']);
});

test('names are accepted when nobody has them', () => {
  const {acceptedNames, conditions} = acceptNames(created({names: {...names, shortNames: ['w'], categories: ['all']}}), []);
  assert.deepEqual(acceptedNames, {
    plural: 'widgets',
    singular: 'widget',
    kind: 'Widget',
    listKind: 'WidgetList',
    shortNames: ['w'],
    categories: ['all'],
  });
  assert.deepEqual(conditions, [
    {type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found'},
    {type: 'Established', status: 'False', reason: 'Installing', message: 'the initial names have been accepted'},
  ]);
  assert.deepEqual(
    acceptNames(served(), []).conditions.map(c => c.type),
    ['NamesAccepted'],
  );
});

test('a name in use is not accepted, the others are', () => {
  const other = served({names: {plural: 'gizmos', kind: 'Gizmo', shortNames: ['w', 'gz']}});
  const decision = acceptNames(created({names: {...names, shortNames: ['w', 'gz']}}), [other]);
  assert.deepEqual(decision.acceptedNames['shortNames'], undefined);
  assert.equal(decision.acceptedNames['plural'], 'widgets');
  assert.deepEqual(decision.conditions, [
    {type: 'NamesAccepted', status: 'False', reason: 'ShortNamesConflict', message: '["w" is already in use, "gz" is already in use]'},
    {type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted'},
  ]);
  const kindClash = acceptNames(created({names: {...names, kind: 'GizmoList'}}), [other]);
  assert.deepEqual(kindClash.conditions[0], {
    type: 'NamesAccepted',
    status: 'False',
    reason: 'KindConflict',
    message: '"GizmoList" is already in use',
  });
});
