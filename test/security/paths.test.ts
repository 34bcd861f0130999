/** Where a request goes is decided once, and nothing in its spelling moves it (spec reliability-and-security B3, B5, T1, T5). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';

import {bindingObject, rbac} from '../support/permissions.ts';
import {configMap, definition, newPlace, paths, succeeded, widget} from '../support/place.ts';
import {startPlane, users} from '../support/plane.ts';
import {randomOf} from './random.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {configMaps, secrets, widgets} = paths;
/** Each has a Secret that says where it lies. */
const places = await Promise.all(
  ['user-1', 'user-2'].map(async owner => {
    const api = await newPlace(plane);
    succeeded(await api.post(rbac.clusterRoleBindings, bindingObject('owner', 'ClusterRole cluster-admin', `User ${owner}`)), 201);
    const at = succeeded(await api.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster'));
    const [id, path] = ['kcp.io/cluster', 'kcp.io/path'].map(name => at.at('metadata', 'annotations', name) as string) as [string, string];
    succeeded(await api.post(secrets, {metadata: {name: 'crown'}, stringData: {at: id}}), 201);
    succeeded(await api.post(configMaps, configMap('crown', {at: id})), 201);
    return {api, id, path};
  }),
);
type Place = (typeof places)[number];
const [mine, theirs] = places as [Place, Place];
const tenant = plane.api.as(users.user1);

test('js-path what does not name a workspace in the one way there is, is refused or means that workspace', async () => {
  const random = randomOf('targets');
  const [a, b] = [mine.path, theirs.path];
  const joints = [
    '/',
    '//',
    '/./',
    '/../',
    '/%2e/',
    '/%2e%2e/',
    '/%2E%2E/',
    '/..%2f',
    '%2f',
    '%2F..%2F',
    '\\',
    '/..\\',
    '%5c',
    ';',
    '/;/',
    '%00',
    '/%00/',
    '#',
    '?',
    '%3f',
    '%23',
    '%',
    '/%',
    '%u002e',
    '/\u2024\u2024/',
    '/%c0%ae%c0%ae/',
    '/%e2%80%a4/',
    ':',
    ',',
    '*',
    '%2a',
    '@',
    '/clusters/',
  ];
  const tail = '/api/v1/namespaces/t/secrets/crown';
  const targets = new Set<string>();
  const spelled = (path: string): string =>
    random.weighted([
      [4, path],
      [1, path.toUpperCase()],
      [1, path.replace(':', '%3a')],
      [1, path.replace(':', '/')],
      [1, `${path}:`],
      [1, `:${path}`],
      [1, path.replace('root', '%72oot')],
    ]);
  while (targets.size < 2_000) {
    const [first, second] = random.once(2) ? [a, b] : [b, a];
    targets.add(
      random.pick([
        () => `/clusters/${spelled(first)}${random.pick(joints)}${spelled(second)}${tail}`,
        () => `/clusters/${spelled(first)}${random.pick(joints)}clusters/${second}${tail}`,
        () => `${random.pick(joints)}clusters/${spelled(first)}${tail}`,
        () => `/clusters${random.pick(joints)}${spelled(first)}${tail}`,
        () => `/clusters/${first}${tail.replaceAll('/', () => (random.once(4) ? random.pick(joints) : '/'))}`,
        () => `/clusters/${first}${tail}${random.pick(joints)}${random.pick(['', 'x', '../../../../../..'])}`,
        () => `https://test:6443/clusters/${first}${tail}`,
        () => `/clusters/${first}${tail}?cluster=${second}&x=/clusters/${second}`,
        () => `/clusters/${first}/${random.pick(joints)}..${random.pick(joints)}${second}${tail}`,
      ])(),
    );
  }
  let seen = 0;
  for (const target of targets) {
    let answer: Awaited<ReturnType<typeof tenant.get>>;
    try {
      answer = await tenant.get(target);
    } catch {
      // The client of a started server does not send it.
      continue;
    }
    assert.ok([200, 400, 401, 403, 404, 405].includes(answer.status), `${target} → ${answer.status}`);
    if (answer.status !== 200) continue;
    // What user-1 reads is theirs, and lies where the target says in so many letters.
    const said = target.split('?')[0] as string;
    assert.doesNotMatch(said, /%2f|%5c|%00|\/\/|\/\.\.?(\/|$)|[\\;#]/i, target);
    assert.match(`${decodeURIComponent(said)}/`, new RegExp(`^/clusters/${mine.path}/`), target);
    if (said.endsWith('/secrets/crown')) assert.equal(answer.at('metadata', 'annotations', 'kcp.io/cluster'), mine.id, target);
    assert.ok(!answer.text.includes(theirs.id), target);
    seen++;
  }
  assert.ok(seen > 20, `${seen} were understood`);
});

test('T5 by path and by id it is the same workspace, to the byte', async () => {
  const requests: readonly (readonly [string, string])[] = [
    ['GET', `${secrets}/crown`],
    ['GET', secrets],
    ['GET', '/api/v1/secrets'],
    ['GET', '/apis'],
    ['GET', '/openapi/v3'],
    ['GET', '/api/v1/nothing'],
    ['GET', `${secrets}/absent`],
    ['DELETE', `${secrets}/absent`],
    ['POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews'],
  ];
  for (const one of [mine, theirs])
    for (const token of [users.user1, users.user2, users.user3, users.kcpAdmin, '', 'made-up'])
      for (const [method, target] of requests) {
        const ask = async (at: string): Promise<readonly [number, string]> => {
          const api = token === users.kcpAdmin ? plane.api : plane.api.as(token);
          const {status, text} = await api.send(method, `/clusters/${at}${target}`, method === 'POST' ? {} : undefined);
          return [status, text];
        };
        const parent = one.path.split(':').slice(1).join(':');
        const [byPath, byId, mixed] = [await ask(one.path), await ask(one.id), await ask(`root:${parent}`)];
        assert.deepEqual(byPath, byId, `${method} ${target}`);
        assert.deepEqual(mixed, byId, `${method} ${target}`);
      }
});

test('T1 all workspaces at once are for nobody’s eyes but the shard’s, however they are written', async () => {
  const stars = [
    '*',
    '%2a',
    '%2A',
    '%252a',
    '**',
    '%2a%2a',
    '*:*',
    'root:*',
    '*:root',
    `${mine.path}:*`,
    '*.',
    '* ',
    '%2a%20',
    '%2a%00',
    '~',
    '.*',
    '-',
    '_',
    'all',
  ];
  const accepts = [
    'application/json',
    'application/vnd.kubernetes.protobuf',
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    'application/json;as=Table;g=meta.k8s.io;v=v1',
  ];
  const targets = [
    secrets,
    `${secrets}/crown`,
    '/api/v1/secrets',
    '/api/v1/watch/secrets',
    '/api/v1/secrets?watch=1',
    '/apis/core.kcp.io/v1alpha1/logicalclusters',
    '/apis/example.com/v1/widgets',
    '/apis',
    '/openapi/v2',
    '/metrics',
    '/',
  ];
  for (const star of stars)
    for (const target of targets)
      for (const accept of accepts)
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']) {
          let answer: Awaited<ReturnType<typeof tenant.get>>;
          try {
            answer = await tenant.send(method, `/clusters/${star}${target}`, undefined, {accept, 'x-kubernetes-cluster': '*'});
          } catch {
            continue;
          }
          assert.ok([400, 403, 404, 405].includes(answer.status), `${method} ${star}${target} → ${answer.status}`);
          assert.ok(!answer.text.includes(theirs.id) && !answer.text.includes('"at"'), `${method} ${star}${target} told: ${answer.text}`);
        }
  // What is refused is there for those who may.
  const all = succeeded(await plane.api.as(users.shardAdmin).get('/clusters/*/api/v1/secrets'));
  assert.ok(all.text.includes(theirs.id));
});

test('CVE-2019-11247 a kind without namespaces is in none, and one with namespaces has no object outside', async () => {
  const {api} = mine;
  succeeded(await api.post(paths.definitions, definition('globes', 'Globe', {scope: 'Cluster'})), 201);
  await plane.eventually(async () => (await api.get('/apis/example.com/v1/globes')).status === 200);
  const globe = {apiVersion: 'example.com/v1', kind: 'Globe', metadata: {name: 'g'}, spec: {name: 'n'}};
  succeeded(await api.post('/apis/example.com/v1/globes', globe), 201);
  succeeded(await api.post(widgets, widget('w')), 201);
  // Somebody who may do anything in one namespace, and nothing beside it.
  succeeded(
    await api.post(rbac.clusterRoleBindings, bindingObject('enter', 'ClusterRole system:kcp:workspace:access', 'User user-3')),
    201,
  );
  succeeded(await api.post(rbac.roleBindings('t'), bindingObject('all', 'ClusterRole cluster-admin', 'User user-3')), 201);
  const guest = api.as(users.user3);
  const inNamespace = [
    'globes',
    'globes/g',
    'globes/g/status',
    'clusterroles',
    'clusterroles/x',
    'customresourcedefinitions',
    'workspaces',
    'logicalclusters/cluster',
  ];
  for (const [i, path] of inNamespace.entries()) {
    const base =
      i < 3
        ? '/apis/example.com/v1'
        : i < 5
          ? '/apis/rbac.authorization.k8s.io/v1'
          : i === 5
            ? '/apis/apiextensions.k8s.io/v1'
            : i === 6
              ? '/apis/tenancy.kcp.io/v1alpha1'
              : '/apis/core.kcp.io/v1alpha1';
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])
      for (const watch of ['', '?watch=1']) {
        const {status, text} = await guest.send(
          method,
          `${base}/namespaces/t/${path}${watch}`,
          method === 'GET' || method === 'HEAD' || method === 'DELETE' ? undefined : globe,
          method === 'PATCH' ? {'content-type': 'application/merge-patch+json'} : {},
        );
        assert.ok(status === 404 || status === 405, `${method} ${path}${watch} → ${status} ${text}`);
      }
  }
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'])
    assert.equal(
      (await api.send(method, '/apis/example.com/v1/widgets/w', method === 'GET' || method === 'DELETE' ? undefined : widget('w'))).status,
      404,
      method,
    );
  succeeded(await api.get('/apis/example.com/v1/globes/g'));
  succeeded(await api.get(`${widgets}/w`));
});

