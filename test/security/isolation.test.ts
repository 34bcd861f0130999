/** Workspaces know nothing of each other, and nothing of those that are gone (spec reliability-and-security B2, B6). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api} from '../support/api-client.ts';
import {bindingObject, rbac} from '../support/permissions.ts';
import {configMap, newPlace, paths, refused, succeeded, widget, widgetDefinition, widgetVersion} from '../support/place.ts';
import {createWorkspace, inProcess, isStarted, startPlane, users, workspaceObject, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {configMaps, secrets, widgets} = paths;
const owned = async (user: string): Promise<Api> => {
  const api = await newPlace(plane);
  succeeded(await api.post(rbac.clusterRoleBindings, bindingObject('owner', 'ClusterRole cluster-admin', `User ${user}`)), 201);
  return api;
};
const clusterOf = async (api: Api): Promise<{readonly id: string; readonly path: string}> => {
  const at = succeeded(await api.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster'));
  const said = (name: string): string => at.at('metadata', 'annotations', name) as string;
  return {id: said('kcp.io/cluster'), path: said('kcp.io/path')};
};
const mine = await owned('user-1');
const theirs = await owned('user-2');
const [me, them] = [mine.as(users.user1), theirs.as(users.user2)];
const {id: theirId, path: theirPath} = await clusterOf(theirs);
const said = ({status, headers, text}: Answer): readonly unknown[] => {
  const {'audit-id': _, date: __, ...others} = headers;
  return [status, Object.entries(others).sort(), text];
};

test('T7 T10 an id or path that somebody else has looks like one that nobody has', async () => {
  succeeded(await theirs.post(secrets, {metadata: {name: 'crown'}}), 201);
  const nothing = {id: 'zzzzzzzzzzzzzzzz', path: 'root:place-999'};
  const targets = [
    secrets,
    `${secrets}/crown`,
    `${secrets}/absent`,
    '/api',
    '/apis/example.com/v1',
    '/openapi/v2',
    '/nothing',
    '/version/x',
    `${configMaps}?watch=1`,
    '/metrics/x',
  ];
  for (const user of [users.user1, users.user3, ''])
    for (const target of targets)
      for (const method of ['GET', 'POST', 'DELETE', 'PATCH']) {
        const ask = async (at: string): Promise<readonly unknown[]> =>
          said(await plane.api.as(user).send(method, `/clusters/${at}${target}`, method === 'GET' ? undefined : {}));
        const expected = await ask(nothing.id);
        assert.ok([403, 404, 405].includes(expected[0] as number), `${method} ${target} → ${expected[0]}`);
        assert.deepEqual(await ask(theirId), expected, `${method} ${target} by id`);
        assert.deepEqual(await ask(theirPath), expected, `${method} ${target} by path`);
        // Everybody may list the workspaces of root; of all others nothing is told.
        assert.deepEqual(await ask(`${theirId}:child`), await ask(`${nothing.id}:child`), `${method} ${target} below`);
      }
});

test('kcp-4152 T10 who may not use a type is not told whether it is there, nor whether its workspace is', async () => {
  const types = '/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
  const type = (name: string, spec: object = {}): object => ({
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: {name},
    spec,
  });
  succeeded(await theirs.post(types, type('secret')), 201);
  const told = async (name: string, wanted: object): Promise<string> => {
    const answer = await me.post('/apis/tenancy.kcp.io/v1alpha1/workspaces', {...workspaceObject('w'), spec: {type: wanted}});
    return `${answer.status} ${answer.text}`.replaceAll(name, '…');
  };
  const places = [theirPath, theirId, 'root:place-999', 'zzzzzzzzzzzzzzzz', `${theirPath}:child`];
  const expected = await told('root:place-999:absent', {path: 'root:place-999', name: 'absent'});
  assert.match(expected, /unable to use workspace type/);
  for (const path of places)
    for (const name of ['secret', 'absent', 'universal'])
      assert.equal(await told(`${path}:${name}`, {path, name}), expected, `${path}:${name}`);
  // Nor by a type of one's own that extends it.
  for (const [i, path] of places.entries())
    for (const name of ['secret', 'absent']) {
      const own = `own-${i}-${name}`;
      succeeded(await me.post(types, type(own, {extend: {with: [{path, name}]}})), 201);
      const {path: here} = await clusterOf(mine);
      assert.equal(await told(`${path}:${name}`, {path: here, name: own}), expected, own);
    }
  // Who may use it learns more.
  const known = await them.post('/apis/tenancy.kcp.io/v1alpha1/workspaces', {
    ...workspaceObject('w'),
    spec: {type: {path: theirPath, name: 'secret'}},
  });
  refused(known, 403, 'only allows [root:universal] child workspaces');
});

test('T6 a workspace of the same name is another one: no id, token, binding, page or watch leads into it', inProcess, async () => {
  const make = async (owner: string): Promise<Api> => {
    await createWorkspace(plane.api, 'root', 'again');
    const api = plane.api.in('/clusters/root:again');
    succeeded(await api.post(rbac.clusterRoleBindings, bindingObject('owner', 'ClusterRole cluster-admin', `User ${owner}`)), 201);
    succeeded(await api.post(paths.namespaces, {metadata: {name: 't'}}), 201);
    for (const name of ['a', 'b', 'c']) succeeded(await api.post(secrets, {metadata: {name}, stringData: {of: owner}}), 201);
    succeeded(
      await api.post(rbac.clusterRoleBindings, bindingObject('robot', 'ClusterRole cluster-admin', 'ServiceAccount default t')),
      201,
    );
    return api;
  };
  const first = await make('user-1');
  const old = first.as(users.user1);
  const {id} = await clusterOf(first);
  const token = succeeded(await first.post('/api/v1/namespaces/t/serviceaccounts/default/token', {spec: {}}), 201).at(
    'status',
    'token',
  ) as string;
  const page = succeeded(await old.get(`${secrets}?limit=1`));
  const [next, version] = [page.at('metadata', 'continue') as string, page.at('metadata', 'resourceVersion') as string];
  const watching = await old.watch(secrets);
  assert.equal(watching.seen().length, 3);
  succeeded(await plane.api.del(`${workspacesIn('root')}/again`));
  await plane.eventually(async () => (await plane.api.get(`${workspacesIn('root')}/again`)).status === 404);
  const before = watching.events.length;

  const second = await make('user-2');
  assert.notEqual((await clusterOf(second)).id, id);
  await plane.settle();
  assert.deepEqual(
    watching.events.slice(before).filter(event => JSON.stringify(event).includes('user-2')),
    [],
  );
  watching.close();
  const mark = Buffer.from('user-2').toString('base64');
  for (const query of [
    '',
    `?continue=${next}`,
    `?continue=${next}&limit=5`,
    `?resourceVersion=${version}`,
    `?resourceVersion=${version}&resourceVersionMatch=Exact`,
    `?limit=1&resourceVersion=${version}`,
  ])
    for (const at of ['root:again', id])
      for (const credential of [users.user1, token]) {
        const answer = await plane.api.as(credential).get(`/clusters/${at}${secrets}${query}`);
        assert.ok([401, 403, 404, 410].includes(answer.status), `${at} ${query} → ${answer.status} ${answer.text}`);
        assert.ok(!answer.text.includes(mark));
      }
  // The new owner sees nothing of the old one either, wherever they were.
  for (const query of [
    '',
    `?continue=${next}`,
    `?resourceVersion=${version}&resourceVersionMatch=Exact`,
    `?resourceVersion=${version}&limit=2`,
  ]) {
    const answer = await second.as(users.user2).get(secrets + query);
    assert.ok(!answer.text.includes(Buffer.from('user-1').toString('base64')), `${query}: ${answer.text}`);
  }
});

test('T21 the token of a page shows nothing of where it came from, nor of anything its user could not list', async () => {
  const one = succeeded(await theirs.get(`${secrets}?limit=1`));
  for (const name of ['a', 'b', 'c', 'd']) {
    succeeded(await theirs.post(secrets, {metadata: {name}, stringData: {of: 'theirs'}}), 201);
    succeeded(await theirs.post(configMaps, configMap(name, {of: 'theirs'})), 201);
    succeeded(await mine.post(configMaps, configMap(name, {of: 'mine'})), 201);
  }
  const tokens = [
    ...(await Promise.all(
      [`${secrets}?limit=2`, '/api/v1/secrets?limit=2', `${configMaps}?limit=2`, '/api/v1/namespaces?limit=1'].map(
        async path => succeeded(await theirs.get(path)).at('metadata', 'continue') as string,
      ),
    )),
    ...[
      '/core/secrets/built-in/',
      `/core/secrets/built-in/${theirId}/t/a`,
      `../../${theirId}/t/a`,
      `${theirId}/t/a`,
      '%2e%2e/a',
      '../a',
      't/../../a',
      'a//b',
      '/',
      '\u0000',
      '\uffff',
    ].map(start => Buffer.from(JSON.stringify({v: 'meta.k8s.io/v1', rv: -1, start: `${start}\u0000`})).toString('base64url')),
    ...[
      '',
      'x',
      '{}',
      '[]',
      'null',
      '{"v":"meta.k8s.io/v1","rv":1e400,"start":"a\\u0000"}',
      '{"v":"meta.k8s.io/v1","rv":-2,"start":"a\\u0000"}',
      '{"__proto__":{"v":"meta.k8s.io/v1"},"rv":1,"start":"a\\u0000"}',
    ].map(text => Buffer.from(text).toString('base64url')),
  ];
  for (const token of tokens)
    for (const target of [configMaps, '/api/v1/configmaps', secrets, '/api/v1/secrets', '/api/v1/namespaces', widgets])
      for (const limit of ['', '&limit=1', '&limit=500']) {
        const answer = await me.get(`${target}?continue=${token}${limit}`);
        assert.ok([200, 400, 410].includes(answer.status), `${answer.status} ${answer.text}`);
        assert.ok(
          !answer.text.includes(theirId) &&
            !answer.text.includes('theirs') &&
            !answer.text.includes(Buffer.from('theirs').toString('base64')),
          answer.text,
        );
        assert.ok(
          [403, 404].includes((await plane.api.as(users.user1).get(`/clusters/${theirId}${target}?continue=${token}${limit}`)).status),
        );
      }
  assert.equal(one.status, 200);
});

test('T8 CVE-2025-5187 an owner in another workspace owns nothing, holds nothing and goes alone', async () => {
  const crown = succeeded(await theirs.get(`${secrets}/crown`));
  const owner = {apiVersion: 'v1', kind: 'Secret', name: 'crown', uid: crown.at('metadata', 'uid')};
  succeeded(
    await me.post(configMaps, configMap('claims', {}, {ownerReferences: [{...owner, blockOwnerDeletion: true, controller: true}]})),
    201,
  );
  // It claims an owner that is not there.
  await plane.eventually(async () => (await me.get(`${configMaps}/claims`)).status === 404);
  const dependent = succeeded(await them.post(configMaps, configMap('dependent', {}, {ownerReferences: [owner]})), 201);
  const parent = succeeded(await me.post(secrets, {metadata: {name: 'crown'}}), 201);
  succeeded(
    await me.post(
      configMaps,
      configMap('mine', {}, {ownerReferences: [{...owner, uid: parent.at('metadata', 'uid'), blockOwnerDeletion: true}]}),
    ),
    201,
  );
  succeeded(await me.del(`${secrets}/crown`, {propagationPolicy: 'Foreground'}));
  await plane.eventually(async () => (await me.get(`${configMaps}/mine`)).status === 404);
  await plane.settle();
  assert.equal(succeeded(await them.get(`${configMaps}/dependent`)).at('metadata', 'uid'), dependent.at('metadata', 'uid'));
  assert.equal(succeeded(await them.get(`${secrets}/crown`)).text, crown.text);
  // And the owner goes at once, whoever elsewhere wants to hold it.
  succeeded(
    await me.post(
      configMaps,
      configMap('holds', {}, {finalizers: ['example.com/hold'], ownerReferences: [{...owner, blockOwnerDeletion: true}]}),
    ),
    201,
  );
  succeeded(await them.del(`${secrets}/crown`, {propagationPolicy: 'Foreground'}));
  await plane.eventually(async () => (await them.get(`${secrets}/crown`)).status === 404);
  succeeded(await me.patch(`${configMaps}/holds`, {metadata: {finalizers: null}}));
});

test('T9 what others define is in no document, and no tag tells of it', async () => {
  const text = 'description-of-somebody-else';
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      description: text,
      properties: {[text]: {type: 'string'}, spec: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
    },
  };
  succeeded(await theirs.del(`${paths.definitions}/widgets.example.com`));
  await plane.eventually(async () => (await theirs.get(`${paths.definitions}/widgets.example.com`)).status === 404);
  succeeded(await theirs.post(paths.definitions, widgetDefinition({versions: [widgetVersion('v1', {schema})]})), 201);
  const documents = [
    '/',
    '/api',
    '/apis',
    '/apis/example.com',
    '/apis/example.com/v1',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/apis/example.com/v1',
  ];
  const accepts = [
    'application/json',
    'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io',
    'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
    'application/vnd.kubernetes.protobuf',
  ];
  let hashes = 0;
  await plane.eventually(async () => (await theirs.get('/openapi/v3/apis/example.com/v1')).text.includes(text));
  for (const path of documents)
    for (const accept of accepts) {
      const foreign = await theirs.get(path, {accept});
      const own = await me.get(path, {accept});
      assert.ok(!own.bytes.includes(text), `${path} ${accept}`);
      const {etag} = foreign.headers;
      if (typeof etag !== 'string' || etag === own.headers['etag']) continue;
      hashes++;
      assert.deepEqual(
        [(await me.get(path, {accept, 'if-none-match': etag})).status, (await them.get(path, {accept, 'if-none-match': etag})).status],
        [200, 304],
        path,
      );
    }
  assert.ok(hashes > 0);
  // By the hash of a document that is not here, one gets what is here.
  const listed = (await theirs.get('/openapi/v3')).at('paths', 'apis/example.com/v1', 'serverRelativeURL') as string;
  const asked = await me.get(listed.replace(/^\/clusters\/[^/]+/, ''));
  assert.ok(!asked.text.includes(text), asked.text.slice(0, 300));
});

test('T11 metrics name no workspace, no user and nothing that tenants choose', async () => {
  const names = ['tenant-chosen-name', 'tenantchosen'];
  for (const name of names) {
    await me.get(`/apis/${name}.example.com/v1/${name}`);
    await me.get(`/api/v1/namespaces/${name}/configmaps/${name}`, {'user-agent': name, accept: `${name}/json`});
    await me.send(name.toUpperCase().replaceAll('-', ''), '/api/v1/configmaps');
    await plane.api.as(name).get('/api', {'impersonate-user': name});
  }
  const metrics = await plane.api.as(isStarted ? '' : users.shardAdmin).get('/metrics', {});
  if (!isStarted) assert.equal(metrics.status, 200);
  for (const name of [...names, 'TENANTCHOSENNAME', theirId, 'place-1', 'user-1']) assert.ok(!metrics.text.includes(name), name);
});

test('T5 T19 what lies in one workspace is not reached by naming it in another', async () => {
  succeeded(await theirs.post(secrets, {metadata: {name: 'named'}, stringData: {of: 'theirs'}}), 201);
  const claims = {annotations: {'kcp.io/cluster': theirId, 'kcp.io/path': theirPath, 'internal.tenancy.kcp.io/cluster': theirId}};
  const made = succeeded(await me.post(secrets, {metadata: {name: 'named', ...claims}, stringData: {of: 'mine'}}), 201);
  assert.notEqual(made.at('metadata', 'annotations', 'kcp.io/cluster'), theirId);
  for (const patch of [{metadata: claims}, {metadata: {...claims, namespace: 't', uid: null}}]) {
    const changed = await me.patch(`${secrets}/named`, patch);
    if (changed.status === 200) assert.notEqual(changed.at('metadata', 'annotations', 'kcp.io/cluster'), theirId);
  }
  assert.equal(succeeded(await theirs.get(`${secrets}/named`)).at('data', 'of'), Buffer.from('theirs').toString('base64'));
  // A workspace cannot be made over one that is there.
  refused(
    await me.post('/apis/tenancy.kcp.io/v1alpha1/workspaces', {...workspaceObject('over'), spec: {cluster: theirId}}),
    403,
    /spec\.cluster can only be set/i,
  );
  const widgetOf = await me.post(widgets, widget('w', {}, claims));
  assert.notEqual(widgetOf.at('metadata', 'annotations', 'kcp.io/cluster'), theirId);
});
