import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Asked} from '../attributes.ts';
import {nearestMisses} from './misses.ts';
import type {Binding, PolicyRule, Role, Subject} from './objects.ts';
import {readBinding, readRole} from './objects.ts';
import {compilePolicy, judge} from './policy.ts';
import {coversPath, ruleSet} from './rule-set.ts';

const rule = (verbs: string, apiGroups: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: apiGroups.split(','),
  resources: resources.split(','),
  ...(names !== undefined && {resourceNames: names.split(',')}),
});
/** `get apps/deployments/scale:web`. */
function asked(text: string, namespace?: string): Asked {
  const [, verb = '', group = '', plural = '', subresource, name] = /^(\S+) ([^/]*)\/([^/:]+)(?:\/([^:]+))?(?::(.+))?$/.exec(text) ?? [];
  return {verb, resource: {group, plural, subresource, namespace, name}};
}

// Verbs, groups, resources and names of a rule; what it allows; what it does not (spec kubernetes-api 10.5).
const matches: readonly [PolicyRule, readonly string[], readonly string[]][] = [
  [rule('get', '', 'pods'), ['get /pods', 'get /pods:a'], ['list /pods', 'get apps/pods', 'get /pods/log', 'get /pod']],
  [rule('*', '*', '*'), ['get /pods', 'x y/z/w:v', '* */*'], []],
  [rule('get', '', '*'), ['get /pods/log', 'get /*'], ['get apps/pods', '* /*']],
  [rule('get', '', '*/scale'), ['get /a/scale', 'get /b/scale:c'], ['get /a', 'get /a/scal', 'get /scale']],
  [rule('get', '', 'widgets'), ['get /widgets'], ['get /widgets/status']],
  [rule('get', '', 'widgets/status'), ['get /widgets/status'], ['get /widgets', 'get /gadgets/status']],
  [rule('get,list', '', 'pods', 'a,b'), ['get /pods:a', 'list /pods:b'], ['get /pods:c', 'list /pods', 'create /pods']],
  [rule('get', '', ''), [], ['get /pods']],
  [{verbs: ['get'], nonResourceURLs: ['*']}, [], ['get /pods', '* */*']],
];

test('rules match', () => {
  for (const [one, yes, no] of matches) {
    const set = ruleSet([one]);
    for (const text of yes) assert.ok(set.allows(asked(text)), `${JSON.stringify(one)} allows ${text}`);
    for (const text of no) assert.ok(!set.allows(asked(text)), `${JSON.stringify(one)} does not allow ${text}`);
  }
});

test('211 patterns of paths', () => {
  const yes = ['/metrics /metrics', '/metrics/* /metrics/', '/metrics/* /metrics/a/b', '/foo* /foobar', '/foo* /foo', '* /', '/** /a'];
  const no = ['/metrics /metrics/', '/metrics/* /metrics', '/*/x /a/x', '/ /a'];
  for (const text of yes) assert.ok(coversPath(...(text.split(' ') as [string, string])), text);
  for (const text of no) assert.ok(!coversPath(...(text.split(' ') as [string, string])), text);
});

const role = (name: string, rules: PolicyRule[], namespace?: string): Role => ({name, rules, ...(namespace && {namespace})});
const binding = (name: string, to: string, of: string, namespace?: string): Binding => {
  const [kind, subject, from] = to.split(' ') as [string, string, string?];
  const [refKind, refName] = of.split(' ') as [string, string];
  const subjects: Subject[] = [{kind, name: subject, ...(from && {namespace: from})}];
  return {name, subjects, roleRef: {kind: refKind, name: refName}, ...(namespace && {namespace})};
};
const reader = role('reader', [rule('get', '', 'pods')]);

test('208 a binding of a namespace counts in it alone', () => {
  const policy = compilePolicy(
    [reader, role('reader', [rule('list', '', 'pods')], 'n1')],
    [
      binding('b', 'User alice', 'ClusterRole reader', 'n1'),
      binding('c', 'User alice', 'Role reader', 'n1'),
      binding('d', 'User alice', 'Role reader', 'n2'),
    ],
  );
  const of = (text: string, namespace?: string) => {
    const {allowed, reason} = judge(policy, [{name: 'alice', groups: []}], asked(text, namespace));
    return {allowed, reason};
  };
  assert.deepEqual(of('get /pods', 'n1'), {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "b/n1" of ClusterRole "reader" to User "alice"',
  });
  assert.deepEqual(of('list /pods', 'n1'), {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "c/n1" of Role "reader" to User "alice"',
  });
  assert.deepEqual(of('get /pods'), {allowed: false, reason: ''});
  assert.deepEqual(of('get /pods', 'n2'), {allowed: false, reason: 'RBAC: role.rbac.authorization.k8s.io "reader" not found'});
});

test('service accounts are subjects by name and namespace', () => {
  const policy = compilePolicy(
    [reader],
    [
      binding('everywhere', 'ServiceAccount robot', 'ClusterRole reader'),
      binding('own', 'ServiceAccount robot', 'ClusterRole reader', 'n1'),
      binding('other', 'ServiceAccount robot n3', 'ClusterRole reader', 'n2'),
    ],
  );
  const of = (user: string, namespace: string) => judge(policy, [{name: user, groups: []}], asked('get /pods', namespace)).reason;
  assert.match(of('system:serviceaccount:n1:robot', 'n1'), /to ServiceAccount "robot\/n1"$/);
  assert.match(of('system:serviceaccount:n3:robot', 'n2'), /to ServiceAccount "robot\/n3"$/);
  const others: readonly [string, string][] = [
    ['system:serviceaccount:n1:robot', 'n2'],
    ['system:serviceaccount::robot', 'n1'],
    ['robot', 'n1'],
  ];
  for (const [user, namespace] of others) assert.equal(of(user, namespace), '', user);
});

