import assert from 'node:assert/strict';
import {copyFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {kubectlVersions, noTools} from '../support/kubectl.ts';
import {folder, startServer, steadyPort} from '../support/process.ts';
import type {Shell, Step} from './shell.ts';
import {openShell, untilLines} from './shell.ts';
import {openWatch} from './watch.ts';
import {widget, widgetsCrd} from './widgets.ts';

for (const version of kubectlVersions) {
  test(`the first hour with kubectl ${version}`, {skip: noTools ?? false, timeout: 120_000}, async t => {
    const server = await startServer(t, {root: folder(t)});
    const shell = openShell(t, server, version);
    await t.test('workspaces are made, entered and left', () => shell.play(workspaces));
    await t.test('one goes home', () => shell.play(goingHome));
    await t.test('a custom resource is served where its definition is, and nowhere else', () => shell.play(customResources));
    await t.test('objects are printed in every form', () => shell.play(printing));
    await t.test('objects are patched, scaled, labelled and waited for', () => shell.play(changing));
    await t.test('an editor, a difference, a replacement', () => edit(shell));
    await t.test('kinds explain themselves', () => shell.play(explaining));
    await t.test('built-in kinds are made by protobuf', () => shell.play(builtIns));
    await t.test('strategic merge patches of built-in kinds', () => shell.play(strategic));
    await t.test('questions about rights and paths', () => shell.play(asking));
    await t.test('a watch prints what happens', () => watch(shell));
    await t.test('objects go one by one, by label, all at once, and with their namespace', () => shell.play(deleting));
  });
}

test('a server goes on where it was stopped', {skip: noTools ?? false, timeout: 60_000}, async t => {
  const root = folder(t);
  const first = await startServer(t, {root, port: await steadyPort()});
  await openShell(t, first, '1.35').play([
    ['create workspace kept --enter', /Current workspace is 'root:kept'/],
    ['create configmap settings --from-literal=a=1', 'configmap/settings created'],
    ['apply -f -', /widgets.demo.dev created/, widgetsCrd],
    ['wait --for=condition=Established crd/widgets.demo.dev', /met$/m],
    ['apply -f -', 'widget.demo.dev/a created', widget('a', 3)],
  ]);
  const path = '/clusters/root:kept/api/v1/namespaces/default/configmaps';
  const before = (await first.call(path)).json;
  const oldConfig = join(root, 'old.kubeconfig');
  copyFileSync(first.kubeconfig, oldConfig);
  const watch = await openWatch(first, path, '');
  const {code, ms} = await first.stop();
  await watch.ended;
  assert.equal(code, 0, first.output());
  assert.ok(ms < 1000, `it took ${ms} ms to end`);

  const second = await startServer(t, {root, port: first.port});
  const after = (await second.call(path)).json;
  assert.deepEqual(after.items, before.items, 'objects are as they were, up to their resourceVersions');
  assert.ok(Number(after.metadata.resourceVersion) >= Number(before.metadata.resourceVersion));
  const made = await second.call(path, {method: 'POST', body: {metadata: {name: 'later'}}});
  assert.ok(Number(made.json.metadata.resourceVersion) > Number(after.metadata.resourceVersion), made.body);

  assert.equal((await second.call(path, {token: first.token('shard-admin')})).status, 200, 'the token of shard-admin stays');
  assert.equal((await second.call(path, {token: first.token('kcp-admin')})).status, 401, 'the token of kcp-admin is a new one');
  await openShell(t, {...second, kubeconfig: oldConfig}, '1.35').play([
    ['! get configmaps', /You must be logged in to the server/],
    ['get configmaps --user shard-admin', /^settings +1 /m],
  ]);
  await openShell(t, second, '1.35').play([
    ['ws kept', /Current workspace is 'root:kept'/],
    ['get widgets', /^a +3$/m],
    ['create configmap more', 'configmap/more created'],
  ]);
});

const workspaces: readonly Step[] = [
  ['create workspace one --enter', /Workspace "one" \(type root:organization\) is ready to use\.\nCurrent workspace is 'root:one'/],
  ['create workspace two --enter', /Workspace "two" \(type root:universal\) is ready to use\.\nCurrent workspace is 'root:one:two'/],
  ['create workspace three --enter', /Current workspace is 'root:one:two:three' \(type root:universal\)\./],
  ['! create workspace three --enter=false --type=nonesuch', /nonesuch/],
  ['ws ..', /Current workspace is 'root:one:two'/],
  ['! create workspace three', /workspaces.tenancy.kcp.io "three" already exists/],
  ['create workspace three --ignore-existing', /"three" \(type root:universal\) already exists/],
  ['get workspaces', /^NAME +TYPE +REGION +PHASE +URL +AGE\nthree +universal +Ready +https:\/\/127/],
  ['ws -', /Current workspace is 'root:one:two:three'/],
  ['ws :root', /Current workspace is 'root'/],
  ['ws tree', /^\.\n└── root\n {4}└── one\n {8}└── two\n {12}└── three\n/],
  ['ws one:two', /Current workspace is 'root:one:two'/],
  ['ws .', /^Current workspace is 'root:one:two'/],
  ['! ws nonesuch', /nonesuch/],
  ['ws :root:one', /Current workspace is 'root:one'/],
];

/** The administrator of the kubeconfig is kcp-admin. */
const goingHome: readonly Step[] = [
  ['ws', /Current workspace is 'kvdk2spgmbix'\.\n/],
  ['get namespaces -o name', 'namespace/default\nnamespace/kube-system'],
  ['create workspace sub --enter', /Current workspace is 'kvdk2spgmbix:sub' \(type root:universal\)/],
  ['ws ~', /Current workspace is 'kvdk2spgmbix'/],
  ['ws ~:sub', /Current workspace is 'kvdk2spgmbix:sub'/],
  ['ws :user:kcp-admin:sub', /Current workspace is 'user:kcp-admin:sub'/],
  ['create configmap there --from-literal=a=1', 'configmap/there created'],
  ['ws ..', /Current workspace is 'user:kcp-admin'/],
  ['get workspaces', /^NAME +TYPE +REGION +PHASE +URL +AGE\nsub +universal +Ready +https:\S+\/clusters\/user:kcp-admin:sub +\d+s\n$/],
  ['ws :root', /Current workspace is 'root'/],
  ['get workspace ~', /^NAME +TYPE +REGION +PHASE +URL +AGE\ncluster .*Ready +https:\S+\/clusters\/kvdk2spgmbix +\d+s\n$/],
  ['get workspace ~ --as=jane -o jsonpath={.status.phase}', 'Ready'],
  ['ws :user:jane', /Current workspace is 'user:jane'/],
  ['get clusterrolebinding workspace-admin -o jsonpath={.subjects[0].name}', 'jane'],
  ['! ws :user:nobody', /access to workspace "user:nobody" denied/],
  ['ws :root:one', /Current workspace is 'root:one'/],
];

const customResources: readonly Step[] = [
  ['apply -f -', 'customresourcedefinition.apiextensions.k8s.io/widgets.demo.dev created', widgetsCrd],
  ['wait --for=condition=Established crd/widgets.demo.dev', 'customresourcedefinition.apiextensions.k8s.io/widgets.demo.dev condition met'],
  ['apply -f -', 'widget.demo.dev/a created', widget('a', 3)],
  ['apply -f -', 'widget.demo.dev/a unchanged', widget('a', 3)],
  ['apply -f -', 'widget.demo.dev/a configured', widget('a', 4)],
  ['! apply -f -', /The Widget "b" is invalid: spec.size: Invalid value: 0: .* should be greater than or equal to 1/, widget('b', 0)],
  ['apply --server-side -f -', 'widget.demo.dev/a serverside-applied', widget('a', 5)],
  ['! apply --server-side --field-manager=other -f -', /conflict with "kubectl": .spec.size/, widget('a', 4)],
  ['apply --server-side --field-manager=other --force-conflicts -f -', 'widget.demo.dev/a serverside-applied', widget('a', 4)],
  ['ws two', /root:one:two/],
  ['! get widgets', /the server doesn't have a resource type "widgets"/],
  ['! create -f -', /no matches for kind "Widget" in version "demo.dev\/v1"/, widget('a', 3)],
  ['ws ..', /root:one/],
];

const printing: readonly Step[] = [
  ['get widgets', /^NAME +SIZE\na +4\n$/],
  ['get wd -o wide', /^NAME +SIZE +COLOR\na +4 +blue\n$/],
  ['get widgets -A', /^NAMESPACE +NAME +SIZE\ndefault +a +4\n$/],
  ['get all --show-labels', /^NAME +SIZE +LABELS\na +4 +app=demo\n$/],
  ['get widget a -o yaml', /^apiVersion: demo.dev\/v1\nkind: Widget\nmetadata:\n[\s\S]*\nspec:\n {2}color: blue\n {2}size: 4\n$/],
  ['get widget a -o json', /^\{\n {4}"apiVersion": "demo.dev\/v1",\n {4}"kind": "Widget"/],
  ['get widgets -o name', 'widget.demo.dev/a'],
  ['get widgets -o jsonpath={.items[*].spec.size}', '4'],
  ['get widgets -o custom-columns=N:.metadata.name,S:.spec.size', /^N +S\na +4\n$/],
  ['get widgets --field-selector metadata.name=a -l app=demo -o name', 'widget.demo.dev/a'],
  ['get widgets -l app!=demo', /No resources found/],
  ['describe widget a', /^Name: +a\nNamespace: +default\nLabels: +app=demo\n/],
];

const changing: readonly Step[] = [
  ['patch widget a --type=merge -p {"spec":{"size":7,"replicas":1}}', 'widget.demo.dev/a patched'],
  ['patch widget a --type=json -p [{"op":"replace","path":"/spec/size","value":8}]', 'widget.demo.dev/a patched'],
  ['patch widget a --type=merge -p {"spec":{"size":8}}', 'widget.demo.dev/a patched (no change)'],
  ['! patch widget a -p {"spec":{"size":9}}', /strategic-merge-patch\+json is not supported by demo.dev\/v1/],
  ['scale widget a --replicas=3', 'widget.demo.dev/a scaled'],
  ['get widget a -o jsonpath={.spec.size},{.spec.replicas}', '8,3'],
  [
    'patch widget a --subresource=status --type=merge -p {"status":{"phase":"Ready","conditions":[{"type":"Ready","status":"True"}]}}',
    /patched/,
  ],
  ['wait --for=condition=Ready widget/a --timeout=5s', 'widget.demo.dev/a condition met'],
  ['wait --for=jsonpath={.status.phase}=Ready widget/a --timeout=5s', 'widget.demo.dev/a condition met'],
  ['! wait --for=condition=Other widget/a --timeout=1s', /timed out waiting for the condition/],
  ['label widget a tier=gold', 'widget.demo.dev/a labeled'],
  ['! label widget a tier=silver', /already has a value/],
  ['label widget a tier-', 'widget.demo.dev/a unlabeled'],
  ['annotate widget a note=hi', 'widget.demo.dev/a annotated'],
];

async function edit(shell: Shell): Promise<void> {
  const editor = join(shell.home, 'editor');
  writeFileSync(editor, '#!/bin/sh\nsed -i.old "s/size: 8/size: 11/" "$1"\n', {mode: 0o755});
  await shell.play([['edit widget a', 'widget.demo.dev/a edited']], {EDITOR: editor});
  await shell.play([
    ['get widget a -o jsonpath={.spec.size}', '11'],
    ['! diff -f -', /^- {2}size: 11\n\+ {2}size: 12$/m, widget('a', 12)],
    ['replace -f -', 'widget.demo.dev/a replaced', widget('a', 12)],
    ['get widget a -o jsonpath={.spec.size}', '12'],
    ['! replace -f -', /widgets.demo.dev "nobody" not found/, widget('nobody', 1)],
  ]);
}

const explaining: readonly Step[] = [
  ['explain widgets', /^GROUP: +demo.dev\nKIND: +Widget\nVERSION: +v1\n\nDESCRIPTION:\n {4}A widget of the demo\./],
  ['explain widgets.spec.size', /FIELD: size <integer>[\s\S]*How large it is\./],
  ['explain widgets --recursive', /^ {2}spec\t<Object>\n {4}color\t<string>\n {4}ports\t<\[\]Object>\n {6}name\t<string>\n/m],
  ['explain configmaps --recursive', /^ {2}data\t<map\[string\]string>$/m],
  ['explain clusterroles.rules', /FIELD: rules <\[\]/],
  ['explain workspaces.spec', /^KIND: +Workspace$/m],
  ['api-resources', /^widgets +wd +demo.dev\/v1 +true +Widget$/m],
  ['api-resources --namespaced=false --api-group=tenancy.kcp.io', /^workspaces +ws +tenancy.kcp.io\/v1alpha1 +false +Workspace$/m],
  ['api-versions', /^demo.dev\/v1$/m],
];

const builtIns: readonly Step[] = [
  ['create configmap c1 --from-literal=a=1 --from-literal=b=2', 'configmap/c1 created'],
  ['! create configmap c1', /configmaps "c1" already exists/],
  ['create secret generic s1 --from-literal=password=hidden', 'secret/s1 created'],
  ['create namespace demo', 'namespace/demo created'],
  ['create serviceaccount robot', 'serviceaccount/robot created'],
  ['create role r --verb=get,list --resource=configmaps', 'role.rbac.authorization.k8s.io/r created'],
  ['create rolebinding rb --role=r --user=jane --serviceaccount=default:robot', 'rolebinding.rbac.authorization.k8s.io/rb created'],
  ['create clusterrole cr --verb=* --resource=secrets', 'clusterrole.rbac.authorization.k8s.io/cr created'],
  ['create clusterrolebinding crb --clusterrole=cr --group=g', 'clusterrolebinding.rbac.authorization.k8s.io/crb created'],
  ['create quota q --hard=count/configmaps=50 -n demo', 'resourcequota/q created'],
  ['create -f -', 'configmap/stdin created', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stdin"},"data":{"x":"y"}}'],
  ['get configmaps', /^NAME +DATA +AGE\nc1 +2 +\d+s\nkube-root-ca.crt +1 +\d+s\nstdin +1 +\d+s\n$/],
  ['get secrets', /^NAME +TYPE +DATA +AGE\ns1 +Opaque +1 +\d+s\n$/],
  ['get namespaces', /^demo +Active +\d+s$/m],
  ['get rolebinding rb -o wide', /^rb +Role\/r +\d+s +jane +default\/robot$/m],
  ['get clusterrolebinding crb -o wide', /^crb +ClusterRole\/cr +\d+s +g *$/m],
  ['get secret s1 -o jsonpath={.data.password}', Buffer.from('hidden').toString('base64')],
];

const strategic: readonly Step[] = [
  ['patch configmap c1 -p {"data":{"a":"5","b":null}}', 'configmap/c1 patched'],
  ['get configmap c1 -o jsonpath={.data}', '{"a":"5"}'],
  ['patch serviceaccount robot -p {"secrets":[{"name":"s1"}]}', 'serviceaccount/robot patched'],
  ['patch serviceaccount robot -p {"secrets":[{"name":"s2"}]}', 'serviceaccount/robot patched'],
  ['get serviceaccount robot -o jsonpath={.secrets[*].name}', /^s2 s1$/],
  ['apply -f -', /configured/, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c1","namespace":"default"},"data":{"c":"1"}}'],
  [
    'apply -f -',
    'configmap/c1 configured',
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c1","namespace":"default"},"data":{"d":"1"}}',
  ],
  ['get configmap c1 -o jsonpath={.data}', '{"a":"5","d":"1"}'],
];

const asking: readonly Step[] = [
  ['create configmap dry --dry-run=server', 'configmap/dry created (server dry run)'],
  ['! get configmap dry', 'Error from server (NotFound): configmaps "dry" not found'],
  ['delete configmap c1 --dry-run=server', /\(server dry run\)/],
  ['get configmaps --chunk-size=1 -o name', 'configmap/c1\nconfigmap/kube-root-ca.crt\nconfigmap/stdin'],
  ['get --raw /api/v1/namespaces/default/configmaps/c1', /^\{.*"kind":"ConfigMap"/],
  ['get --raw /readyz', 'ok'],
  ['! get --raw /apis/nonesuch', /^Error from server \(NotFound\)/],
  ['auth can-i create configmaps', 'yes'],
  ['auth can-i --list', /^\*\.\* +\[\] +\[\] +\[\*\]$/m],
  ['! get configmaps --as jane', /User "jane" cannot list resource "configmaps"/],
  ['auth whoami', /^Username +kcp-admin$[\s\S]*^Groups +\[system:kcp:admin system:authenticated\]$/m],
  ['version', /^Server Version: v1\.\d+\.\d+/m],
];

async function watch(shell: Shell): Promise<void> {
  const rows = shell.inBackground('get configmaps -w --output-watch-events -l seen=yes');
  const labelled = (data: string): string =>
    JSON.stringify({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'w', labels: {seen: 'yes'}}, data: {data}});
  await shell.play([
    ['create -f -', 'configmap/w created', labelled('1')],
    ['replace -f -', 'configmap/w replaced', labelled('2')],
    ['label configmap w seen-', 'configmap/w unlabeled'],
    ['label configmap w seen=yes', 'configmap/w labeled'],
    ['delete configmap w', /"w" deleted/],
  ]);
  const row = (type: string): RegExp => new RegExp(`^${type} +w +1 +\\d+s$`);
  await untilLines(rows.lines, [/^EVENT +NAME +DATA +AGE$/, ...['ADDED', 'MODIFIED', 'DELETED', 'ADDED', 'DELETED'].map(row)]);
  rows.end();
}

const deleting: readonly Step[] = [
  ['delete configmap stdin', /^configmap "stdin" deleted/],
  ['! delete configmap stdin', /configmaps "stdin" not found/],
  ['label configmap c1 going=yes', 'configmap/c1 labeled'],
  ['create configmap c2', 'configmap/c2 created'],
  ['delete configmaps -l going=yes', /^configmap "c1" deleted/],
  ['delete configmaps --all', /^configmap "c2" deleted[\s\S]*configmap "kube-root-ca.crt" deleted/],
  ['create configmap inside -n demo', 'configmap/inside created'],
  ['apply -n demo -f -', 'widget.demo.dev/b created', widget('b', 3)],
  ['delete namespace demo --timeout=15s', /^namespace "demo" deleted/],
  ['! get namespace demo', /namespaces "demo" not found/],
  ['get configmaps,widgets -n demo', /No resources found/],
  ['delete widget a', /^widget.demo.dev "a" deleted/],
  ['wait --for=delete widget/a --timeout=5s', ''],
  ['delete crd widgets.demo.dev', /deleted/],
  ['! get --raw /apis/demo.dev/v1/widgets', /^Error from server \(NotFound\)/],
  ['ws :root', /root/],
  ['delete workspace one --timeout=15s', /^workspace.tenancy.kcp.io "one" deleted/],
  ['get workspaces', /No resources found/],
];
