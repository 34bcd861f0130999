/** Admission policies: spec kubernetes-api 9.5 and 9.6, cases 201 to 204 of 13.9. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget, widgetVersion} from '../support/place.ts';
import {startPlane, users} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {configMaps, widgets} = paths;
const group = '/apis/admissionregistration.k8s.io/v1';
const apiVersion = 'admissionregistration.k8s.io/v1';

type Sort = 'Validating' | 'Mutating';
const rule = {operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps']};

/** A policy about configmaps, and what binds it. */
async function policy(api: Api, name: string, spec: object, binding: object = {}, sort: Sort = 'Validating'): Promise<void> {
  const plural = `${group}/${sort.toLowerCase()}admissionpolic`;
  const whole = {matchConstraints: {resourceRules: [rule]}, ...(sort === 'Mutating' && {reinvocationPolicy: 'Never'}), ...spec};
  const policyName = `${name}.example.com`;
  succeeded(await api.post(`${plural}ies`, {apiVersion, kind: `${sort}AdmissionPolicy`, metadata: {name: policyName}, spec: whole}), 201);
  const bound = {policyName, ...(sort === 'Validating' && {validationActions: ['Deny']}), ...binding};
  const body = {apiVersion, kind: `${sort}AdmissionPolicyBinding`, metadata: {name: `${name}-binding`}, spec: bound};
  succeeded(await api.post(`${plural}ybindings`, body), 201);
}

const mutating = (api: Api, name: string, mutations: object[], more: object = {}, binding: object = {}) =>
  policy(api, name, {mutations, ...more}, binding, 'Mutating');
const apply = (expression: string) => ({patchType: 'ApplyConfiguration', applyConfiguration: {expression}});
const patch = (expression: string) => ({patchType: 'JSONPatch', jsonPatch: {expression}});

const denial = (policyName: string, name: string, message: string): string =>
  `configmaps "${name}" is forbidden: ValidatingAdmissionPolicy '${policyName}.example.com' with binding '${policyName}-binding' denied request: ${message}`;
const messageOf = (answer: Answer) => answer.at('message');

test('201 a validation that does not hold is a refusal, by the name of policy and binding', async () => {
  const api = await newPlace(plane);
  await policy(api, 'small', {validations: [{expression: 'int(object.data.replicas) < 5'}]});
  succeeded(await api.post(configMaps, configMap('few', {replicas: '4'})), 201);
  const no = refused(await api.post(configMaps, configMap('many', {replicas: '5'})), 422, 'Invalid');
  const message = denial('small', 'many', 'failed expression: int(object.data.replicas) < 5');
  assert.equal(messageOf(no), message);
  const cause = message.slice(message.indexOf('ValidatingAdmissionPolicy'));
  assert.deepEqual(no.at('details'), {name: 'many', kind: 'configmaps', causes: [{message: cause}]});
  refused(await api.patch(`${configMaps}/few`, {data: {replicas: '9'}}), 422, 'Invalid');
  succeeded(await api.del(`${configMaps}/few`), 200);
  const unnamed = {...configMap('', {replicas: '7'}), metadata: {generateName: 'gen-'}};
  assert.match(String(messageOf(refused(await api.post(configMaps, unnamed), 422, 'Invalid'))), /^configmaps "gen-\w{5}" is forbidden/);
});

test('201 reasons, messages, and messages made by expressions', async () => {
  const api = await newPlace(plane);
  const given = (key: string, more: object) => ({expression: `!has(object.data.${key})`, ...more});
  await policy(api, 'said', {
    validations: [
      given('forbidden', {reason: 'Forbidden', message: ' no '}),
      given('large', {reason: 'RequestEntityTooLarge', messageExpression: '"got " + object.data.large', message: 'never'}),
      given('fails', {messageExpression: 'string(object.data.nothing)', message: 'instead'}),
      given('lines', {messageExpression: '"a\\nb"'}),
    ],
  });
  const texts: [string, number, string, string][] = [
    ['forbidden', 403, 'Forbidden', 'no'],
    ['large', 413, 'RequestEntityTooLarge', 'got x'],
    ['fails', 422, 'Invalid', 'instead'],
    ['lines', 422, 'Invalid', 'failed expression: !has(object.data.lines)'],
  ];
  for (const [key, code, reason, text] of texts) {
    const answer = refused(await api.post(configMaps, configMap('a', {[key]: 'x'})), code, reason);
    assert.equal(messageOf(answer), denial('said', 'a', text));
  }
});

