/** A watch ends soon after it is no longer allowed, whoever it was allowed to and however: issue 4, spec kcp 3.9 and 7.7. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api, Watching} from '../support/api-client.ts';
import {bindingObject, rbac, roleObject} from '../support/permissions.ts';
import {configMap, newPlace, paths, refused, succeeded} from '../support/place.ts';
import {createWorkspace, inProcess, startPlane, users, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {configMaps, secrets} = paths;
const own = '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster';
const accounts = '/api/v1/namespaces/t/serviceaccounts';
const everything = plane.api.as(users.shardAdmin);

const made = async (api: Api, path: string, body: object): Promise<Answer> => succeeded(await api.post(path, body), 201);
const enter = (api: Api, to: string, name: string) =>
  made(api, rbac.clusterRoleBindings, bindingObject(name, 'ClusterRole system:kcp:workspace:access', to));
/** Gives somebody rules in a workspace, by a role and a binding of this name. */
async function grant(api: Api, to: string, name: string, rules: readonly string[]): Promise<void> {
  await made(api, rbac.clusterRoles, roleObject(name, rules));
  await made(api, rbac.clusterRoleBindings, bindingObject(name, `ClusterRole ${name}`, to));
}
const revoke = async (api: Api, name: string): Promise<Answer> => succeeded(await api.del(`${rbac.clusterRoleBindings}/${name}`));
const watching = 'get,list,watch core/configmaps';

/** A workspace in which user-1 may watch ConfigMaps and user-2 as well. */
async function place(): Promise<{readonly api: Api; readonly user: Api; readonly other: Api}> {
  const api = await newPlace(plane);
  for (const name of ['user-1', 'user-2']) {
    await enter(api, `User ${name}`, `enter-${name}`);
    await grant(api, `User ${name}`, `watch-${name}`, [watching]);
  }
  return {api, user: api.as(users.user1), other: api.as(users.user2)};
}

/** Demands that these end in good order and without a word, and that those go on. */
async function ends(these: readonly Watching[], those: readonly Watching[] = []): Promise<void> {
  await plane.eventually(() =>
    assert.deepEqual(
      these.map(one => one.over()),
      these.map(() => 'ended'),
    ),
  );
  for (const one of these) assert.ok(!one.seen().some(event => event.startsWith('ERROR')), one.seen().join());
  await goOn(those);
}
async function goOn(those: readonly Watching[]): Promise<void> {
  await plane.settle();
  assert.deepEqual(
    those.map(one => one.over()),
    those.map(() => undefined),
  );
  for (const one of those) one.close();
}

test('watch-after-revoke T13 the binding is gone', async () => {
  const {api, user, other} = await place();
  const [lost, kept, admins] = [await user.watch(configMaps), await other.watch(configMaps), await api.watch(configMaps)];
  await revoke(api, 'watch-user-1');
  await ends([lost], [kept, admins]);
  await assert.rejects(user.watch(configMaps), /403 Forbidden.*cannot watch/);
});

test('watch-after-revoke within a second, however quiet it is, and nothing is told after that', inProcess, async () => {
  const {api, user} = await place();
  const lost = await user.watch(configMaps);
  const seen = lost.seen().length;
  await revoke(api, 'watch-user-1');
  await plane.world.advance(1_000);
  assert.equal(lost.over(), 'ended');
  await made(api, configMaps, configMap('late'));
  await plane.settle();
  assert.equal(lost.seen().length, seen);
});

test('watch-after-revoke the role says less', async () => {
  const {api, user} = await place();
  const [lost, named] = [await user.watch(configMaps), await user.watch(`${configMaps}?fieldSelector=metadata.name%3Dx`)];
  succeeded(await api.put(`${rbac.clusterRoles}/watch-user-1`, roleObject('watch-user-1', ['get,list,watch core/configmaps:x'])));
  await ends([lost], [named]);
});

