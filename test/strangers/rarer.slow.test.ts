import {test} from 'node:test';
import {kubectlVersions, noTools} from '../support/kubectl.ts';
import {folder, startServer} from '../support/process.ts';
import type {Shell, Step} from './shell.ts';
import {openShell} from './shell.ts';

test('what kubectl can do besides', {skip: noTools ?? false, timeout: 60_000}, async t => {
  const server = await startServer(t, {root: folder(t)});
  const shell = openShell(t, server, '1.35');
  await shell.play([['create workspace one --enter', /root:one/]]);
  await t.test('several objects at once', () => shell.play(several));
  for (const version of kubectlVersions)
    await t.test(`tokens of service accounts, by kubectl ${version}`, () => tokens(openShell(t, server, version)));
  await t.test('the kinds of workspaces', () => shell.play(workspaces));
});

const configmap = (name: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
`;

const several: readonly Step[] = [
  ['create -f -', /^configmap\/gen-[a-z0-9]{5} created$/m, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"gen-"}}'],
  [
    'create -f -',
    'configmap/one created\nconfigmap/two created\nconfigmap/three created',
    `${configmap('one')}---${configmap('two')}---
apiVersion: v1
kind: List
items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: three}}]
`,
  ],
];

async function tokens(shell: Shell): Promise<void> {
  await shell.play([
    ['! create token nobody', /serviceaccounts "nobody" not found/],
    ['! create token default --duration=1m', /may not specify a duration less than 10 minutes/],
  ]);
  const {stdout: token} = await shell.kubectl('create token default --duration=10m');
  await shell.play([[`auth whoami --token=${token.trim()}`, /^Username +system:serviceaccount:default:default$/m]]);
}

const workspaces: readonly Step[] = [
  ['get apibindings', /^tenancy\.kcp\.io-\w+ .*True/m],
  ['get logicalclusters', /^cluster +Ready +https:/m],
  ['ws :root', /root/],
  ['get workspace one -o jsonpath={.status.phase}', 'Ready'],
  ['describe workspace one', /^Kind: +Workspace$/m],
  ['get workspacetypes -o name', /^workspacetype.tenancy.kcp.io\/universal$/m],
  ['get shards', /^root +https:\/\/127\.0\.0\.1:\d+ /m],
  ['delete workspace one --wait=false', /^workspace.tenancy.kcp.io "one" deleted/],
  ['wait --for=delete workspace/one --timeout=10s', ''],
];
