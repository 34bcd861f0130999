/** Rules in CEL of CustomResourceDefinitions, and ratcheting: spec kubernetes-api 6.6, 6.7 and their cases of 13.6. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer} from '../support/api-client.ts';
import {definition, newPlace, paths, refused, succeeded, widgetSchema, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {definitions} = paths;
const root = 'spec.validation.openAPIV3Schema';
const inSpec = `${root}.properties[spec]`;
const applyYaml = {'content-type': 'application/apply-patch+yaml'};

const object = (properties: object, ...rules: object[]): object => ({type: 'object', properties, 'x-kubernetes-validations': rules});
const int = {type: 'integer'};
const text = {type: 'string'};
const versionsOf = (spec: object) => [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(spec)}})];

let defined = 0;

/** Defines a kind of its own whose spec has this schema. */
async function define(spec: object) {
  const kind = `Case${++defined}`;
  const plural = kind.toLowerCase();
  const path = `/apis/example.com/v1/namespaces/t/${plural}`;
  const at = `${definitions}/${plural}.example.com`;
  succeeded(await api.post(definitions, definition(plural, kind, {versions: versionsOf(spec)})), 201);
  const body = (name: string, of: object): object => ({apiVersion: 'example.com/v1', kind, metadata: {name}, spec: of});
  return {
    create: (name: string, of: object) => api.post(path, body(name, of)),
    patch: (name: string, patch: object) => api.patch(`${path}/${name}`, patch),
    patchStatus: (name: string, patch: object) => api.patch(`${path}/${name}/status`, patch),
    apply: (name: string, of: object) => api.patch(`${path}/${name}?fieldManager=me&force=true`, JSON.stringify(body(name, of)), applyYaml),
    redefine: (changed: object) => api.patch(at, {spec: {versions: versionsOf(changed)}}),
  };
}

/** Tries to define a kind whose spec has this schema. */
const attempt = (spec: object): Promise<Answer> => api.post(definitions, definition('bads', 'Bad', {versions: versionsOf(spec)}));

test('144 what an update leaves alone is forgiven, when the schema became stricter', async () => {
  const wide = {type: 'object', properties: {size: int, note: text, list: {type: 'array', items: text}}};
  const kind = await define(wide);
  succeeded(await kind.create('a', {size: 20, list: ['long']}), 201);
  const strict = {
    type: 'object',
    properties: {
      size: {...int, maximum: 10},
      note: text,
      list: {type: 'array', items: {...text, 'x-kubernetes-validations': [{rule: 'self.size() < 3', message: 'too long'}]}},
    },
  };
  succeeded(await kind.redefine(strict));
  succeeded(await kind.patch('a', {metadata: {labels: {a: 'b'}}}));
  const noted = succeeded(await kind.patch('a', {spec: {note: 'x'}}));
  assert.deepEqual([noted.headers['warning']].flat(), ['299 - "spec.list[0]: Invalid value: \\"long\\": too long"']);
  succeeded(await kind.patchStatus('a', {status: {ready: true}}));
  refused(await kind.patch('a', {spec: {size: 30}}), 422, 'should be less than or equal to 10', ['spec.size']);
  refused(await kind.patch('a', {spec: {list: ['long', 'a']}}), 422, 'too long', ['spec.list[0]']);
  refused(await kind.create('b', {size: 20}), 422, 'should be less than or equal to 10');
  succeeded(await kind.patch('a', {spec: {size: 5}}));
  refused(await kind.patch('a', {spec: {size: 20}}), 422, 'should be less than or equal to 10');
});

test('145 a rule that is broken: its message, the message that it makes, its reason and place', async () => {
  const kind = await define(
    object(
      {replicas: int, max: int, name: text},
      {rule: 'self.replicas <= self.max', messageExpression: '"at most " + string(self.max) + " replicas"'},
      {rule: '!has(self.name) || self.name != "root"', message: 'root is reserved', reason: 'FieldValueForbidden', fieldPath: '.name'},
    ),
  );
  succeeded(await kind.create('a', {replicas: 1, max: 2, name: 'x'}), 201);
  refused(await kind.create('b', {replicas: 3, max: 2}), 422, 'spec: Invalid value: at most 2 replicas', ['spec']);
  const forbidden = refused(await kind.create('b', {replicas: 1, max: 2, name: 'root'}), 422, 'spec.name: Forbidden: root is reserved');
  assert.equal(forbidden.at('details', 'causes', 0, 'reason'), 'FieldValueForbidden');
  refused(await kind.patch('a', {spec: {replicas: 5}}), 422, 'at most 2 replicas');
  refused(await kind.apply('a', {replicas: 7, max: 2}), 422, 'at most 2 replicas');
  succeeded(await kind.apply('c', {replicas: 2, max: 2}), 201);
});

