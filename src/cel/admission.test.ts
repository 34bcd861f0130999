import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {AdmissionScope} from './admission.ts';
import {jsonPatchesType, judgeExpression, patchObjectType} from './admission.ts';
import {functionsOf} from './functions.ts';
import type {AccessQuestion} from './library/authorizer.ts';
import {AccessCheck, authorizer, authorizerType} from './library/authorizer.ts';
import {callBudget, compile} from './program.ts';
import {bool, int, nullType, string} from './types.ts';

const condition: AdmissionScope = {params: false, authorizer: true};
const undeclared = (source: string, name: string, at = 1): string =>
  `compilation failed: ERROR: <input>:1:${at}: undeclared reference to '${name}' (in container '')\n | ${source}\n | ${'.'.repeat(at - 1)}^`;

test('conditions of admission see the request and who may what', () => {
  const good = [
    'object.spec.x == 1 && oldObject == null',
    'has(object.metadata.labels)',
    'request.operation == "CREATE" && request.name.startsWith("x") && request.namespace != ""',
    'request.kind.group + request.requestKind.kind + request.requestResource.resource + request.requestSubResource == ""',
    'request.userInfo.extra["a"].exists(x, x == "y") && "g" in request.userInfo.groups && request.dryRun',
    'namespaceObject.metadata.name == "x"',
    'authorizer.group("").resource("pods").check("get").allowed()',
    'authorizer.path("/x").check("get").reason() == ""',
    'authorizer.requestResource.check("x").errored()',
    'authorizer.serviceAccount("a", "b").group("c").resource("d").subresource("e").namespace("f").name("g").fieldSelector("x=y").labelSelector("z").check("get").error() == ""',
  ];
  for (const source of good) assert.equal(judgeExpression(source, condition, bool).trouble, undefined, source);
  const bad: {readonly [source: string]: string} = {
    'object.x': 'must evaluate to bool but got dyn',
    '1': 'must evaluate to bool but got int',
    'request.kind.group': 'must evaluate to bool but got string',
    foo: undeclared('foo', 'foo'),
    'params.x': undeclared('params.x', 'params'),
    'variables.x': undeclared('variables.x', 'variables'),
    'authorizer.foo()': undeclared('authorizer.foo()', 'foo', 15),
    'request.object': "compilation failed: ERROR: <input>:1:8: undefined field 'object'\n | request.object\n | .......^",
    'true &&\n foo': "compilation failed: ERROR: <input>:2:2: undeclared reference to 'foo' (in container '')\n |  foo\n | .^",
  };
  for (const [source, trouble] of Object.entries(bad)) assert.equal(judgeExpression(source, condition, bool).trouble, trouble, source);
});

test('what a scope adds and takes away', () => {
  assert.equal(judgeExpression('params.x > 1', {...condition, params: true}, bool).trouble, undefined);
  assert.equal(judgeExpression('authorizer', {...condition, authorizer: false}).trouble, undeclared('authorizer', 'authorizer'));
  const variables = new Map([['a', {key: 'a', type: int}]]);
  assert.deepEqual(judgeExpression('variables.a', {...condition, variables}), {type: int, trouble: undefined});
  assert.match(judgeExpression('variables.b', {...condition, variables}).trouble ?? '', /undefined field 'b'/);
  assert.equal(judgeExpression('1', condition, string, nullType).trouble, 'must evaluate to one of [string null_type] but got int');
  assert.equal(judgeExpression('null', condition, string, nullType).trouble, undefined);
});

test('expressions that make changes', () => {
  const scope: AdmissionScope = {params: false, authorizer: true, variables: new Map(), patches: true};
  const apply = (source: string): string | undefined => judgeExpression(source, scope, patchObjectType).trouble;
  const patch = (source: string): string | undefined => judgeExpression(source, scope, jsonPatchesType).trouble;
  assert.equal(apply('Object{spec: Object.spec{a: 1, list: [Object.spec.list{b: "c"}]}}'), undefined);
  assert.equal(apply('1'), 'must evaluate to Object but got int');
  assert.equal(patch('[JSONPatch{op: "add", path: "/" + jsonpatch.escapeKey("a/b"), value: Object{x: 1}}]'), undefined);
  assert.equal(patch('[]'), 'must evaluate to list(JSONPatch) but got list(dyn)');
  assert.equal(
    patch('[JSONPatch{op: 1}]'),
    "compilation failed: ERROR: <input>:1:14: expected type of field 'op' is 'string' but provided type is 'int'\n | [JSONPatch{op: 1}]\n | .............^",
  );
  assert.match(patch('[JSONPatch{foo: "x"}]') ?? '', /expected type of field 'foo' is '' but provided type is 'string'/);
  assert.match(judgeExpression('JSONPatch{}', condition).trouble ?? '', /undeclared reference to 'JSONPatch'/);
});

test('an authorizer gathers the question', () => {
  const asked: AccessQuestion[] = [];
  const check = new AccessCheck(question => {
    asked.push(question);
    return {allowed: question.verb === 'get', reason: 'because'};
  });
  const environment = {variables: new Map([['authorizer', authorizerType]]), functions: functionsOf(authorizer)};
  const run = (source: string): unknown => {
    const program = compile(source, environment);
    assert.ok(program.ok);
    const outcome = program.evaluate({authorizer: check}, callBudget);
    return outcome.ok ? outcome.value : outcome.error;
  };
  assert.equal(run('authorizer.serviceAccount("n", "a").group("g").resource("r").name("x").check("get").allowed()'), true);
  assert.equal(run('authorizer.path("/p").check("post").allowed()'), false);
  assert.equal(run('authorizer.path("/p").check("post").reason()'), 'because');
  assert.deepEqual(asked.slice(0, 2), [
    {serviceAccount: {namespace: 'n', name: 'a'}, group: 'g', resource: 'r', name: 'x', verb: 'get'},
    {path: '/p', verb: 'post'},
  ]);
});
