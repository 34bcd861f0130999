import {test} from 'node:test';
import {kubectlVersions, noTools} from '../support/kubectl.ts';
import {folder, startServer} from '../support/process.ts';
import {requestFor} from '../support/signing-request.ts';
import type {Shell, Step} from './shell.ts';
import {openShell} from './shell.ts';
import {widget, widgetsCrd} from './widgets.ts';

test('what kubectl can do besides', {skip: noTools ?? false, timeout: 60_000}, async t => {
  const server = await startServer(t, {root: folder(t)});
  const shell = openShell(t, server, '1.35');
  await shell.play([
    ['create workspace one --enter', /root:one/],
    ['apply -f -', /created/, widgetsCrd],
    ['wait --for=condition=Established crd/widgets.demo.dev', /met$/m],
  ]);
  await t.test('several objects at once', () => shell.play(several));
  await t.test('other ways to read', () => shell.play(reading));
  await t.test('other ways to delete', () => shell.play(deleting));
  await t.test('rights are reconciled and described', () => shell.play(rights));
  for (const version of kubectlVersions)
    await t.test(`tokens of service accounts, by kubectl ${version}`, () => tokens(openShell(t, server, version)));
  await t.test('requests for certificates', () => shell.play(certificates));
  await t.test('the kinds of workspaces', () => shell.play(workspaces));
});

const configmap = (name: string, labels = ''): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, labels: {${labels}}}
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
  ['apply -f -', 'configmap/p1 created\nconfigmap/p2 created', `${configmap('p1', 'set: p')}---${configmap('p2', 'set: p')}`],
  [
    'apply --prune -l set=p --prune-allowlist=core/v1/ConfigMap -f -',
    'configmap/p1 unchanged\nconfigmap/p2 pruned',
    configmap('p1', 'set: p'),
  ],
  ['apply view-last-applied configmap/p1 -o json', /"name": "p1"/],
  ['label configmap one x=1', 'configmap/one labeled'],
  ['label configmap one x=2 --overwrite', 'configmap/one labeled'],
];

const reading: readonly Step[] = [
  ['apply -f -', 'widget.demo.dev/b created', widget('b', 1)],
  ['apply -f -', 'widget.demo.dev/a created', widget('a', 2)],
  ['get widgets --sort-by=.spec.size -o name', 'widget.demo.dev/b\nwidget.demo.dev/a'],
  ['get widgets -o go-template={{range.items}}{{.metadata.name}},{{end}}', 'a,b,'],
  ['get widget nobody --ignore-not-found', ''],
  ['get widget a --subresource=status', /^NAME +SIZE\na +2\n$/],
  ['get widgets --show-kind --no-headers', 'widget.demo.dev/a   2\nwidget.demo.dev/b   1'],
  ['get widget a --output-watch-events --watch --request-timeout=1s', /^EVENT +NAME +SIZE\nADDED +a +2\n/],
  ['wait --for=create configmap/p1 --timeout=3s', 'configmap/p1 condition met'],
  ['get events', /No resources found/],
  ['describe namespace default', /^Name: +default$[\s\S]*^Status: +Active$/m],
  ['describe crd widgets.demo.dev', /^ +Type: +Established$/m],
];

const deleting: readonly Step[] = [
  ['replace --force -f -', 'widget.demo.dev "a" deleted from default namespace\nwidget.demo.dev/a replaced', widget('a', 5)],
  ['delete configmap three --wait=false', /^configmap "three" deleted/],
  ['delete configmap two --force --grace-period=0', /^configmap "two" force deleted/m],
  ['delete widget a --cascade=foreground', /^widget.demo.dev "a" deleted/],
  ['delete widget b --cascade=orphan', /^widget.demo.dev "b" deleted/],
  ['get widgets', /No resources found/],
];

const rights: readonly Step[] = [
  [
    'auth reconcile -f -',
    /^clusterrole.rbac.authorization.k8s.io\/reader reconciled/,
    '{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"reader"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]}',
  ],
  ['describe clusterrole reader', /^ {2}configmaps +\[\] +\[\] +\[get\]$/m],
  ['create rolebinding readers --clusterrole=reader --user=jane', 'rolebinding.rbac.authorization.k8s.io/readers created'],
  ['set subject rolebinding readers --user=john', 'rolebinding.rbac.authorization.k8s.io/readers subjects updated'],
  ['get rolebinding readers -o jsonpath={.subjects[*].name}', 'jane john'],
];

async function tokens(shell: Shell): Promise<void> {
  await shell.play([
    ['! create token nobody', /serviceaccounts "nobody" not found/],
    ['! create token default --duration=1m', /may not specify a duration less than 10 minutes/],
  ]);
  const {stdout: token} = await shell.kubectl('create token default --duration=10m');
  await shell.play([[`auth whoami --token=${token.trim()}`, /^Username +system:serviceaccount:default:default$/m]]);
}

const certificateRequest = (name: string): string =>
  JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: {name},
    spec: {request: requestFor(name), signerName: 'demo.dev/clients', usages: ['client auth'], expirationSeconds: 86_400},
  });
const pending = (name: string): RegExp => new RegExp(`^${name} +\\d+s +demo\\.dev/clients +kcp-admin +24h +Pending$`, 'm');

/** Signing it twice would make two. */
const john = certificateRequest('john');

const certificates: readonly Step[] = [
  ['create -f -', 'certificatesigningrequest.certificates.k8s.io/jane created', certificateRequest('jane')],
  ['apply -f -', 'certificatesigningrequest.certificates.k8s.io/john created', john],
  ['get csr', /^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION$/m],
  ['get csr', pending('jane')],
  ['certificate approve jane', 'certificatesigningrequest.certificates.k8s.io/jane approved'],
  ['certificate deny john', 'certificatesigningrequest.certificates.k8s.io/john denied'],
  ['wait --for=condition=Approved csr/jane --timeout=3s', 'certificatesigningrequest.certificates.k8s.io/jane condition met'],
  ['get csr jane --no-headers', / Approved$/m],
  ['get csr john --no-headers', / Denied$/m],
  ['! certificate approve john', /certificate signing request "john" is already Denied/],
  ['describe csr jane', /^Subject:\n +Common Name: +jane$/m],
  ['apply -f -', 'certificatesigningrequest.certificates.k8s.io/john unchanged', john],
  ['get csr --field-selector=spec.signerName=demo.dev/clients -o name', /jane\n.*john$/m],
  ['delete csr jane john', /^certificatesigningrequest.certificates.k8s.io "jane" deleted/],
];

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