test('145 rules wait until the rest of the object is in order', async () => {
  const kind = await define(object({replicas: int}, {rule: 'self.replicas > 5'}));
  const answer = refused(await kind.create('a', {replicas: 'x'}), 422, 'must be of type integer', ['spec.replicas', '<nil>']);
  assert.ok(answer.problem.includes('<nil>: Invalid value: null: some validation rules were not checked because the object was invalid'));
});

test('146 rules on changes, and on what is new', async () => {
  const fixed = {...text, 'x-kubernetes-validations': [{rule: 'self == oldSelf', message: 'name is immutable'}]};
  const begun = {
    ...int,
    'x-kubernetes-validations': [{rule: 'oldSelf.hasValue() || self == 0', optionalOldSelf: true, message: 'begins at 0'}],
  };
  const kind = await define({type: 'object', properties: {name: fixed, step: begun}});
  succeeded(await kind.create('a', {name: 'x', step: 0}), 201);
  succeeded(await kind.patch('a', {spec: {step: 4}}));
  succeeded(await kind.patch('a', {metadata: {labels: {a: 'b'}}}));
  refused(await kind.patch('a', {spec: {name: 'y'}}), 422, 'spec.name: Invalid value: "y": name is immutable', ['spec.name']);
  refused(await kind.create('b', {step: 1}), 422, 'begins at 0', ['spec.step']);
});

test('147 a rule whose estimated cost is too high is not taken', async () => {
  const squared = {rule: 'self.all(a, self.all(b, a != b))'};
  const list = {type: 'array', items: text, 'x-kubernetes-validations': [squared]};
  const answer = refused(
    await attempt({type: 'object', properties: {list}}),
    422,
    'estimated rule cost exceeds budget by factor of more than 100x',
  );
  const where = `${inSpec}.properties[list].x-kubernetes-validations[0].rule`;
  assert.deepEqual(answer.fields, [where, where, root]);
  succeeded(
    await api.post(
      `${definitions}?dryRun=All`,
      definition('fines', 'Fine', {
        versions: versionsOf({type: 'object', properties: {list: {...list, maxItems: 10, items: {...text, maxLength: 20}}}}),
      }),
    ),
    201,
  );
});

const refusals: readonly [title: string, spec: object, problem: string, field: string][] = [
  ['no rule', object({}, {message: 'x'}), 'rule is not specified', 'rule'],
  ['two lines without a message', object({}, {rule: 'true &&\ntrue'}), 'message must be specified if rule contains line breaks', 'message'],
  ['a message of two lines', object({}, {rule: 'true', message: 'a\nb'}), 'must not contain line breaks', 'message'],
  ['a blank message', object({}, {rule: 'true', message: ' '}), 'must be non-empty if specified', 'message'],
  [
    'an unknown reason',
    object({}, {rule: 'true', reason: 'X'}),
    'supported values: "FieldValueDuplicate", "FieldValueForbidden"',
    'reason',
  ],
  ['a path to nowhere', object({a: int}, {rule: 'true', fieldPath: '.b'}), 'must be a valid path', 'fieldPath'],
  ['a path into a list', object({a: {type: 'array', items: int}}, {rule: 'true', fieldPath: '.a[0]'}), 'must be a valid path', 'fieldPath'],
  [
    'a field that is not there',
    object({a: int}, {rule: 'self.b > 1'}),
    `compilation failed: ERROR: <input>:1:5: undefined field 'b'`,
    'rule',
  ],
  ['a syntax error', object({a: int}, {rule: 'self.a >'}), 'compilation failed: ERROR: <input>:1:', 'rule'],
  ['no boolean', object({a: int}, {rule: 'self.a'}), 'cel expression must evaluate to a bool', 'rule'],
  [
    'no string',
    object({a: int}, {rule: 'true', messageExpression: 'self.a'}),
    'messageExpression must evaluate to a string',
    'messageExpression',
  ],
  [
    'optionalOldSelf for nothing',
    object({}, {rule: 'true', optionalOldSelf: true}),
    'may not be set if oldSelf is not used in rule',
    'optionalOldSelf',
  ],
  ['a rule that is a number', object({}, {rule: 5}), 'must be of type string', 'rule'],
];
for (const [title, spec, problem, field] of refusals) {
  test(`definitions are refused for their rules: ${title}`, async () => {
    refused(await attempt(spec), 422, problem, [`${inSpec}.x-kubernetes-validations[0].${field}`]);
  });
}

