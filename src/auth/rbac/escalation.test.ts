import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {KubeObject} from '../../api/object.ts';
import {aggregate, aggregationLimits, isAggregated} from './aggregation.ts';
import {covered} from './covering.ts';
import {escalation, fullAuthority} from './escalation.ts';
import type {PolicyRule} from './objects.ts';
import {compilePolicy, judge} from './policy.ts';

const rule = (verbs: string, apiGroups: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: apiGroups.split(','),
  resources: resources.split(','),
  ...(names !== undefined && {resourceNames: names.split(',')}),
});
const paths = (verbs: string, urls: string): PolicyRule => ({verbs: verbs.split(','), nonResourceURLs: urls.split(',')});

// What is held, what is to be given, and the lines that say what is missing (spec kubernetes-api 8.9).
const cases: readonly [readonly PolicyRule[], readonly PolicyRule[], readonly string[]][] = [
  [[], [], []],
  [[rule('*', '*', '*')], [rule('get', '', 'secrets'), rule('*', '*', '*'), rule('x', 'y', 'z/w', 'n')], []],
  [[rule('get,list', '', 'pods')], [rule('get', '', 'pods', 'a')], []],
  [[rule('get', '', 'pods', 'a')], [rule('get', '', 'pods')], ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}']],
  [
    [rule('get', '', 'pods', 'a')],
    [rule('get,list', '', 'pods', 'a,b')],
    [
      '{APIGroups:[""], Resources:["pods"], ResourceNames:["a"], Verbs:["list"]}',
      '{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get" "list"]}',
    ],
  ],
  // Several rules cover together what none covers alone.
  [[rule('get', '', 'a'), rule('list', '', 'a'), rule('get,list', '', 'b')], [rule('get,list', '', 'a,b')], []],
  [[rule('get', '', '*/scale')], [rule('get', '', 'a/scale,b/scale')], []],
  [[rule('get', '', 'a/scale')], [rule('get', '', '*/scale')], ['{APIGroups:[""], Resources:["*/scale"], Verbs:["get"]}']],
  [[rule('get', '', 'a')], [rule('*', '', 'a')], ['{APIGroups:[""], Resources:["a"], Verbs:["*"]}']],
  [[rule('get', '', 'a')], [rule('get', '*', 'a')], ['{APIGroups:["*"], Resources:["a"], Verbs:["get"]}']],
  [[paths('get', '/a/*')], [paths('get', '/a/b,/a/*,/a/b*')], []],
  [
    [paths('get', '/a/*')],
    [paths('get,put', '/a,/a/b')],
    ['{NonResourceURLs:["/a"], Verbs:["get"]}', '{NonResourceURLs:["/a"], Verbs:["put"]}', '{NonResourceURLs:["/a/b"], Verbs:["put"]}'],
  ],
  [[rule('*', '*', '*')], [paths('get', '/')], ['{NonResourceURLs:["/"], Verbs:["get"]}']],
  [[paths('*', '*')], [rule('get', '', 'a')], ['{APIGroups:[""], Resources:["a"], Verbs:["get"]}']],
];

test('rules cover others', () => {
  for (const [held, wanted, lines] of cases) {
    const found = covered(held, wanted);
    assert.deepEqual(found === 'all' ? [] : found, lines, JSON.stringify({held, wanted}));
  }
});

