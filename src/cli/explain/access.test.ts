import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import type {Json, JsonObject} from '../../api/json.ts';
import {FakeWorld} from '../fake-world.suite.ts';
import type {World} from '../world.ts';
import {explain} from './explain.ts';

const group = (name: string, version: string, ...resources: readonly JsonObject[]): JsonObject => ({
  metadata: {name},
  versions: [{version, resources: [...resources]}],
});
const type = (resource: string, kind: string, more: JsonObject = {}): JsonObject => ({
  resource,
  singularResource: kind.toLowerCase(),
  responseKind: {kind},
  scope: 'Namespaced',
  ...more,
});
const core = group('', 'v1', type('configmaps', 'ConfigMap', {shortNames: ['cm']}), type('namespaces', 'Namespace', {scope: 'Cluster'}));
const demo = group('demo.dev', 'v1', type('widgets', 'Widget', {shortNames: ['wd']}));
const other = group('other.dev', 'v1beta1', type('widgets', 'Widget'));

type Said = {readonly status: number; readonly body: Json};
const ok = (body: Json): Said => ({status: 201, body});
const forbidden = (message: string): Said => ({status: 403, body: {kind: 'Status', reason: 'Forbidden', message, code: 403}});
const review = (status: JsonObject, explanation?: JsonObject): Said =>
  ok({
    metadata: explanation ? {annotations: {'authorization.kcp-ts.dev/explanation': JSON.stringify(explanation)}} : {},
    status,
  });

/** A server that answers reviews so; `asked` are the specs it was sent. */
function serverThat(t: TestContext, says: Said, more: {readonly closed?: boolean} = {}) {
  const fake = new FakeWorld(t, {}, 'root:shop');
  const asked: {readonly target: string; readonly spec: JsonObject}[] = [];
  const answer = (target: string, body: string | undefined): Said => {
    if (more.closed && target.includes('/api')) {
      if (!target.includes('selfsubjectaccessreviews')) return forbidden('forbidden: User "ann" cannot get path "/api"');
    }
    if (target.endsWith('/api')) return {status: 200, body: {items: [core]}};
    if (target.endsWith('/apis')) return {status: 200, body: {items: [demo, other]}};
    if (target.includes('/selfsubjectreviews')) return ok({metadata: {}, status: {userInfo: {username: 'ann'}}});
    asked.push({target, spec: (JSON.parse(body ?? '{}') as {spec: JsonObject}).spec});
    return says;
  };
  const world: World = {
    ...fake.world(),
    fetchFor: () => async call => {
      const {status, body} = answer(call.target, call.body);
      return {status, headers: {}, body: JSON.stringify(body)};
    },
  };
  const run = async (...words: readonly string[]) => {
    fake.out = '';
    fake.err = '';
    const code = await explain(words, world);
    return {code, out: fake.out, err: fake.err};
  };
  return {run, asked};
}

const passed = ['01-requiredgroups', '02-content', '03-systemcrd', '04-maxpermissionpolicy'].map(authorizer => ({
  authorizer,
  outcome: 'Passes',
}));
const refused = review(
  {allowed: false, reason: 'access denied: no role allows it'},
  {
    steps: [
      ...passed,
      {authorizer: '05-bootstrap', outcome: 'NoOpinion'},
      {authorizer: '05-local', outcome: 'NoOpinion', reason: 'no role allows it'},
    ],
    nearestMisses: [{lacks: 'verb', text: 'RoleBinding "views/n" of ClusterRole "view" to User "bob" allows verbs ["get"]'}],
    complete: true,
  },
);

test('a refusal is told step by step, with what came near and what would help', async t => {
  const {run, asked} = serverThat(t, refused);
  const {code, out, err} = await run('access', 'create', 'cm', '-n', 'n', '--as', 'bob', '--as-group', 'a', '--as-group', 'b,c');
  assert.equal(
    out,
    `no: bob may not create configmaps in namespace n of root:shop

  required groups          passed
  access to the workspace  passed
  fields of the server     passed
  limits of the export     passed
  roles of all workspaces  does not allow it
  roles of this workspace  does not allow it  no role allows it

What came near:
  RoleBinding "views/n" of ClusterRole "view" to User "bob" allows verbs ["get"]

This would allow it, in root:shop:
  kubectl create role bob-create-configmaps --verb=create --resource=configmaps -n n
  kubectl create rolebinding bob-create-configmaps --role=bob-create-configmaps --user=bob -n n
`,
  );
  assert.deepEqual([code, err], [1, '']);
  assert.deepEqual(asked, [
    {
      target: '/clusters/root:shop/apis/authorization.k8s.io/v1/subjectaccessreviews?explain=true',
      spec: {
        resourceAttributes: {verb: 'create', namespace: 'n', resource: 'configmaps'},
        user: 'bob',
        groups: ['a', 'b,c', 'system:authenticated'],
      },
    },
  ]);
});

