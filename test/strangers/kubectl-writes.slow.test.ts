/** How kubectl creates and applies, in both versions that we hold ourselves to: the same lines for each. The expected answers are those of a real API server. */
import assert from 'node:assert/strict';
import {copyFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {kubectlVersions, noTools} from '../support/kubectl.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, startServer} from '../support/process.ts';
import type {Step} from './shell.ts';
import {openShell} from './shell.ts';
import {widget, widgetsCrd} from './widgets.ts';

for (const version of kubectlVersions) {
  test(`what kubectl ${version} writes`, {skip: noTools ?? false, timeout: 120_000}, async t => {
    const server = await startServer(t, {root: folder(t)});
    const shell = openShell(t, server, version);
    writeFiles(shell.home, server);
    await shell.play([
      ['create workspace writes --enter', /root:writes/],
      ['create -f -', /created/, widgetsCrd],
      ['wait --for=condition=Established crd/widgets.demo.dev', /met$/m],
      ['create namespace far', /created/],
    ]);
    for (const [title, steps, env] of chapters) await t.test(title, () => shell.play(steps, env?.(shell.home)));
    await t.test('219 the exit code of diff tells a difference from a mistake', async () => {
      const codes = [9, 5, 0].map(
        async size => (await shell.kubectl('diff -f -', widget('d', size, 'ports: [{port: 443, name: tls}]'))).code,
      );
      assert.deepEqual(await Promise.all(codes), [0, 1, 2]);
    });
  });
}

/** An editor is a script that changes the file it is given. */
const editors: {readonly [name: string]: string} = {
  'a-is-9': `sed -i.old 's/a: "1"/a: "9"/' "$1"`,
  'size-is-4': `sed -i.old 's/size: [0-9]*/size: 4/' "$1"`,
  // What it is shown after its first try was refused, it puts right.
  hasty: `if grep -q 'size: 0' "$1"; then cp "$1" reopened; sed -i.old 's/size: 0/size: 9/' "$1"; else sed -i.old 's/size: [0-9]*/size: 0/' "$1"; fi`,
  'phase-is-up': `printf 'status:\\n  phase: Up\\n' >> "$1"`,
  applied: `sed -i.old 's/size: 3/size: 5/' "$1"`,
};

function writeFiles(home: string, server: ServerProcess): void {
  for (const [name, script] of Object.entries(editors)) writeFileSync(join(home, name), `#!/bin/sh\n${script}\n`, {mode: 0o755});
  writeFileSync(join(home, 'env'), 'A=1\nB=2\n');
  writeFileSync(join(home, 'a.yaml'), widget('a', 3));
  for (const file of ['apiserver.crt', 'apiserver.key']) copyFileSync(join(server.root, file), join(home, file));
}

const by =
  (editor: string) =>
  (home: string): {readonly [name: string]: string} => ({EDITOR: join(home, editor), KUBECTL_APPLYSET: 'true'});

const configMap = (data: string, metadata = 'name: m, labels: {set: s}'): string =>
  `{apiVersion: v1, kind: ConfigMap, metadata: {${metadata}}, data: {${data}}}`;
const account = (...secrets: readonly string[]): string =>
  `{apiVersion: v1, kind: ServiceAccount, metadata: {name: sa}, secrets: [${secrets.map(name => `{name: ${name}}`).join()}]}`;
const role = (verbs: string): string =>
  `{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: rl}, rules: [{apiGroups: [""], resources: [configmaps], verbs: [${verbs}]}]}`;

const generators: readonly Step[] = [
  ['create configmap c1 --from-literal=a=1 --from-literal=b=2', 'configmap/c1 created'],
  ['create configmap c2 --from-env-file=env', 'configmap/c2 created'],
  ['create configmap c3 --from-file=env --from-file=other=env --append-hash', /^configmap\/c3-[a-z0-9]{10} created$/m],
  ['create secret generic s1 --from-literal=p=q --type=demo.dev/own', 'secret/s1 created'],
  ['create secret tls s2 --cert=apiserver.crt --key=apiserver.key', 'secret/s2 created'],
  ['create secret docker-registry s3 --docker-server=r.io --docker-username=u --docker-password=p', 'secret/s3 created'],
  [
    'get secrets',
    /^NAME +TYPE +DATA +AGE\ns1 +demo.dev\/own +1 +\d+s\ns2 +kubernetes.io\/tls +2 +\d+s\ns3 +kubernetes.io\/dockerconfigjson +1 +\d+s\n$/,
  ],
  ['create namespace n --dry-run=client -o name', 'namespace/n'],
  ['create namespace n --dry-run=server -o yaml', /^ {4}kubernetes.io\/metadata.name: "n"\n[\s\S]*^status:\n {2}phase: Active\n/m],
  ['create quota q --hard=count/configmaps=20,secrets=9', 'resourcequota/q created'],
  ['create serviceaccount robot', 'serviceaccount/robot created'],
  ['create token robot', /^ey[\w-]+\.[\w-]+\.[\w-]+$/],
  ['create token robot --audience=x --duration=20m -o jsonpath={.kind}', 'TokenRequest'],
  ['create token robot --bound-object-kind=Secret --bound-object-name=s1', /^ey[\w-]+\.[\w-]+\.[\w-]+$/],
  [
    '! create token robot --bound-object-kind=Secret --bound-object-name=nobody',
    'error: failed to create token: secrets "nobody" not found',
  ],
  [
    'create role r1 --verb=get,list --resource=configmaps,widgets.demo.dev/status --resource-name=x',
    'role.rbac.authorization.k8s.io/r1 created',
  ],
  ['! create role r2 --verb=get --resource=nonesuch', `the server doesn't have a resource type "nonesuch"`],
  [
    'create rolebinding rb --role=r1 --user=jane --group=g --serviceaccount=default:robot',
    'rolebinding.rbac.authorization.k8s.io/rb created',
  ],
  ['create clusterrole cr1 --verb=get --non-resource-url=/healthz', 'clusterrole.rbac.authorization.k8s.io/cr1 created'],
  ['create clusterrole cr2 --aggregation-rule=a=b', 'clusterrole.rbac.authorization.k8s.io/cr2 created'],
  ['create clusterrolebinding crb --clusterrole=cr1 --user=joe', 'clusterrolebinding.rbac.authorization.k8s.io/crb created'],
  ['create -f - --dry-run=server -o name', 'configmap/m', configMap('a: "1"')],
  ['create -f a.yaml --dry-run=client -o jsonpath={.spec.size}', '3'],
  ['create -f - --edit --save-config', 'configmap/edited created', configMap('a: "1"', 'name: edited')],
  ['apply view-last-applied configmap edited', /^data:\n {2}a: "9"\n/m],
  ['! create -f - --validate=strict', /BadRequest\).*strict decoding error: unknown field "spec.nope"$/m, widget('v', 1, 'nope: 2')],
  ['create -f - --validate=warn', 'widget.demo.dev/v created\nWarning: unknown field "spec.nope"', widget('v', 1, 'nope: 2')],
  [
    '! create -f -',
    /^Error from server \(AlreadyExists\): error when creating "STDIN": widgets.demo.dev "v" already exists$/m,
    widget('v', 1),
  ],
  ['! create -f -', /no matches for kind "Pod" in version "v1"/, '{apiVersion: v1, kind: Pod, metadata: {name: p}}'],
  [
    '! create -f -',
    'The Widget "w" is invalid: \n* spec.ports[0].port: Required value\n* spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    '{apiVersion: demo.dev/v1, kind: Widget, metadata: {name: w}, spec: {size: x, ports: [{name: w}]}}',
  ],
  ['create --raw /api/v1/namespaces/default/configmaps -f -', /"name":"raw"/, '{"metadata":{"name":"raw"}}'],
];