test('whoever is covered could do it already', () => {
  const words = {verbs: ['get', 'list', '*'], groups: ['', 'g', '*'], resources: ['a', 'b', 'a/s', '*/s', '*'], names: ['x', 'y']};
  let seed = 7;
  const pick = <T>(from: readonly T[]): T => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return from[(seed >>> 8) % from.length] as T;
  };
  const random = (): PolicyRule =>
    rule(
      pick(words.verbs),
      pick(words.groups),
      `${pick(words.resources)},${pick(words.resources)}`,
      pick([undefined, undefined, ...words.names]),
    );
  let refused = 0;
  let checked = 0;
  for (let i = 0; i < 3_000; i++) {
    const held = [random(), random()];
    const wanted = [random()];
    if (covered(held, wanted) !== 'all') {
      refused++;
      continue;
    }
    checked++;
    const may = (rules: readonly PolicyRule[]) =>
      compilePolicy([{name: 'r', rules}], [{name: 'b', subjects: [{kind: 'User', name: 'u'}], roleRef: {kind: 'ClusterRole', name: 'r'}}]);
    const [before, after] = [may(held), may(wanted)];
    const users = [{name: 'u', groups: []}];
    for (const verb of ['get', 'list', 'z'])
      for (const group of ['', 'g', 'z'])
        for (const plural of ['a', 'b', 'z'])
          for (const subresource of [undefined, 's', 'z'])
            for (const name of [undefined, 'x', 'z']) {
              const asked = {verb, resource: {group, plural, subresource, namespace: undefined, name}};
              if (judge(after, users, asked).allowed) assert.ok(judge(before, users, asked).allowed, JSON.stringify({held, wanted, asked}));
            }
  }
  assert.ok(refused > 100 && checked > 100, `${refused} refused, ${checked} checked`);
});

test('the refusal names who, and what is missing', () => {
  const user = {name: 'u', groups: ['g1', 'g2']};
  const holdings = {rules: [], errors: ['clusterrole.rbac.authorization.k8s.io "x" not found']};
  assert.equal(
    escalation(user, holdings, [rule('get', '', 'secrets')]),
    'user "u" (groups=["g1" "g2"]) is attempting to grant RBAC permissions not currently held:\n' +
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}; resolution errors: [clusterrole.rbac.authorization.k8s.io "x" not found]',
  );
  assert.equal(escalation(user, {...holdings, rules: fullAuthority}, [rule('get', '', 'secrets'), ...fullAuthority]), undefined);
});

test('rules that would come to too much are refused, quickly', () => {
  const many = Array.from({length: 1_000}, (_, i) => `w${i}`).join();
  const begun = process.hrtime.bigint();
  assert.equal(covered([rule('get', '', 'a')], [rule(many, many, many, many)]), 'too many');
  const held = Array.from({length: 5_000}, (_, i) => rule(`v${i}`, '', 'a'));
  assert.equal(covered(held, [rule(many, '', 'b')]), 'too many');
  assert.ok(process.hrtime.bigint() - begun < 1_000_000_000n);
  assert.equal(covered([rule('*', '*', '*')], [rule(many, many, many, many)]), 'all');
});

const clusterRole = (
  name: string,
  labels: {[key: string]: string},
  rules: readonly PolicyRule[],
  selectors?: readonly object[],
): KubeObject =>
  ({
    metadata: {name, labels},
    rules,
    ...(selectors && {aggregationRule: {clusterRoleSelectors: selectors}}),
  }) as unknown as KubeObject;

test('183 aggregated rules are those of all roles that are selected, each once', () => {
  const [a, b, c] = [rule('get', '', 'a'), rule('get', '', 'b'), rule('get', '', 'c')];
  const sum = clusterRole('sum', {to: 'sum'}, [c], [{matchLabels: {to: 'sum'}}, {matchExpressions: [{key: 'also', operator: 'Exists'}]}]);
  const all = [clusterRole('one', {also: '1'}, [c]), clusterRole('p', {to: 'sum'}, [b, a]), clusterRole('q', {to: 'sum'}, [a]), sum];
  assert.deepEqual(aggregate(sum, all), [b, a, c]);
  assert.deepEqual([isAggregated(sum), isAggregated(all[0] as KubeObject)], [true, false]);
  assert.deepEqual(aggregate(clusterRole('x', {}, [], [{matchExpressions: [{key: 'a', operator: 'Zork'}]}]), all), []);
  const large = clusterRole(
    'large',
    {to: 'sum'},
    Array.from({length: 6_000}, (_, i) => rule('get', '', `r${i}`)),
  );
  assert.equal(aggregate(sum, [large]).length, aggregationLimits.rulesMax);
});
