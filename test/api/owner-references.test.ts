/** Who may say that an object has an owner, where that is guarded: spec kubernetes-api 9.7. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Api} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded} from '../support/place.ts';
import type {TestPlane} from '../support/plane.ts';
import {inProcess, startPlane, users} from '../support/plane.ts';

const {configMaps, secrets} = paths;
const rbac = '/apis/rbac.authorization.k8s.io/v1';
let plane: TestPlane;
before(async () => {
  if (!inProcess.skip) plane = await startPlane('owners', {guardsOwnerReferences: true});
});
after(() => plane?.stop());

/** A place, and user-1 in it with these rights. */
async function placeFor(...rules: object[]): Promise<{admin: Api; user: Api; uid: string}> {
  const admin = await newPlace(plane);
  const all = [...rules, {nonResourceURLs: ['/'], verbs: ['access']}];
  succeeded(await admin.post(`${rbac}/clusterroles`, {metadata: {name: 'r'}, rules: all}), 201);
  const roleRef = {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r'};
  const subjects = [{apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'user-1'}];
  succeeded(await admin.post(`${rbac}/clusterrolebindings`, {metadata: {name: 'r'}, roleRef, subjects}), 201);
  const owner = succeeded(await admin.post(secrets, {metadata: {name: 'owner'}}), 201);
  return {admin, user: admin.as(users.user1), uid: String(owner.at('metadata', 'uid'))};
}

const maps = (...verbs: string[]) => ({apiGroups: [''], resources: ['configmaps'], verbs});
const owned = (uid: string, more: object = {}) => ({ownerReferences: [{apiVersion: 'v1', kind: 'Secret', name: 'owner', uid, ...more}]});
const blocking = {blockOwnerDeletion: true};

test('an object that exists gets an owner from those who may delete it', inProcess, async () => {
  const {admin, user, uid} = await placeFor(maps('create', 'get', 'patch'));
  succeeded(await user.post(configMaps, configMap('born', {}, owned(uid))), 201);
  succeeded(await admin.post(configMaps, configMap('a')), 201);
  const no = refused(await user.patch(`${configMaps}/a`, {metadata: owned(uid)}), 403, 'Forbidden');
  assert.equal(no.at('message'), `configmaps "a" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>`);
  succeeded(await user.patch(`${configMaps}/a`, {data: {k: 'v'}}), 200);
  succeeded(await admin.patch(`${rbac}/clusterroles/r`, {rules: [maps('*'), {nonResourceURLs: ['/'], verbs: ['access']}]}), 200);
  succeeded(await user.patch(`${configMaps}/a`, {metadata: owned(uid)}), 200);
});

test('deletion of the owner is blocked by those who may set its finalizers', inProcess, async () => {
  const finalizers = {apiGroups: [''], resources: ['secrets/finalizers'], verbs: ['update']};
  const {admin, user, uid} = await placeFor(maps('*'));
  const no = refused(await user.post(configMaps, configMap('a', {}, owned(uid, blocking))), 403, "can't set finalizers on");
  assert.match(String(no.at('message')), /^configmaps "a" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to/);
  succeeded(await user.post(configMaps, configMap('a', {}, owned(uid))), 201);
  refused(await user.patch(`${configMaps}/a`, {metadata: owned(uid, blocking)}), 403, "can't set finalizers on");
  const unknown = {ownerReferences: [{apiVersion: 'no.such/v1', kind: 'Thing', name: 'x', uid: 'y', ...blocking}]};
  refused(await user.post(configMaps, configMap('b', {}, unknown)), 403, 'cannot find RESTMapping for APIVersion no.such/v1 Kind Thing');
  const rules = [maps('*'), finalizers, {nonResourceURLs: ['/'], verbs: ['access']}];
  succeeded(await admin.patch(`${rbac}/clusterroles/r`, {rules}), 200);
  succeeded(await user.patch(`${configMaps}/a`, {metadata: owned(uid, blocking)}), 200);
  // What blocks already may stay, whoever writes the rest.
  succeeded(await admin.patch(`${rbac}/clusterroles/r`, {rules: [maps('*'), rules[2]]}), 200);
  succeeded(await user.patch(`${configMaps}/a`, {data: {k: 'v'}, metadata: {labels: {a: 'b'}}}), 200);
});

test('nothing is asked where nobody wanted it', async () => {
  const open = await startPlane('open');
  const admin = await newPlace(open);
  succeeded(await admin.post(configMaps, configMap('a', {}, owned('some-uid', blocking))), 201);
  await open.stop();
});