test('what allows it is told with its rule', async t => {
  const decidedBy = {
    binding: {kind: 'RoleBinding', name: 'views', namespace: 'n'},
    role: {kind: 'ClusterRole', name: 'view'},
    subject: {kind: 'ServiceAccount', namespace: 'n', name: 'robot'},
    rule: {
      verbs: ['get', 'list'],
      apiGroups: ['', 'demo.dev'],
      resources: [...Array.from({length: 12}, (_, i) => `r${i}`), 'widgets'],
      resourceNames: ['a'],
    },
  };
  const steps = [
    {authorizer: '05-local', outcome: 'Allows'},
    {authorizer: 'Webhook', outcome: 'NotAsked'},
  ];
  const {run} = serverThat(t, review({allowed: true, reason: 'access granted'}, {steps, decidedBy, complete: false}));
  const {code, out} = await run('access', 'get', 'widgets/a', '-w', ':root:else');
  assert.equal(
    out,
    `yes: you may get widgets.demo.dev "a" in namespace default of root:else

  roles of this workspace  allows it
  webhook                  not asked

Decided by:
  RoleBinding views in namespace n
  gives ServiceAccount n/robot the ClusterRole view
  by its rule: get, list of widgets and 12 more in core, demo.dev, if named a

There may be more to tell to those who may list the roles and bindings of the workspace.
`,
  );
  assert.equal(code, 0);
});

test('for programs', async t => {
  const {run} = serverThat(t, refused);
  const {code, out} = await run('access', 'get', '/metrics', '-o', 'json');
  const {steps, nearestMisses, ...rest} = JSON.parse(out);
  assert.deepEqual([code, steps.length, nearestMisses.length], [1, 6, 1]);
  assert.deepEqual(rest, {
    allowed: false,
    denied: false,
    reason: 'access denied: no role allows it',
    complete: true,
    workspace: 'root:shop',
    user: 'ann',
    question: {nonResourceAttributes: {verb: 'get', path: '/metrics'}},
    suggestion: [
      'kubectl create clusterrole ann-get-metrics --verb=get --non-resource-url=/metrics',
      'kubectl create clusterrolebinding ann-get-metrics --clusterrole=ann-get-metrics --user=ann',
    ],
  });
});

test('a server that does not explain itself is believed in what it says', async t => {
  const {run} = serverThat(t, review({allowed: false, reason: 'access denied', evaluationError: 'somebody slept'}));
  const {code, out} = await run('access', 'list', 'configmaps', '-A');
  assert.match(
    out,
    /^no: you may not list configmaps in any namespace of root:shop\n\naccess denied\n\nNot everybody could be asked: somebody slept\n/,
  );
  assert.match(out, /\n {2}kubectl create clusterrole ann-list-configmaps --verb=list --resource=configmaps\n/);
  assert.equal(code, 1);
});

test('a closed door', async t => {
  const door = 'selfsubjectaccessreviews.authorization.k8s.io is forbidden: User "ann" cannot create resource';
  const {run, asked} = serverThat(t, forbidden(door), {closed: true});
  const {code, out} = await run('access', 'list', 'gadgets.demo.dev');
  assert.equal(
    out,
    `no: you may not list gadgets.demo.dev in namespace default of root:shop

  access to the workspace  does not allow it  no access to the workspace

This would let you into root:shop; ask again then:
  kubectl create clusterrolebinding ann-access --clusterrole=system:kcp:workspace:access --user=ann

There may be more to tell to those who may list the roles and bindings of the workspace.
`,
  );
  assert.equal(code, 1);
  assert.deepEqual(asked[0]?.spec, {resourceAttributes: {verb: 'list', namespace: 'default', group: 'demo.dev', resource: 'gadgets'}});
  const others = await run('access', 'list', 'gadgets', '--as', 'bob');
  assert.deepEqual([others.code, others.out], [2, '']);
  assert.match(others.err, /^Error: you may not ask about others in root:shop: forbidden: /);
});