test('201 a binding may warn instead of refusing', async () => {
  const api = await newPlace(plane);
  await policy(api, 'mild', {validations: [{expression: 'false', message: 'not so nice'}]}, {validationActions: ['Warn', 'Audit']});
  const made = succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.deepEqual([made.headers['warning']].flat(), [
    `299 - "Validation failed for ValidatingAdmissionPolicy 'mild.example.com' with binding 'mild-binding': not so nice"`,
  ]);
});

test('201 policies hold in their own workspace alone, when bound, and no longer than they are there', async () => {
  const [api, other] = [await newPlace(plane), await newPlace(plane)];
  await policy(api, 'all', {validations: [{expression: 'false'}]});
  refused(await api.post(configMaps, configMap('a')), 422, 'Invalid');
  succeeded(await other.post(configMaps, configMap('a')), 201);
  succeeded(await api.del(`${group}/validatingadmissionpolicybindings/all-binding`), 200);
  succeeded(await api.post(configMaps, configMap('a')), 201);
});

test('201 what refuses everything does not refuse its own removal', async () => {
  const api = await newPlace(plane);
  const everything = {operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*']};
  await policy(api, 'locked', {matchConstraints: {resourceRules: [everything]}, validations: [{expression: 'false'}]});
  refused(await api.post('/api/v1/namespaces', {metadata: {name: 'x'}}), 422, 'Invalid');
  succeeded(await api.del(`${group}/validatingadmissionpolicies/locked.example.com`), 200);
  succeeded(await api.post('/api/v1/namespaces', {metadata: {name: 'x'}}), 201);
});

test('202 params by name: of the namespace that the binding tells, or of the request', async () => {
  const api = await newPlace(plane);
  const validations = [{expression: 'params == null || object.data.color in params.data'}];
  const paramKind = {apiVersion: 'v1', kind: 'ConfigMap'};
  await policy(
    api,
    'colors',
    {paramKind, validations, matchConditions: [{name: 'others', expression: 'object.metadata.name != "colors"'}]},
    {paramRef: {name: 'colors', parameterNotFoundAction: 'Deny'}},
  );
  const missing = 'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction';
  assert.equal(
    messageOf(refused(await api.post(configMaps, configMap('a', {color: 'red'})), 422, 'Invalid')),
    denial('colors', 'a', missing),
  );
  refused(await api.post(configMaps, configMap('colors', {red: ''})), 422, 'Invalid');
  succeeded(
    await api.patch(`${group}/validatingadmissionpolicybindings/colors-binding`, {spec: {paramRef: {parameterNotFoundAction: 'Allow'}}}),
    200,
  );
  succeeded(await api.post(configMaps, configMap('colors', {red: ''})), 201);
  succeeded(await api.post(configMaps, configMap('a', {color: 'red'})), 201);
  refused(await api.post(configMaps, configMap('b', {color: 'blue'})), 422, 'Invalid');
  succeeded(await api.patch(`${configMaps}/colors`, {data: {blue: ''}}), 200);
  succeeded(await api.post(configMaps, configMap('b', {color: 'blue'})), 201);
});

test('202 params by selector: each of them must agree', async () => {
  const api = await newPlace(plane);
  for (const [name, most] of [
    ['one', 5],
    ['two', 3],
  ] as const)
    succeeded(await api.post(widgets, widget(name, {replicas: most}, {labels: {limit: 'yes'}})), 201);
  const paramRef = {selector: {matchLabels: {limit: 'yes'}}, parameterNotFoundAction: 'Deny'};
  const validations = [
    {expression: 'int(object.data.n) <= params.spec.replicas', messageExpression: '"more than " + params.metadata.name'},
  ];
  await policy(api, 'limits', {paramKind: {apiVersion: 'example.com/v1', kind: 'Widget'}, validations}, {paramRef});
  succeeded(await api.post(configMaps, configMap('a', {n: '3'})), 201);
  const no = refused(await api.post(configMaps, configMap('b', {n: '4'})), 422, 'Invalid');
  assert.equal(messageOf(no), denial('limits', 'b', 'more than two'));
  succeeded(await api.del(`${widgets}/two`), 200);
  succeeded(await api.post(configMaps, configMap('b', {n: '4'})), 201);
});

test('202 params that there cannot be', async () => {
  const api = await newPlace(plane);
  await policy(
    api,
    'unknown',
    {paramKind: {apiVersion: 'no.such/v1', kind: 'Thing'}, validations: [{expression: 'true'}]},
    {
      paramRef: {name: 'a', parameterNotFoundAction: 'Allow'},
    },
  );
  const why = "failed to configure policy: failed to find resource referenced by paramKind: 'no.such/v1, Kind=Thing'";
  const text = `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'unknown.example.com' denied request: ${why}`;
  assert.equal(messageOf(refused(await api.post(configMaps, configMap('a')), 422, 'Invalid')), text);
  const other = await newPlace(plane);
  const inNamespace = {name: 'a', namespace: 'x', parameterNotFoundAction: 'Allow'};
  await policy(
    other,
    'scoped',
    {paramKind: {apiVersion: 'v1', kind: 'Namespace'}, validations: [{expression: 'true'}]},
    {paramRef: inNamespace},
  );
  const scoped = 'failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`';
  assert.equal(messageOf(refused(await other.post(configMaps, configMap('a')), 422, 'Invalid')), denial('scoped', 'a', scoped));
});

test('202 nobody has params read by a policy that they may not read themselves', async () => {
  const api = await newPlace(plane);
  const rules = [
    {apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['*']},
    {apiGroups: [''], resources: ['configmaps'], verbs: ['get']},
  ];
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  succeeded(
    await api.post(`${rbac}/clusterroles`, {metadata: {name: 'p'}, rules: [...rules, {nonResourceURLs: ['/'], verbs: ['access']}]}),
    201,
  );
  const roleRef = {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'p'};
  const subjects = [{apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'user-1'}];
  succeeded(await api.post(`${rbac}/clusterrolebindings`, {metadata: {name: 'p'}, roleRef, subjects}), 201);
  const user = api.as(users.user1);
  const made = (kind: string, name: string, paramKind: string) => ({
    apiVersion,
    kind,
    metadata: {name},
    spec: {
      paramKind: {apiVersion: 'v1', kind: paramKind},
      matchConstraints: {resourceRules: [rule]},
      validations: [{expression: 'true'}],
    },
  });
  const policies = `${group}/validatingadmissionpolicies`;
  succeeded(await user.post(policies, made('ValidatingAdmissionPolicy', 'open', 'ConfigMap')), 201);
  const no = refused(await user.post(policies, made('ValidatingAdmissionPolicy', 'secret', 'Secret')), 422, 'Invalid');
  assert.match(
    String(messageOf(no)),
    /must have "get" permission on all objects of the referenced paramKind \(kind=Secret, apiVersion=v1\)/,
  );
  succeeded(await api.post(policies, made('ValidatingAdmissionPolicy', 'secret', 'Secret')), 201);
  const bind = (policyName: string) => ({
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: {name: policyName},
    spec: {policyName, validationActions: ['Deny'], paramRef: {name: 'x', namespace: 't', parameterNotFoundAction: 'Allow'}},
  });
  const bindings = `${group}/validatingadmissionpolicybindings`;
  succeeded(await user.post(bindings, bind('open')), 201);
  const refusal = refused(await user.post(bindings, bind('secret')), 422, 'Invalid');
  assert.match(String(messageOf(refusal)), /does not have "get" permission on the object referenced by paramRef/);
  succeeded(await api.post(bindings, bind('secret')), 201);
});

test('203 an expression that fails: the policy says what then', async () => {
  const api = await newPlace(plane);
  await policy(api, 'strict', {validations: [{expression: 'object.data.none == "x"'}]});
  const error = 'expression \'object.data.none == "x"\' resulted in error: no such key: none';
  assert.equal(messageOf(refused(await api.post(configMaps, configMap('a', {k: 'v'})), 422, 'Invalid')), denial('strict', 'a', error));
  const other = await newPlace(plane);
  await policy(other, 'lax', {failurePolicy: 'Ignore', validations: [{expression: 'object.data.none == "x"'}]});
  succeeded(await other.post(configMaps, configMap('a', {k: 'v'})), 201);
  const body = {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: {name: 'bad'},
    spec: {matchConstraints: {resourceRules: [rule]}, validations: [{expression: 'nothing.x'}]},
  };
  refused(await other.post(`${group}/validatingadmissionpolicies`, body), 422, 'Invalid');
});

test('203 expressions spend no more than they may', async () => {
  const api = await newPlace(plane);
  const costly = 'object.data.all(a, object.data.all(b, object.data.all(c, a + b + c != "")))';
  await policy(api, 'costly', {validations: [{expression: costly}]});
  const data = Object.fromEntries(Array.from({length: 200}, (_, i) => [`k${i}`, 'v']));
  const no = refused(await api.post(configMaps, configMap('a', data)), 422, 'Invalid');
  assert.match(String(messageOf(no)), /cost limit exceeded|out of cost budget/);
});

test('204 conditions, variables, the namespace, and what the user may', async () => {
  const api = await newPlace(plane);
  succeeded(await api.patch('/api/v1/namespaces/t', {metadata: {labels: {team: 'a'}}}), 200);
  await policy(api, 'whole', {
    matchConditions: [{name: 'only', expression: 'request.name.startsWith("seen")'}],
    variables: [
      {name: 'team', expression: 'namespaceObject.metadata.labels["team"]'},
      {name: 'wanted', expression: '[variables.team, object.data.owner]'},
      {name: 'broken', expression: 'object.data.nothing'},
      {name: 'none', expression: 'null'},
    ],
    validations: [
      {expression: 'variables.wanted[0] == variables.wanted[1]', messageExpression: '"for " + variables.team + " only"'},
      {expression: 'variables.none == null && oldObject == null && request.operation == "CREATE"'},
      {
        expression: 'authorizer.group("").resource("secrets").namespace("t").check("create").allowed() || !has(object.data.secret)',
        message: 'not yours',
      },
      {expression: '!has(object.data.nothing) || variables.broken == ""', message: 'broken'},
    ],
  });
  succeeded(await api.post(configMaps, configMap('seen', {owner: 'a'})), 201);
  succeeded(await api.post(configMaps, configMap('unseen', {owner: 'b'})), 201);
  const no = refused(await api.post(configMaps, configMap('seen-2', {owner: 'b'})), 422, 'Invalid');
  assert.equal(messageOf(no), denial('whole', 'seen-2', 'for a only'));
  succeeded(await api.post(configMaps, configMap('seen-3', {owner: 'a', secret: 'x'})), 201);
  const role = {metadata: {name: 'maps', namespace: 't'}, rules: [{apiGroups: [''], resources: ['configmaps'], verbs: ['create']}]};
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  succeeded(await api.post(`${rbac}/namespaces/t/roles`, role), 201);
  succeeded(await api.post(`${rbac}/clusterroles`, {metadata: {name: 'enter'}, rules: [{nonResourceURLs: ['/'], verbs: ['access']}]}), 201);
  const subjects = [{apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'user-1'}];
  const refTo = (kind: string, name: string) => ({apiGroup: 'rbac.authorization.k8s.io', kind, name});
  succeeded(await api.post(`${rbac}/namespaces/t/rolebindings`, {metadata: {name: 'm'}, roleRef: refTo('Role', 'maps'), subjects}), 201);
  succeeded(await api.post(`${rbac}/clusterrolebindings`, {metadata: {name: 'e'}, roleRef: refTo('ClusterRole', 'enter'), subjects}), 201);
  const user = api.as(users.user1);
  succeeded(await user.post(configMaps, configMap('seen-4', {owner: 'a'})), 201);
  const theirs = refused(await user.post(configMaps, configMap('seen-5', {owner: 'a', secret: 'x'})), 422, 'Invalid');
  assert.equal(messageOf(theirs), denial('whole', 'seen-5', 'not yours'));
});

test('204 rules: names, exclusions, selectors, other versions, and what bindings narrow', async () => {
  const api = await newPlace(plane);
  const matchConstraints = {
    resourceRules: [rule],
    excludeResourceRules: [{...rule, resourceNames: ['free']}],
    objectSelector: {matchLabels: {checked: 'yes'}},
  };
  const matchResources = {resourceRules: [{...rule, operations: ['UPDATE']}]};
  await policy(api, 'narrow', {matchConstraints, validations: [{expression: 'false'}]}, {matchResources});
  const labelled = (name: string, labels: object = {checked: 'yes'}) => ({...configMap(name), metadata: {name, labels}});
  succeeded(await api.post(configMaps, labelled('free')), 201);
  succeeded(await api.post(configMaps, labelled('held')), 201);
  succeeded(await api.post(configMaps, labelled('other', {})), 201);
  succeeded(await api.patch(`${configMaps}/free`, {data: {a: 'b'}}), 200);
  succeeded(await api.patch(`${configMaps}/other`, {data: {a: 'b'}}), 200);
  refused(await api.patch(`${configMaps}/held`, {data: {a: 'b'}}), 422, 'Invalid');

  const versions = [widgetVersion('v1'), widgetVersion('v2', {storage: false})];
  succeeded(await api.patch(`${paths.definitions}/widgets.example.com`, {spec: {versions}}), 200);
  const ofWidgets = {operations: ['*'], apiGroups: ['example.com'], apiVersions: ['v2'], resources: ['widgets']};
  const byVersion = 'object.apiVersion == "example.com/v2" && request.requestKind.version == "v1" && object.spec.replicas < 3';
  await policy(api, 'versions', {matchConstraints: {resourceRules: [ofWidgets]}, validations: [{expression: byVersion}]});
  succeeded(await api.post(widgets, widget('a', {replicas: 2})), 201);
  refused(await api.post(widgets, widget('b', {replicas: 3})), 422, 'Invalid');
});

test('a configuration is merged into the object, a patch applied, and nobody owns what they add', async () => {
  const api = await newPlace(plane);
  await mutating(api, 'marks', [
    patch('object.data.k == "bad" ? [JSONPatch{op: "replace", path: "/data/k", value: "good"}] : []'),
    apply('Object{metadata: Object.metadata{labels: {"seen": object.data.k}, ?annotations: optional.none()}}'),
    patch('[JSONPatch{op: "test", path: "/data/k", value: "never"}, JSONPatch{op: "remove", path: "/data"}]'),
    patch(
      '[JSONPatch{op: "add", path: "/metadata/annotations", value: {"x/y": "a"}}, JSONPatch{op: "copy", from: "/metadata/annotations/" + jsonpatch.escapeKey("x/y"), path: "/data/copied"}]',
    ),
    patch('[JSONPatch{op: "add", path: "/data/" + jsonpatch.escapeKey("a.b"), value: string(size(object.metadata.labels))}]'),
  ]);
  const made = succeeded(await api.post(configMaps, configMap('a', {k: 'bad'})), 201);
  assert.deepEqual([made.at('data'), made.at('metadata', 'labels')], [{k: 'good', copied: 'a', 'a.b': '1'}, {seen: 'good'}]);
  assert.deepEqual((await api.get(`${configMaps}/a`)).at('data'), {k: 'good', copied: 'a', 'a.b': '1'});
  const patched = succeeded(await api.patch(`${configMaps}/a`, {data: {k: 'bad'}, metadata: {labels: {mine: 'x'}}}), 200);
  assert.deepEqual(patched.at('metadata', 'labels'), {seen: 'good', mine: 'x'});
  assert.deepEqual(patched.at('data', 'k'), 'good');
});

test('a custom resource: lists by keys are merged, and atomic ones may not be touched', async () => {
  const api = await newPlace(plane);
  const items = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: {type: 'object', required: ['name'], properties: {name: {type: 'string'}, value: {type: 'string'}}},
  };
  const spec = {
    type: 'object',
    properties: {size: {type: 'integer'}, name: {type: 'string'}, env: items, plain: {type: 'array', items: {type: 'string'}}},
  };
  const schema = {openAPIV3Schema: {type: 'object', properties: {spec}}};
  succeeded(await api.patch(`${paths.definitions}/widgets.example.com`, {spec: {versions: [widgetVersion('v1', {schema})]}}), 200);
  const matchConstraints = {
    resourceRules: [{operations: ['CREATE'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['widgets']}],
  };
  await mutating(
    api,
    'env',
    [apply('Object{spec: Object.spec{size: 7, env: [Object.spec.env{name: "a", value: "ours"}, Object.spec.env{name: "b"}]}}')],
    {
      matchConstraints,
      matchConditions: [{name: 'plain', expression: 'object.metadata.name == "merged"'}],
    },
  );
  const sent = widget('merged', {
    env: [
      {name: 'a', value: 'theirs'},
      {name: 'z', value: 'z'},
    ],
  });
  const made = succeeded(await api.post(widgets, sent), 201);
  assert.deepEqual(made.at('spec'), {name: 'n', size: 7, env: [{name: 'a', value: 'ours'}, {name: 'z', value: 'z'}, {name: 'b'}]});

  const wrong: [string, string][] = [
    [
      'Object{spec: Object.spec{plain: ["x"]}}',
      'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.plain',
    ],
    [
      'Object{spec: Object.spec{nothing: 1}}',
      'error applying patch: failed to convert patch object to typed object: .spec.nothing: field not declared in schema',
    ],
    [
      'Object{spec: Object.other{size: 1}}',
      'type mismatch: unexpected type name "Object.other", expected "Object.spec", which matches field name path from root Object type',
    ],
    [
      'Object{spec: Object.spec{size: object.spec.none}}',
      "expression 'Object{spec: Object.spec{size: object.spec.none}}' resulted in error: no such key: none",
    ],
  ];
  for (const [i, [expression, why]] of wrong.entries()) {
    const name = `wrong${i}`;
    await mutating(api, name, [apply(expression)], {
      matchConstraints,
      matchConditions: [{name: 'c', expression: `object.metadata.name == "${name}"`}],
    });
    const no = await api.post(widgets, widget(name, {size: 1}));
    const text = `policy '${name}.example.com' with binding '${name}-binding' denied request: ${why}`;
    assert.deepEqual([no.status, no.at('reason'), no.at('message')], [403, 'Invalid', text], no.text);
    assert.deepEqual(no.at('details', 'causes'), [{message: text}]);
  }
  await mutating(api, 'lax', [apply('Object{spec: Object.spec{nothing: 1}}')], {matchConstraints, failurePolicy: 'Ignore'});
  succeeded(await api.post(widgets, widget('lax', {size: 1})), 201);
});

test('a policy is asked again when another changes the object after it, once', async () => {
  const api = await newPlace(plane);
  const count = 'Object{metadata: Object.metadata{annotations: {"n": string(int(object.metadata.?annotations["n"].orValue("0")) + 1)}}}';
  await mutating(api, 'a-counts', [apply(count)], {reinvocationPolicy: 'IfNeeded'});
  await mutating(api, 'b-never', [apply(count.replaceAll('"n"', '"m"'))]);
  const made = succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.deepEqual([made.at('metadata', 'annotations', 'n'), made.at('metadata', 'annotations', 'm')], ['2', '1']);
});

test('mutations with params; what they make is validated and judged like anything sent', async () => {
  const api = await newPlace(plane);
  const paramKind = {apiVersion: 'v1', kind: 'ConfigMap'};
  const others = [{name: 'others', expression: 'object.metadata.name != "labels"'}];
  succeeded(await api.post(configMaps, configMap('labels', {team: 'blue'})), 201);
  const expression = 'Object{metadata: Object.metadata{labels: {"team": params.data.team}}}';
  const paramRef = {name: 'labels', parameterNotFoundAction: 'Deny'};
  await mutating(api, 'teams', [apply(expression)], {paramKind, matchConditions: others}, {paramRef});
  assert.deepEqual(succeeded(await api.post(configMaps, configMap('a')), 201).at('metadata', 'labels'), {team: 'blue'});
  await policy(api, 'green', {
    validations: [{expression: 'object.metadata.?labels["team"].orValue("") != "green"'}],
    matchConditions: others,
  });
  succeeded(await api.patch(`${configMaps}/labels`, {data: {team: 'green'}}), 200);
  refused(await api.post(configMaps, configMap('b')), 422, 'Invalid');
  succeeded(await api.patch(`${configMaps}/labels`, {data: {team: 'not a label'}}), 200);
  refused(await api.post(configMaps, configMap('b')), 422, 'Invalid');
});

test("nobody changes what is the server's, or the name of what has one", async () => {
  const api = await newPlace(plane);
  const noMark = 'object.metadata.?annotations["kcp.io/cluster"].hasValue() ? [] : ';
  await mutating(api, 'own', [
    apply('Object{metadata: Object.metadata{labels: {"a": "b"}}}'),
    patch(
      `${noMark}[JSONPatch{op: "add", path: "/metadata/uid", value: "x"}, JSONPatch{op: "add", path: "/metadata/annotations", value: {}}]`,
    ),
  ]);
  const made = succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.match(String(made.at('metadata', 'uid')), /^[0-9a-f-]{36}$/);
  assert.deepEqual(Object.keys(made.at('metadata', 'annotations') as object), ['kcp.io/cluster']);
  await mutating(api, 'rename', [patch('[JSONPatch{op: "replace", path: "/metadata/name", value: object.metadata.name + "-x"}]')]);
  assert.equal(succeeded(await api.post(configMaps, configMap('b')), 201).at('metadata', 'name'), 'b-x');
  refused(await api.get(`${configMaps}/b`), 404, 'NotFound');
  const no = await api.patch(`${configMaps}/b-x`, {data: {a: 'b'}});
  assert.deepEqual([no.status, no.at('reason')], [403, 'Invalid']);
  const unknown = await newPlace(plane);
  await mutating(unknown, 'unknown', [patch('[JSONPatch{op: "add", path: "/foo", value: 1}]')]);
  refused(
    await unknown.post(configMaps, configMap('a')),
    500,
    'InternalError: Internal error occurred: strict decoding error: unknown field "foo"',
  );
});

test('a write to a scale is judged and changed as a Scale, by those who mean scales', async () => {
  const api = await newPlace(plane);
  const scale = {specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas'};
  const versions = [widgetVersion('v1', {subresources: {status: {}, scale}})];
  succeeded(await api.patch(`${paths.definitions}/widgets.example.com`, {spec: {versions}}), 200);
  const about = (...resources: string[]) => ({
    matchConstraints: {resourceRules: [{operations: ['UPDATE'], apiGroups: ['example.com'], apiVersions: ['v1'], resources}]},
  });
  const few = 'object.kind == "Scale" && request.kind.group == "autoscaling" && object.spec.replicas < 10 && oldObject.spec.replicas > 0';
  await policy(api, 'few', {...about('*/scale'), validations: [{expression: few, message: 'too many'}]});
  await mutating(
    api,
    'even',
    [apply('Object{spec: Object.spec{replicas: object.spec.replicas + object.spec.replicas % 2}}')],
    about('widgets/scale'),
  );
  await policy(api, 'never', {...about('widgets'), validations: [{expression: 'false', message: 'not the object'}]});
  succeeded(await api.post(widgets, widget('a', {replicas: 1})), 201);
  const set = (replicas: number) => api.patch(`${widgets}/a/scale`, {spec: {replicas}});
  assert.equal(succeeded(await set(3), 200).at('spec', 'replicas'), 4);
  assert.equal((await api.get(`${widgets}/a`)).at('spec', 'replicas'), 4);
  assert.match(String(messageOf(refused(await set(9), 422, 'Invalid'))), /^widgets.example.com "a" is forbidden: .*too many$/);
  refused(await api.patch(`${widgets}/a`, {spec: {replicas: 5}}), 422, 'not the object');
});

test('the status of a policy tells what is doubtful about its types', async () => {
  const api = await newPlace(plane);
  const ofWidgets = {operations: ['*'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['widgets', 'widgets/status']};
  const validations = [
    {expression: 'variables.replicas > 1 && object.metadata.labels["a"] == "b"'},
    {expression: 'object.spec.replicas == "x"', messageExpression: '"a" + object.spec.nothing'},
  ];
  const spec = {variables: [{name: 'replicas', expression: 'object.spec.replicas'}], validations};
  await policy(api, 'sound', {matchConstraints: {resourceRules: [ofWidgets, rule]}, ...spec, validations: [validations[0]]});
  await policy(api, 'doubtful', {matchConstraints: {resourceRules: [ofWidgets]}, ...spec});
  const statusOf = (name: string) =>
    plane.eventually(async () => {
      const found = await api.get(`${group}/validatingadmissionpolicies/${name}.example.com`);
      assert.equal(found.at('status', 'observedGeneration'), found.at('metadata', 'generation'));
      return found.at('status', 'typeChecking');
    });
  const at = 'ERROR: <input>:1:';
  assert.deepEqual(await statusOf('doubtful'), {
    expressionWarnings: [
      {
        fieldRef: 'spec.validations[1].expression',
        warning: `example.com/v1, Kind=Widget: ${at}22: found no matching overload for '_==_' applied to '(int, string)'\n | object.spec.replicas == "x"\n | .....................^\n`,
      },
      {
        fieldRef: 'spec.validations[1].messageExpression',
        warning: `example.com/v1, Kind=Widget: ${at}18: undefined field 'nothing'\n | "a" + object.spec.nothing\n | .................^\n`,
      },
    ],
  });
  // Of ConfigMaps there is no spec, which the variable hides.
  assert.deepEqual(await statusOf('sound'), {});
  const changed = {spec: {validations: [{expression: 'object.nothing == 1'}]}};
  succeeded(await api.patch(`${group}/validatingadmissionpolicies/sound.example.com`, changed), 200);
  const warnings = (await statusOf('sound')) as {expressionWarnings: {warning: string}[]};
  assert.equal(warnings.expressionWarnings.length, 1);
  assert.match(warnings.expressionWarnings[0]?.warning ?? '', /^\/v1, Kind=ConfigMap: ERROR.*\n\nexample.com\/v1, Kind=Widget: ERROR/s);
});

test('nothing went wrong inside', () => assert.deepEqual(plane.errors, []));