const clientSide: readonly Step[] = [
  ['apply -f -', 'widget.demo.dev/a created', widget('a', 3, 'tags: [x, "y"], ports: [{port: 80, name: web}, {port: 443, name: tls}]')],
  [
    'apply -f -',
    'widget.demo.dev/a configured',
    widget('a', 3, 'tags: ["y", z], ports: [{port: 443, name: tls2}, {port: 8080, name: alt}]'),
  ],
  ['get widget a -o jsonpath={.spec.tags}{.spec.ports[*].name}', '["y","z"]tls2 alt'],
  ['apply -f -', 'widget.demo.dev/a configured', widget('a', 4)],
  ['get widget a -o jsonpath={.spec}', '{"color":"blue","size":4}'],
  ['apply -f -', 'configmap/m created', configMap('a: "1", b: "2"')],
  ['patch configmap m -p {"data":{"other":"kept"}}', 'configmap/m patched'],
  ['apply -f -', 'configmap/m configured', configMap('a: "1", c: "3"')],
  ['apply -f -', 'configmap/m unchanged', configMap('a: "1", c: "3"')],
  ['get configmap m -o jsonpath={.data}', '{"a":"1","c":"3","other":"kept"}'],
  ['apply -f -', 'serviceaccount/sa created', account('s1', 's2')],
  ['patch serviceaccount sa -p {"secrets":[{"name":"other"}]}', 'serviceaccount/sa patched'],
  ['apply -f -', 'serviceaccount/sa configured', account('s2', 's3')],
  ['get serviceaccount sa -o jsonpath={.secrets[*].name}', 'other s2 s3'],
  ['apply -f -', 'serviceaccount/sa configured', account('s3')],
  ['get serviceaccount sa -o jsonpath={.secrets[*].name}', 'other s3'],
  ['apply -f -', 'role.rbac.authorization.k8s.io/rl created', role('get, list')],
  ['apply -f -', 'role.rbac.authorization.k8s.io/rl configured', role('get, watch')],
  ['get role rl -o jsonpath={.rules[0].verbs}', '["get","watch"]'],
  ['apply -f a.yaml --dry-run=server', 'widget.demo.dev/a configured (server dry run)'],
  ['apply -f - --dry-run=server', 'configmap/dry created (server dry run)', configMap('a: b', 'name: dry')],
  ['apply -f a.yaml --dry-run=client', 'widget.demo.dev/a configured (dry run)'],
  ['apply -f a.yaml -o jsonpath={.spec.size}', '3'],
  ['apply view-last-applied widget/a -o json', /"size": 3\n/],
  ['apply set-last-applied -f -', 'widget.demo.dev/a configured', widget('a', 3, 'color: red')],
  ['apply view-last-applied -f a.yaml', /^spec:\n {2}color: red\n {2}size: 3\n$/m],
  ['apply edit-last-applied widget/a', 'widget.demo.dev/a edited'],
  ['apply view-last-applied widget/a', /^ {2}size: 5\n/m],
  ['! apply set-last-applied -f -', /no last-applied-configuration annotation found/, widget('v', 1)],
  ['apply set-last-applied --create-annotation -f -', 'widget.demo.dev/v configured', widget('v', 1)],
];