test('denials that no role can change', async t => {
  const at = async (authorizer: string, reason: string, denied: boolean): Promise<string> => {
    const steps = [{authorizer, outcome: denied ? 'Denies' : 'NoOpinion', reason}];
    const {run} = serverThat(t, review({allowed: false, denied, reason}, {steps, complete: true}));
    return (await run('access', 'get', 'cm')).out.split('\n\n').slice(2).join('\n\n');
  };
  assert.equal(
    await at('01-requiredgroups', 'not a member', true),
    'Only members of those groups may enter, whatever the roles say: authorization.kcp.io/required-groups of the LogicalCluster.\n',
  );
  for (const [authorizer, denied] of [
    ['03-systemcrd', true],
    ['04-maxpermissionpolicy', false],
    ['Webhook', true],
  ] as const)
    assert.equal(await at(authorizer, 'no', denied), 'No role of the workspace can allow it.\n');
});

const named: readonly [string, JsonObject][] = [
  ['configmap', {resource: 'configmaps'}],
  ['ConfigMap', {resource: 'configmaps'}],
  ['wd', {group: 'demo.dev', resource: 'widgets'}],
  ['widgets', {group: 'demo.dev', resource: 'widgets'}],
  ['widgets.other.dev', {group: 'other.dev', resource: 'widgets'}],
  ['widgets.v1beta1.other.dev/x', {group: 'other.dev', resource: 'widgets', name: 'x'}],
  ['*', {group: '*', resource: '*'}],
];
for (const [typed, expected] of named)
  test(`${typed} is understood`, async t => {
    const {run, asked} = serverThat(t, refused);
    await run('access', 'get', typed);
    assert.deepEqual(asked[0]?.spec['resourceAttributes'], {verb: 'get', namespace: 'default', ...expected});
  });

const mistakes: readonly [readonly string[], string][] = [
  [['get', 'confgmaps'], 'the workspace doesn\'t have a resource type "confgmaps"; did you mean configmaps?'],
  [['get', 'widget.demo.div'], 'the workspace doesn\'t have a resource type "widget.demo.div"; there is one in demo.dev, other.dev'],
  [['get', 'quite-something-else'], 'the workspace doesn\'t have a resource type "quite-something-else"'],
  [['get'], 'accepts 2 arg(s), received 1'],
  [['get', 'cm', '-o', 'yaml'], 'there is no output format "yaml": it must be json'],
  [['get', 'cm', '--as-group', 'g'], '--as-group needs --as: groups belong to somebody'],
  [['get', 'cm', '--nonsense'], 'unknown flag: --nonsense'],
];
for (const [words, message] of mistakes)
  test(`${words.join(' ')} cannot be meant`, async t => {
    const {run, asked} = serverThat(t, refused);
    assert.deepEqual(await run('access', ...words), {code: 2, out: '', err: `Error: ${message}\n`});
    assert.equal(asked.length, 0);
  });

test('verbs are not judged, but looked at', async t => {
  const {run} = serverThat(t, refused);
  assert.equal((await run('access', 'craete', 'cm')).err, 'Warning: "craete" is no verb that the server knows; did you mean create?\n');
  for (const verb of ['bind', '*', 'transmogrify']) assert.equal((await run('access', verb, 'cm')).err, '');
});

test('cluster-scoped resources have no namespace, and there is help', async t => {
  const {run, asked} = serverThat(t, refused);
  await run('access', 'get', 'namespaces', '-n', 'n', '--subresource', 'status');
  assert.deepEqual(asked[0]?.spec['resourceAttributes'], {verb: 'get', resource: 'namespaces', subresource: 'status'});
  const help = await run('access', '--help');
  assert.match(help.out, /^Tells whether somebody may .*\n\nUsage:\n {2}kcp explain access <verb>/);
  assert.match((await run()).out, /Commands:\n {2}access /);
  assert.deepEqual(await run('nonsense'), {code: 2, out: '', err: 'Error: there is only one thing to explain: access\n'});
});
