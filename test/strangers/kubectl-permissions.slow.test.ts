/** What kubectl says of permissions, in both versions that we hold ourselves to; and that the thread for heavy requests knows the same ones. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {heavyLimits} from '../../src/server/heavy.ts';
import {kubectlVersions, noTools} from '../support/kubectl.ts';
import {folder, startServer} from '../support/process.ts';
import type {Step} from './shell.ts';
import {openShell} from './shell.ts';

const rbac = 'rbac.authorization.k8s.io';
const reader = (verbs: string): string => `apiVersion: ${rbac}/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [secrets], verbs: [${verbs}]}]
---
apiVersion: ${rbac}/v1
kind: ClusterRoleBinding
metadata: {name: reader}
subjects: [{kind: User, name: jane, apiGroup: ${rbac}}]
roleRef: {kind: ClusterRole, name: reader, apiGroup: ${rbac}}
`;
const otherRole = reader('get').replace('roleRef: {kind: ClusterRole, name: reader', 'roleRef: {kind: ClusterRole, name: view');
const edits = `{apiVersion: ${rbac}/v1, kind: Role, metadata: {name: more}, rules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]}`;

const steps: readonly Step[] = [
  ['create workspace permissions --enter', /root:permissions/],
  ['auth can-i create configmaps', 'yes'],
  ["auth can-i '*' '*'", 'yes'],
  // Whoever may not enter may not ask either.
  ['! auth can-i list secrets --as=jane', /selfsubjectaccessreviews\S+ is forbidden/],
  [
    '! get configmaps --as=jane',
    /configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "default"/,
  ],
  ['create clusterrolebinding enter --clusterrole=system:kcp:workspace:access --user=jane', /created/],
  ['create rolebinding edits --clusterrole=edit --user=jane', /created/],
  ['auth can-i create configmaps --as=jane', 'yes'],
  ['! auth can-i create configmaps -n kube-system --as=jane', /^no/],
  ['! auth can-i list roles --as=jane', /^no/],
  ['auth can-i get /api --as=jane', 'yes'],
  ['! auth can-i get /logs --as=jane', /^no/],
  ['auth can-i --list --as=jane', /^configmaps +\[\] +\[\] +\[.*create.*\]$/m],
  ['auth can-i --list --as=jane', /^ +\[\/apis\/\*\] +\[\] +\[get\]$/m],
  ['auth whoami --as=jane --as-group=team', /Groups +\[team system:authenticated\]/],
  ['create configmap hers --as=jane', 'configmap/hers created'],
  ['create rolebinding admins --clusterrole=admin --user=jane', /created/],
  [
    '! create -f - --as=jane',
    /user "jane" \(groups=\["system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["nodes"\], Verbs:\["get"\]\}/,
    edits,
  ],
  ['auth reconcile -f -', /clusterrole\S* reconciled\n(.|\n)*clusterrolebinding\S* reconciled/, reader('get')],
  ['auth can-i get secrets -n kube-system --as=jane', 'yes'],
  ['auth reconcile -f -', /reconciliation required update|reconciled/, reader('list')],
  ['auth can-i list secrets -n kube-system --as=jane', 'yes'],
  ['auth can-i get secrets -n kube-system --as=jane', 'yes'],
  // A binding of another role is made anew.
  ['auth reconcile -f -', /reconciled/, otherRole],
  ["get clusterrolebinding reader -o 'jsonpath={.roleRef.name}'", 'view'],
  ['! get configmaps --as=jane --as-group=system:masters', /impersonation is not allowed for the requestor/],
];

for (const version of kubectlVersions) {
  test(`what kubectl ${version} says of permissions`, {skip: noTools ?? false, timeout: 120_000}, async t => {
    const server = await startServer(t, {root: folder(t)});
    await openShell(t, server, version).play(steps);
  });
}

test('the thread for heavy requests knows the same permissions', {timeout: 60_000}, async t => {
  const server = await startServer(t, {root: folder(t), args: ['--v=4']});
  const base = '/clusters/root';
  const bindings = `${base}/apis/${rbac}/v1/namespaces/default/rolebindings`;
  const data = Object.fromEntries(Array.from({length: heavyLimits.jsonValuesMax + 1_000}, (_, i) => [`key-${i}`, `value ${i}`]));
  let made = 0;
  const write = async (): Promise<number> => {
    const headers = {'impersonate-user': 'jane'};
    const answer = await server.call(`${base}/api/v1/namespaces/default/configmaps`, {
      method: 'POST',
      headers,
      body: {metadata: {name: `heavy-${made++}`}, data},
    });
    return answer.status;
  };
  assert.equal(await write(), 403);
  for (let round = 0; round < 10; round++) {
    const body = {
      metadata: {name: 'edits'},
      subjects: [{kind: 'User', name: 'jane'}],
      roleRef: {kind: 'ClusterRole', name: 'edit', apiGroup: rbac},
    };
    assert.equal((await server.call(bindings, {method: 'POST', body})).status, 201);
    assert.equal(await write(), 201, `round ${round}`);
    assert.equal((await server.call(`${bindings}/edits`, {method: 'DELETE'})).status, 200);
    assert.equal(await write(), 403, `round ${round}`);
  }
  assert.match(server.output(), /a thread for heavy requests is started/);
  assert.doesNotMatch(server.output(), /mistake of ours|a request failed/);
});