test('definitions are refused for their rules: old values of items that cannot be told apart', async () => {
  const item = {...text, maxLength: 5, 'x-kubernetes-validations': [{rule: 'self == oldSelf'}]};
  const list = {type: 'array', maxItems: 5, items: item};
  const where = `${inSpec}.properties[list]`;
  refused(await attempt({type: 'object', properties: {list}}), 422, `uncorrelatable portion of the schema within ${where}`);
});

test('definitions are refused for their rules: defaults that break them', async () => {
  const size = {...int, default: 3, 'x-kubernetes-validations': [{rule: 'self > 5', message: 'too small'}]};
  refused(await attempt({type: 'object', properties: {size}}), 422, 'Invalid value: 3: too small', [`${inSpec}.properties[size].default`]);
});

test('many rules on an ordinary object take no time worth mentioning', async () => {
  const names = Array.from({length: 20}, (_, i) => `f${i}`);
  const rules = names.map(name => ({rule: `self.${name}.size() > 0 && self.${name}.startsWith("v") && self.list.size() < 100`}));
  const item = {type: 'object', properties: {name: {...text, maxLength: 50}}};
  const list = {type: 'array', maxItems: 100, items: item};
  const kind = await define(object({...Object.fromEntries(names.map(name => [name, {...text, maxLength: 100}])), list}, ...rules));
  const spec = {
    ...Object.fromEntries(names.map(name => [name, `v${'x'.repeat(90)}`])),
    list: Array.from({length: 90}, (_, i) => ({name: `item number ${i} with a long name`})),
  };
  for (let i = 0; i < 20; i++) succeeded(await kind.create(`warm-${i}`, spec), 201);
  const started = performance.now();
  for (let i = 0; i < 50; i++) succeeded(await kind.create(`many-${i}`, spec), 201);
  assert.ok(performance.now() - started < 2_000);
});

test('js-redos a pattern that makes others backtrack is nothing to us', async () => {
  const kind = await define(object({a: {...text, maxLength: 10_000}}, {rule: 'self.a.matches("^(a|aa)+$")', message: 'no match'}));
  const started = performance.now();
  refused(await kind.create('a', {a: `${'a'.repeat(9_000)}b`}), 422, 'no match');
  assert.ok(performance.now() - started < 2_000);
});

test('js-cel what rules may cost when they run has a limit', async () => {
  const list = {type: 'array', maxItems: 1_100, items: int, 'x-kubernetes-validations': [{rule: 'self.all(a, self.all(b, a + b >= 0))'}]};
  const kind = await define({type: 'object', properties: {list}});
  refused(await kind.create('a', {list: Array.from({length: 1_100}, (_, i) => i)}), 422, 'actual cost limit exceeded', ['spec.list']);
});

test('rules at every level of a deep schema take bounded time', async () => {
  let spec: object = {...int, 'x-kubernetes-validations': [{rule: 'self < 10'}]};
  for (let i = 0; i < 100; i++)
    spec = object({a: spec, b: text, c: text}, {rule: '!has(self.b) || self.b != "x"', message: 'b'}, {rule: 'has(self.a)', message: 'a'});
  const started = performance.now();
  const kind = await define(spec);
  let value: object = {a: 11};
  for (let i = 0; i < 99; i++) value = {a: value};
  refused(await kind.create('deep', value), 422, 'failed rule: self < 10');
  assert.ok(performance.now() - started < 3_000);
});

test('properties named like those of JavaScript', async () => {
  const spec =
    '{"type":"object","properties":{"__proto__":{"type":"integer"},"constructor":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"!has(self.__underscores__proto__underscores__) || self.__underscores__proto__underscores__ < 5","message":"large"}]}';
  const body = JSON.stringify(definition('odds', 'Odd', {versions: versionsOf({type: 'SPEC'})})).replace('{"type":"SPEC"}', spec);
  succeeded(await api.post(definitions, body), 201);
  const create = (name: string, of: string): Promise<Answer> =>
    api.post(
      '/apis/example.com/v1/namespaces/t/odds',
      `{"apiVersion":"example.com/v1","kind":"Odd","metadata":{"name":"${name}"},"spec":${of}}`,
    );
  succeeded(await create('a', '{}'), 201);
  succeeded(await create('b', '{"__proto__":4}'), 201);
  refused(await create('c', '{"__proto__":6}'), 422, 'spec: Invalid value: large');
});

test('a definition that has bad rules can be changed elsewhere', async () => {
  const kind = await define(object({a: int}, {rule: 'self.a > 1'}));
  refused(await kind.redefine(object({a: int}, {rule: 'self.b > 1'})), 422, 'undefined field');
  succeeded(await kind.redefine(object({a: int, b: int}, {rule: 'self.b > 1'})));
});