test('the binding in the namespace is gone', async () => {
  const {api, user} = await place();
  await made(api, rbac.roles('t'), roleObject('reads', ['list,watch core/secrets']));
  await made(api, rbac.roleBindings('t'), bindingObject('reads', 'Role reads', 'User user-1'));
  const [lost, kept] = [await user.watch(secrets), await user.watch(configMaps)];
  succeeded(await api.del(`${rbac.roleBindings('t')}/reads`));
  await ends([lost], [kept]);
});

test('what is allowed by another role as well goes on', async () => {
  const {api, user} = await place();
  await grant(api, 'User user-1', 'more', [watching]);
  const kept = await user.watch(configMaps);
  await revoke(api, 'watch-user-1');
  await plane.settle();
  await made(api, configMaps, configMap('told'));
  await plane.eventually(() => assert.ok(kept.seen().includes('ADDED told')));
  await goOn([kept]);
});

test('watch-after-revoke who may no longer enter watches nothing in it', async () => {
  const {api, user, other} = await place();
  const lost = [await user.watch(configMaps), await user.watch(configMaps.replace('/namespaces/t', ''))];
  const kept = await other.watch(configMaps);
  await revoke(api, 'enter-user-1');
  await ends(lost, [kept]);
});

test('a workspace demands a group', async () => {
  const {api, user} = await place();
  const lost = await user.watch(configMaps);
  succeeded(await api.as(users.shardAdmin).patch(own, {metadata: {annotations: {'authorization.kcp.io/required-groups': 'team-9'}}}));
  await ends([lost]);
});

test('what held in every workspace holds no longer', async () => {
  const {user} = await place();
  const admin = everything.in('/clusters/system:admin');
  await grant(admin, 'User user-1', 'everywhere', ['list,watch core/secrets']);
  const [lost, kept] = [await user.watch(secrets), await user.watch(configMaps)];
  await revoke(admin, 'everywhere');
  await ends([lost], [kept]);
});

test('the workspace is gone, and those below it: for everybody', async () => {
  const {api, user} = await place();
  const name = String(succeeded(await api.get(own)).at('spec', 'owner', 'name'));
  await createWorkspace(plane.api, `root:${name}`, 'below');
  const below = plane.api.in(`/clusters/root:${name}:below`);
  const masters = api.as(users.shardAdmin);
  const lost = [
    await user.watch(configMaps),
    await api.watch(configMaps),
    await masters.watch(configMaps),
    await below.as(users.shardAdmin).watch('/api/v1/configmaps'),
  ];
  await plane.api.del(`${workspacesIn('root')}/${name}`);
  await ends(lost);
});

test('watch-after-revoke T6 the service account is gone, also if there is one of that name again', async () => {
  const {api, other} = await place();
  await made(api, accounts, {metadata: {name: 'robot'}});
  await grant(api, 'ServiceAccount robot t', 'robot', [watching]);
  const token = succeeded(await api.post(`${accounts}/robot/token`, {spec: {}}), 201).at('status', 'token');
  const [lost, kept] = [await api.as(String(token)).watch(configMaps), await other.watch(configMaps)];
  succeeded(await api.del(`${accounts}/robot`));
  await made(api, accounts, {metadata: {name: 'robot'}});
  await ends([lost], [kept]);
  refused(await api.as(String(token)).get(configMaps), 401, 'Unauthorized');
});

// Where signatures are the same each time, the same token is put there again.
test('the Secret that a token lies in says another one', inProcess, async () => {
  const {api} = await place();
  await made(api, accounts, {metadata: {name: 'robot'}});
  await grant(api, 'ServiceAccount robot t', 'robot', [watching]);
  const metadata = {name: 'holder', annotations: {'kubernetes.io/service-account.name': 'robot'}};
  await made(api, secrets, {metadata, type: 'kubernetes.io/service-account-token'});
  const token = await plane.eventually(async () => {
    const found = succeeded(await api.get(`${secrets}/holder`)).at('data', 'token');
    assert.ok(found);
    return Buffer.from(String(found), 'base64').toString();
  });
  const lost = await api.as(token).watch(configMaps);
  succeeded(await api.patch(`${secrets}/holder`, {data: {token: null}}));
  await ends([lost]);
});

