/** The authorizer against an oracle that knows nothing of it, on random policies and questions. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {AskedResource} from '../attributes.ts';
import type {OracleBinding, OracleQuestion, OracleRole, OracleRule, OracleWorld} from './oracle.suite.ts';
import {ask} from './oracle.suite.ts';
import {compilePolicy, judge} from './policy.ts';

const worlds = 1_000;
const questionsPerWorld = 120;

/** Numbers from a seed (mulberry32), so that a failure can be seen again. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const verbs = ['get', 'list', 'create', '*'];
const apiGroups = ['', 'apps', '*'];
const resources = ['pods', 'pods/log', 'widgets', '*/log', '*/scale', 'widgets/scale', '*'];
const objectNames = ['a', 'b', ''];
const urls = ['/', '/metrics', '/metrics/*', '/foo*', '/foo**', '*', '/*'];
const namespaces = ['n1', 'n2'];
const users = ['alice', 'bob', 'system:serviceaccount:n1:robot', 'system:serviceaccount:n2:robot'];
const groups = ['g1', 'g2', 'system:authenticated'];

test(`T13 ${worlds * questionsPerWorld} random decisions are those of the oracle`, () => {
  let allowed = 0;
  for (let seed = 1; seed <= worlds; seed++) {
    const random = chance(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const some = <T>(from: readonly T[], max: number): T[] => Array.from({length: 1 + Math.floor(random() * max)}, () => pick(from));
    const world = randomWorld(random, pick, some);
    const policy = compilePolicy(world.roles, world.bindings);
    for (let i = 0; i < questionsPerWorld; i++) {
      const question = randomQuestion(random, pick, some);
      const {user, groups: of, verb, path} = question;
      const asked = path === undefined ? {verb, resource: resourceOf(question)} : {verb, path};
      const answer = judge(policy, [{name: user, groups: of}], asked);
      assert.deepEqual(
        {allowed: answer.allowed, reason: answer.reason},
        ask(world, question),
        `seed ${seed}: ${JSON.stringify({world, question})}`,
      );
      if (answer.allowed) allowed++;
    }
  }
  // A comparison of nothing but refusals would prove little.
  const all = worlds * questionsPerWorld;
  assert.ok(allowed > all / 12 && allowed < (all * 9) / 10, `${allowed} of ${all} were allowed`);
});

type Pick = <T>(from: readonly T[]) => T;
type Some = <T>(from: readonly T[], max: number) => T[];

function randomWorld(random: () => number, pick: Pick, some: Some): OracleWorld {
  const rule = (): OracleRule =>
    random() < 0.2
      ? {verbs: some(verbs, 3), nonResourceURLs: some(urls, 2)}
      : {
          verbs: some(verbs, 3),
          apiGroups: some(apiGroups, 2),
          resources: some(resources, 3),
          ...(random() < 0.3 && {resourceNames: some(objectNames, 2)}),
        };
  const roles: OracleRole[] = [];
  for (const name of ['r1', 'r2', 'r3']) {
    if (random() < 0.8) roles.push({name, rules: Array.from({length: 1 + Math.floor(random() * 4)}, rule)});
    for (const namespace of namespaces) if (random() < 0.5) roles.push({name, namespace, rules: [rule(), rule()]});
  }
  const binding = (i: number): OracleBinding => {
    const namespace = random() < 0.6 ? pick(namespaces) : undefined;
    return {
      name: `b${i}`,
      ...(namespace && {namespace}),
      subjects: Array.from({length: Math.floor(random() * 3)}, () => {
        const kind = pick(['User', 'Group', 'ServiceAccount', 'Robot']);
        if (kind === 'ServiceAccount') return {kind, name: 'robot', ...(random() < 0.6 && {namespace: pick(namespaces)})};
        return {kind, name: pick(kind === 'Group' ? groups : users)};
      }),
      roleRef: {kind: pick(namespace ? ['Role', 'ClusterRole'] : ['ClusterRole']), name: pick(['r1', 'r2', 'r3'])},
    };
  };
  return {roles, bindings: Array.from({length: Math.floor(random() * (random() < 0.1 ? 300 : 20))}, (_, i) => binding(i))};
}

function randomQuestion(random: () => number, pick: Pick, some: Some): OracleQuestion {
  const who = {user: pick(users), groups: random() < 0.3 ? [] : some(groups, 3)};
  const verb = pick(verbs);
  if (random() < 0.2) return {...who, verb, path: pick(['/', '/metrics', '/metrics/a', '/foo', '/foobar', '/fo', '*'])};
  return {
    ...who,
    verb,
    group: pick(apiGroups),
    resource: pick(['pods', 'widgets', '*']),
    ...(random() < 0.4 && {subresource: pick(['log', 'scale'])}),
    ...(random() < 0.7 && {namespace: pick(namespaces)}),
    ...(random() < 0.5 && {name: pick(objectNames)}),
  };
}

const resourceOf = ({group = '', resource = '', subresource, namespace, name}: OracleQuestion): AskedResource => ({
  group,
  plural: resource,
  subresource,
  namespace,
  name,
});