test('CVE-2022-3162 no segment of a path leads to another kind or another namespace', async () => {
  const segments = [
    '..',
    '.',
    '%2e%2e',
    '%2e',
    '..%2f',
    'a%2fb',
    '..%2fsecrets',
    '%2e%2e%2fsecrets%2fcrown',
    '',
    '%00',
    'a%00',
    '%0a',
    '\u2024',
    '%e2%80%a4%e2%80%a4',
    '%c0%ae',
    '%ff',
    '*',
    '%25',
    'x'.repeat(60_000),
  ];
  const shapes = [
    '/api/v1/namespaces/#/secrets',
    '/api/v1/namespaces/t/#',
    '/api/v1/namespaces/t/#/crown',
    '/api/v1/namespaces/t/configmaps/#',
    '/apis/#/v1/widgets',
    '/apis/example.com/#/widgets',
    '/apis/example.com/v1/#',
    '/apis/example.com/v1/namespaces/t/widgets/#',
    '/api/v1/namespaces/t/configmaps/crown/#',
    '/openapi/v3/apis/example.com/#',
    '/openapi/v3/#',
  ];
  for (const shape of shapes)
    for (const segment of segments)
      for (const query of ['', '?limit=1']) {
        const target = shape.replace('#', () => segment) + query;
        let answer: Awaited<ReturnType<typeof tenant.get>>;
        try {
          answer = await mine.api.get(target);
        } catch {
          continue;
        }
        if (segment === '' && answer.status === 200) continue; // a slash at the end means the same path
        if (answer.status === 200) assert.deepEqual(JSON.parse(answer.text).items ?? [], [], target.slice(0, 200));
        else assert.ok([400, 403, 404, 405, 414, 431].includes(answer.status), `${target.slice(0, 200)} → ${answer.status}`);
        assert.ok(!answer.text.includes('"crown"') || answer.status !== 200, target.slice(0, 200));
      }
  // A watch begins with what is there.
  for (const target of segments.flatMap(segment => [
    `/api/v1/namespaces/${segment}/secrets`,
    `/api/v1/watch/namespaces/${segment}/secrets`,
  ])) {
    const watching = await mine.api.watch(target).catch(() => undefined);
    assert.deepEqual(watching?.seen() ?? [], [], target.slice(0, 200));
    watching?.close();
  }
});