test('the Secret that a token is bound to is gone, and the service account watched abroad', async () => {
  const {api} = await place();
  const abroad = await newPlace(plane);
  await made(api, accounts, {metadata: {name: 'robot'}});
  await made(api, secrets, {metadata: {name: 'holder'}});
  await made(api, secrets, {metadata: {name: 'unconcerned'}});
  const id = succeeded(await api.get(own)).at('metadata', 'annotations', 'kcp.io/cluster');
  const name = `User system:kcp:serviceaccount:${id}:t:robot`;
  await enter(abroad, name, 'robot-enters');
  await grant(abroad, name, 'robot', [watching]);
  const bound = {boundObjectRef: {kind: 'Secret', apiVersion: 'v1', name: 'holder'}};
  const tokenFor = async (spec: object) => String(succeeded(await api.post(`${accounts}/robot/token`, {spec}), 201).at('status', 'token'));
  const [lost, kept] = [await abroad.as(await tokenFor(bound)).watch(configMaps), await abroad.as(await tokenFor({})).watch(configMaps)];
  succeeded(await api.del(`${secrets}/unconcerned`));
  await plane.settle();
  assert.equal(lost.over(), undefined);
  succeeded(await api.del(`${secrets}/holder`));
  await ends([lost], [kept]);
  // What it may abroad is for those there to say.
  const once = await abroad.as(await tokenFor({})).watch(configMaps);
  await revoke(abroad, 'robot');
  await ends([once]);
});

test('who acts as another may do so no longer, or the other may no longer watch', async () => {
  const {api, user, other} = await place();
  await grant(api, 'User user-1', 'acts', ['impersonate core/users:user-2']);
  const as2 = {'impersonate-user': 'user-2'};
  const [first, itself, beside] = [await user.watch(configMaps, as2), await user.watch(configMaps), await other.watch(configMaps)];
  await revoke(api, 'acts');
  await ends([first], [itself]);
  await made(api, rbac.clusterRoleBindings, bindingObject('acts', 'ClusterRole acts', 'User user-1'));
  const second = await user.watch(configMaps, as2);
  const mine = await user.watch(configMaps);
  await revoke(api, 'watch-user-2');
  await ends([second, beside], [mine]);
});

test('over a WebSocket', inProcess, async () => {
  const {api, user} = await place();
  const shaken = {'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='};
  const open = (who: Api) => who.watch(configMaps, shaken, {webSocket: true});
  const [lost, kept] = [await open(user), await open(api)];
  assert.deepEqual([lost.status, kept.status], [101, 101]);
  await revoke(api, 'watch-user-1');
  await ends([lost], [kept]);
});

test('while the state at its beginning is still being told, it is broken off', inProcess, async () => {
  const {api, user} = await place();
  const data = {blob: 'x'.repeat(300_000)};
  for (let i = 0; i < 12; i++) await made(api, configMaps, configMap(`large-${i}`, data));
  const lost = await user.watch(configMaps);
  lost.stall();
  await revoke(api, 'watch-user-1');
  await plane.world.advance(1_000);
  assert.equal(lost.over(), 'destroyed');
  assert.ok(lost.seen().length < 12);
});

test('a role that is written anew and says the same ends nothing', async () => {
  const {api, user} = await place();
  const kept = await user.watch(configMaps);
  for (let i = 0; i < 5; i++)
    succeeded(await api.put(`${rbac.clusterRoles}/watch-user-1`, roleObject('watch-user-1', [watching], {}, {round: String(i)})));
  await goOn([kept]);
});