const serverSide: readonly Step[] = [
  ['apply -f -', /a configured/, widget('a', 3, 'ports: [{port: 443, name: tls}]')],
  ['apply --server-side -f -', 'widget.demo.dev/a serverside-applied', widget('a', 3, 'ports: [{port: 443, name: tls}]')],
  ['get widget a --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}', /^(?!.*client-side-apply).*\bkubectl\b/],
  [
    '! apply --server-side --field-manager=other -f -',
    /^error: Apply failed with 1 conflict: conflict with "kubectl": \.spec\.ports\[port=443\]\.name$/m,
    widget('a', 3, 'ports: [{port: 443, name: b}]'),
  ],
  [
    '! apply --server-side --field-manager=other -f -',
    /Apply failed with 2 conflicts: conflicts with "kubectl":\n- .spec.ports\[port=443\].name\n- .spec.size$/m,
    widget('a', 4, 'ports: [{port: 443, name: b}]'),
  ],
  [
    'apply --server-side --field-manager=other --force-conflicts -f -',
    'widget.demo.dev/a serverside-applied',
    widget('a', 4, 'ports: [{port: 443, name: b}, {port: 80}]'),
  ],
  ['get widget a -o jsonpath={.spec.size}{.spec.ports}', '4[{"name":"b","port":443},{"port":80}]'],
  ['apply --server-side --field-manager=other -f -', 'widget.demo.dev/a serverside-applied', widget('a', 4)],
  ['get widget a -o jsonpath={.spec.ports}', '[{"port":443}]'],
  ['apply --server-side --dry-run=server -f a.yaml --force-conflicts', 'widget.demo.dev/a serverside-applied (server dry run)'],
  ['apply --server-side -f -', 'configmap/ssa serverside-applied', configMap('a: "1", b: "2"', 'name: ssa')],
  ['apply --server-side -f -', 'configmap/ssa serverside-applied', configMap('a: "1"', 'name: ssa')],
  ['get configmap ssa -o jsonpath={.data}', '{"a":"1"}'],
  ['! apply -f - --server-side --field-manager=x', /conflict with "kubectl": .data.a/, configMap('a: "2"', 'name: ssa')],
];