test('CVE-2015-5305 T15 no definition takes a name that leads out of its place', async () => {
  const {api} = mine;
  const names = [
    '..',
    '.',
    '../secrets',
    'a/b',
    'a%2fb',
    '__proto__',
    'constructor',
    'Secrets',
    'sécrets',
    '',
    ' ',
    'a\u0000b',
    '-a',
    'x'.repeat(300),
  ];
  for (const name of names) {
    const bodies = [
      definition(name, 'Hostile'),
      definition('hostiles', name || 'x y'),
      {...definition('hostiles', 'Hostile', {group: name}), metadata: {name: `hostiles.${name}`}},
      definition('hostiles', 'Hostile', {versions: [{name, served: true, storage: true, schema: {openAPIV3Schema: {type: 'object'}}}]}),
      definition('hostiles', 'Hostile', {names: {plural: 'hostiles', kind: 'Hostile', shortNames: [name]}}),
    ];
    for (const body of bodies) {
      const made = await api.post(paths.definitions, body);
      const {status, text} = made;
      assert.ok(
        status === 422 || status === 400 || (status === 201 && isPlain(name)),
        `${JSON.stringify(body).slice(0, 300)} → ${status} ${text.slice(0, 300)}`,
      );
      if (status !== 201) continue;
      const one = `${paths.definitions}/${made.at('metadata', 'name')}`;
      succeeded(await api.del(one));
      await plane.eventually(async () => (await api.get(one)).status === 404);
    }
  }
});