test('missing roles are told, and hide nothing', () => {
  const bindings = [
    binding('a', 'Group g', 'ClusterRole gone'),
    binding('b', 'Group g', 'ClusterRole lost'),
    binding('c', 'Group g', 'ClusterRole gone'),
  ];
  const alice = [{name: 'alice', groups: ['g']}];
  assert.equal(
    judge(compilePolicy([], bindings), alice, asked('get /pods')).reason,
    'RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, clusterrole.rbac.authorization.k8s.io "lost" not found]',
  );
  const policy = compilePolicy([reader], [...bindings, binding('d', 'Group g', 'ClusterRole reader')]);
  assert.ok(judge(policy, alice, asked('get /pods')).allowed);
  // Elsewhere there may be more roles; what is here comes first.
  const more = compilePolicy([role('gone', [rule('*', '*', '*')]), role('reader', [])], []);
  assert.ok(judge(compilePolicy([], bindings, more), alice, asked('create /pods')).allowed);
  assert.ok(judge(compilePolicy([reader], [binding('d', 'Group g', 'ClusterRole reader')], more), alice, asked('get /pods')).allowed);
});

test('refusals know what was nearest', () => {
  const policy = compilePolicy(
    [reader, role('named', [rule('get', '', 'secrets', 'a,b')]), role('all', [rule('*', '*', '*')])],
    [
      binding('read', 'User alice', 'ClusterRole reader'),
      binding('named', 'User alice', 'ClusterRole named'),
      binding('there', 'User alice', 'ClusterRole all', 'n1'),
      binding('root', 'Group admins', 'ClusterRole all'),
    ],
  );
  const misses = (text: string, namespace?: string) => nearestMisses([policy], [{name: 'alice', groups: []}], asked(text, namespace));
  const told = misses('create /pods', 'n2').map(({lacks, text}) => ({lacks, text}));
  assert.deepEqual(told, [
    {lacks: 'verb', text: 'ClusterRoleBinding "read" of ClusterRole "reader" to User "alice" allows verbs ["get"]'},
    {lacks: 'namespace', text: 'RoleBinding "there/n1" of ClusterRole "all" to User "alice" allows it in the namespace "n1"'},
    {lacks: 'subject', text: 'ClusterRoleBinding "root" of ClusterRole "all" to Group "admins" allows it to others'},
  ]);
  assert.deepEqual(
    misses('get /secrets:c').map(({lacks}) => lacks),
    ['name', 'namespace', 'subject'],
  );
  assert.equal(misses('get /pods/log')[0]?.lacks, 'subresource');
});

test('what is not as it should be counts for nothing', () => {
  const object = (more: object) => ({apiVersion: 'v1', kind: 'X', metadata: {name: 'x'}, ...more}) as never;
  assert.deepEqual(readRole(object({rules: [null, {verbs: ['get', 1], resources: 'pods'}]})), {name: 'x', rules: [{verbs: ['get']}]});
  assert.deepEqual(readRole(object({rules: 'all'})).rules, []);
  assert.deepEqual(readBinding(object({subjects: [7, {kind: 'User'}], roleRef: []})), {
    name: 'x',
    subjects: [{kind: 'User', name: ''}],
    roleRef: {kind: '', name: ''},
  });
});

test('a decision costs microseconds with a thousand bindings', () => {
  const roles = Array.from({length: 1_000}, (_, i) => role(`r${i}`, [rule('get,list', '', `things${i}`)]));
  const bindings = roles.map(({name}, i) => binding(`b${i}`, `User user${i}`, `ClusterRole ${name}`));
  const policy = compilePolicy(roles, bindings);
  const alice = [{name: 'user777', groups: ['a', 'b', 'system:authenticated']}];
  const times: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    const begun = process.hrtime.bigint();
    assert.ok(judge(policy, alice, asked('get /things777', 'n1')).allowed);
    times.push(Number(process.hrtime.bigint() - begun));
  }
  const median = times.sort((a, b) => a - b)[1_000] as number;
  // On a quiet machine it is about one microsecond; this is to notice a search through all of them.
  assert.ok(median < 50_000, `${median} ns`);
});

test('a subject with a thousand roles is decided about as quickly', () => {
  const roles = Array.from({length: 1_000}, (_, i) =>
    role(`r${i}`, [rule('get', '', `things${i}`), {verbs: ['get'], nonResourceURLs: [`/p${i}`]}]),
  );
  const bindings = [
    ...roles.map(({name}) => binding(name, 'Group all', `ClusterRole ${name}`)),
    binding('gone', 'Group all', 'ClusterRole gone'),
  ];
  const policy = compilePolicy(roles, bindings);
  const users = [{name: 'x', groups: ['all']}];
  assert.equal(
    judge(policy, users, asked('get /things999')).reason,
    'RBAC: allowed by ClusterRoleBinding "r999" of ClusterRole "r999" to Group "all"',
  );
  assert.ok(judge(policy, users, {verb: 'get', path: '/p500'}).allowed);
  assert.match(judge(policy, users, asked('get /things1000')).reason, /"gone" not found$/);
  assert.ok(policy.grantsTo(users, undefined, asked('get /things7')).length <= 2);
  // Roles that would make too large a table are looked through.
  const wide = {...rule('get', '', 'a'), resources: Array.from({length: 100}, (_, i) => `w${i}`)};
  const large = compilePolicy(
    roles.map(({name}) => role(name, [wide])),
    bindings,
  );
  assert.ok(judge(large, users, asked('get /w99')).allowed);
  assert.ok(!judge(large, users, asked('get /w100')).allowed);
});