const widgetB = widget('b', 1).replace('app: demo', 'set: s');
const pruning: readonly Step[] = [
  ['apply -n far -f -', 'configmap/m created\nwidget.demo.dev/b created', `${configMap('a: b')}\n---${widgetB}`],
  [
    'apply -n far --prune -l set=s --prune-allowlist=core/v1/ConfigMap --prune-allowlist=demo.dev/v1/Widget -f -',
    /^widget.demo.dev\/b unchanged\nconfigmap\/m pruned$/m,
    widgetB,
  ],
  [
    'apply -n far --prune --all --prune-allowlist=demo.dev/v1/Widget -f -',
    /^configmap\/m created\nwidget.demo.dev\/b pruned$/m,
    configMap('a: b'),
  ],
  [
    'apply -n far --prune --applyset=secrets/set -f -',
    'widget.demo.dev/b created\nserviceaccount/sa created',
    `${widgetB}\n---\n${account('s')}`,
  ],
  [
    'get secret set -n far -o jsonpath={.metadata.annotations.applyset\\.kubernetes\\.io/contains-group-kinds}',
    'ServiceAccount,Widget.demo.dev',
  ],
  ['apply -n far --prune --applyset=secrets/set -f -', 'serviceaccount/sa unchanged\nwidget.demo.dev/b pruned', account('s')],
  [
    'apply -n far --prune --applyset=configmaps/other --server-side --force-conflicts -f -',
    'serviceaccount/sa serverside-applied',
    account('s'),
  ],
  [
    'apply -n far --prune --applyset=configmaps/other --server-side -f -',
    'widget.demo.dev/b serverside-applied\nserviceaccount/sa pruned',
    widgetB,
  ],
  ['delete widget b -n far', /deleted/],
  ['get widgets -n far', 'No resources found in far namespace.'],
];

const differences: readonly Step[] = [
  ['apply -f -', 'widget.demo.dev/d created', widget('d', 3, 'ports: [{port: 443, name: tls}]')],
  ['diff -f -', '', widget('d', 3, 'ports: [{port: 443, name: tls}]')],
  ['! diff -f -', /^- {2}size: 3\n\+ {2}size: 4$/m, widget('d', 4, 'ports: [{port: 443, name: tls}]')],
  [
    '! diff --server-side --force-conflicts -f -',
    /^- {2}- name: tls\n\+ {2}- name: b\n {5}port: 443$/m,
    widget('d', 3, 'ports: [{port: 443, name: b}]'),
  ],
  ['! diff -f -', /^\+ {2}name: new$/m, widget('new', 3)],
  ['! diff -f -', /The Widget "d" is invalid/, widget('d', 0)],
  ['! diff -f -', /^- {2}a: "1"\n\+ {2}a: "2"$/m, configMap('a: "2", c: "3"')],
  ['diff --server-side -f -', '', configMap('a: "1"', 'name: ssa')],
];

const editing: readonly Step[] = [
  ['edit widget d', 'widget.demo.dev/d edited'],
  ['edit widget d', 'Edit cancelled, no changes made.'],
  ['get widget d -o jsonpath={.spec.size}', '4'],
  ['edit widget d -o json --save-config --output-patch', 'Edit cancelled, no changes made.'],
];
const hastyEditing: readonly Step[] = [
  ['edit widget d', 'widget.demo.dev/d edited\nerror: widgets.demo.dev "d" is invalid'],
  ['get widget d -o jsonpath={.spec.size}', '9'],
  ['create -f reopened --dry-run=client -o jsonpath={.spec.size}', '0'],
];
const statusEditing: readonly Step[] = [
  ['edit widget d --subresource=status', 'widget.demo.dev/d edited'],
  ['get widget d -o jsonpath={.status.phase}{.spec.size}', 'Up9'],
];

type Chapter = readonly [title: string, steps: readonly Step[], env?: (home: string) => {readonly [name: string]: string}];

const chapters: readonly Chapter[] = [
  ['219 objects are created by every generator', generators, by('a-is-9')],
  ['219 apply by the client, three times with edits of lists', clientSide, by('applied')],
  ['219 apply by the server', serverSide],
  ['219 what is no longer applied is pruned', pruning, by('true')],
  ['219 differences are printed', differences],
  ['219 an editor changes an object', editing, by('size-is-4')],
  ['219 an editor is shown its mistake', hastyEditing, by('hasty')],
  ['219 an editor changes the status', statusEditing, by('phase-is-up')],
];