/** What a kind may be called in Kubernetes, odd as it is. */
const isPlain = (name: string): boolean => /^[a-z]+$/i.test(name);

test('T15 CVE-2015-5305 a definition by the name of a kind of Kubernetes or kcp does not take its place', async () => {
  const {api} = theirs;
  const shadowed: readonly (readonly [group: string, plural: string, kind: string, version: string, where: string])[] = [
    ['rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole', 'v1', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
    [
      'rbac.authorization.k8s.io',
      'clusterrolebindings',
      'ClusterRoleBinding',
      'v1',
      '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    ],
    ['core.kcp.io', 'logicalclusters', 'LogicalCluster', 'v1alpha1', '/apis/core.kcp.io/v1alpha1/logicalclusters'],
    ['tenancy.kcp.io', 'workspaces', 'Workspace', 'v1alpha1', '/apis/tenancy.kcp.io/v1alpha1/workspaces'],
    ['apis.kcp.io', 'apiexports', 'APIExport', 'v1alpha1', '/apis/apis.kcp.io/v1alpha1/apiexports'],
  ];
  for (const [group, plural, kind, version, where] of shadowed) {
    const before = JSON.parse((await api.get(where)).text) as {items: readonly {metadata: {name: string}}[]};
    const versions = [
      {
        name: version,
        served: true,
        storage: true,
        schema: {openAPIV3Schema: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
      },
    ];
    const body = {
      ...definition(plural, kind, {group, versions}),
      metadata: {name: `${plural}.${group}`, annotations: {'api-approved.kubernetes.io': 'unapproved'}},
    };
    const made = await api.post(paths.definitions, body);
    await plane.settle();
    const names = (await api.get(where)).at('items') as readonly {metadata: {name: string}}[];
    assert.deepEqual(
      names.map(({metadata}) => metadata.name),
      before.items.map(({metadata}) => metadata.name),
      `${plural}.${group}: ${made.status}`,
    );
    // What it says is still what is checked: no role without its shape, no cluster by hand.
    const odd = await api.post(where, {apiVersion: `${group}/${version}`, kind, metadata: {name: 'odd'}, rules: 'none', spec: 7});
    assert.ok(odd.status >= 400, `${plural}.${group} took ${odd.text}`);
    if (made.status === 201) succeeded(await api.del(`${paths.definitions}/${plural}.${group}`));
  }
  succeeded(await api.as(users.user2).get(secrets));
});

test('T15 a large schema is taken or refused in time', async () => {
  const {api} = mine;
  const properties = Object.fromEntries(Array.from({length: 10_000}, (_, i) => [`p${i}`, {type: 'string'}]));
  const versions = [
    {
      name: 'v1',
      served: true,
      storage: true,
      schema: {openAPIV3Schema: {type: 'object', properties: {spec: {type: 'object', properties}}}},
    },
  ];
  const start = performance.now();
  const wide = await api.post(paths.definitions, definition('wides', 'Wide', {versions}));
  assert.ok(wide.status === 201 || wide.status === 422, wide.text.slice(0, 300));
  assert.ok(performance.now() - start < 3_000, `after ${performance.now() - start} ms`);
  succeeded(await api.get('/api'));
});
