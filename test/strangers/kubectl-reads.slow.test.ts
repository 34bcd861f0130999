/** What kubectl can ask, in both versions that we hold ourselves to: the same lines for each. The expected answers are those of a real API server. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {kubectlVersions, noTools} from '../support/kubectl.ts';
import {folder, startServer} from '../support/process.ts';
import type {Shell, Step} from './shell.ts';
import {openShell, untilLines} from './shell.ts';
import {widget, widgetsCrd} from './widgets.ts';

for (const version of kubectlVersions) {
  test(`what kubectl ${version} reads`, {skip: noTools ?? false, timeout: 120_000}, async t => {
    const server = await startServer(t, {root: folder(t)});
    const shell = openShell(t, server, version);
    writeFiles(shell.home);
    await shell.play(given);
    // The older one offers KYAML on demand only.
    for (const [title, steps] of chapters) await t.test(title, () => shell.play(steps, {KUBECTL_KYAML: 'true'}));
    await t.test('watches print what comes', () => watches(shell));
  });
}

function writeFiles(home: string): void {
  const file = (name: string, content: string): void => writeFileSync(join(home, name), content);
  file('path', '{.items[*].metadata.name}');
  file('template', '{{len .items}}');
  file('columns', 'NAME SIZE\nmetadata.name spec.size\n');
  file('a.yaml', widget('a', 3));
}

const configMap = (name: string, data = ''): string => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: {${data}}}`;

const given: readonly Step[] = [
  ['create workspace reads --enter', /root:reads/],
  ['create -f -', /created/, widgetsCrd],
  ['wait --for=condition=Established crd/widgets.demo.dev', /met$/m],
  ['create namespace far', /created/],
  ['create -f - --save-config', 'widget.demo.dev/a created', widget('a', 3, 'tags: [x, "y"], ports: [{port: 80, name: web}]')],
  ['create -f -', 'widget.demo.dev/b created', widget('b', 1, 'color: red')],
  ['create -n far -f -', 'widget.demo.dev/c created', widget('c', 2)],
  ['create -f -', 'configmap/m created', configMap('m', 'k: v')],
  ['create secret generic s --from-literal=p=q', /created/],
  [
    'patch widget a --subresource=status --type=merge -p {"status":{"phase":"Up","conditions":[{"type":"Ready","status":"True"}]}}',
    /patched/,
  ],
  ['create role r --verb=get,list --resource=configmaps,widgets.demo.dev --resource-name=x', /created/],
  ['create rolebinding rb --role=r --user=jane --group=g --serviceaccount=default:default', /created/],
  ['create clusterrole cr --verb=get --non-resource-url=/healthz', /created/],
  ['create clusterrolebinding crb --clusterrole=cr --user=joe', /created/],
  ['create quota q --hard=count/configmaps=20', /created/],
  [
    'create -f -',
    'event/e created',
    `{apiVersion: v1, kind: Event, metadata: {name: e}, type: Normal, reason: Why, message: it did, count: 3,
    involvedObject: {apiVersion: demo.dev/v1, kind: Widget, name: a, namespace: default}, source: {component: me},
    firstTimestamp: 2026-01-01T00:00:00Z, lastTimestamp: 2026-01-01T00:00:00Z}`,
  ],
  [
    'create -f -',
    'lease.coordination.k8s.io/l created',
    '{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l}, spec: {holderIdentity: me}}',
  ],
];

const outputs: readonly Step[] = [
  ['get widgets', /^NAME +SIZE\na +3\nb +1\n$/],
  ['get widgets -o wide', /^NAME +SIZE +COLOR\na +3 +blue\nb +1 +red\n$/],
  [
    'get widgets -o yaml',
    /^apiVersion: v1\nitems:\n- apiVersion: demo.dev\/v1\n {2}kind: Widget\n[\s\S]*\nkind: List\nmetadata:\n {2}resourceVersion: ""\n$/,
  ],
  ['get widget a -o kyaml', /^---\n\{\n {2}apiVersion: "demo.dev\/v1",\n {2}kind: "Widget",/],
  ['get widgets -o json', /^\{\n {4}"apiVersion": "v1",\n {4}"items": \[/],
  ['get widgets,configmaps -o name', 'widget.demo.dev/a\nwidget.demo.dev/b\nconfigmap/kube-root-ca.crt\nconfigmap/m'],
  ['get configmap/m secret/s -o name', 'configmap/m\nsecret/s'],
  [`get widgets -o jsonpath='{range .items[*]}{.metadata.name}={.spec.size} {end}'`, 'a=3 b=1'],
  ['get widgets -o jsonpath-file=path', 'a b'],
  ['get widgets -o jsonpath-as-json={.items[*].spec.size}', '[\n    3,\n    1\n]'],
  [`get widgets -o go-template='{{range .items}}{{.metadata.name}} {{end}}'`, 'a b'],
  ['get widgets -o go-template-file=template', '2'],
  ['get widgets -o custom-columns=N:.metadata.name,T:.spec.tags', /^N +T\na +\[x y\]\nb +<none>\n$/],
  ['get widgets -o custom-columns-file=columns', /^NAME +SIZE\na +3\nb +1\n$/],
  ['get widgets --show-labels', /^NAME +SIZE +LABELS\na +3 +app=demo\n/],
  ['get widgets -L app --no-headers', /^a +3 +demo\nb +1 +demo\n$/],
  ['get widget a --show-kind', /^NAME +SIZE\nwidget.demo.dev\/a +3\n$/],
  [
    'get widget a -o yaml --show-managed-fields',
    /^ {2}managedFields:\n {2}- apiVersion: demo.dev\/v1\n {4}fieldsType: FieldsV1\n {4}fieldsV1:\n {6}f:metadata:/m,
  ],
  ['get widgets --sort-by=.spec.size', /^NAME +SIZE\nb +1\na +3\n$/],
  ['get widgets --sort-by={.metadata.name} -o name', 'widget.demo.dev/a\nwidget.demo.dev/b'],
  ['get widgets --server-print=false', /^NAME +AGE\na +\d+s\nb +\d+s\n$/],
  ['get configmap m --server-print=false', /^NAME +AGE\nm +\d+s\n$/],
  ['get -f a.yaml', /^NAME +SIZE\na +3\n$/],
  ['get --raw /apis/demo.dev/v1/namespaces/default/widgets/a', /^\{"apiVersion":"demo.dev\/v1","kind":"Widget"/],
  ['get widget a --subresource=status -o jsonpath={.status.phase}', 'Up'],
  ['get widget a --subresource=status', /^NAME +SIZE\na +3\n$/],
  ['! get widget a --subresource=scale', /the spec replicas field ".spec.replicas" does not exist/],
  ['! get widget a --subresource=nope', 'Error from server (NotFound): widgets.demo.dev "a" not found'],
  ['! get configmap m --subresource=status', 'Error from server (NotFound): the server could not find the requested resource'],
];

const selections: readonly Step[] = [
  ['get widgets -A', /^NAMESPACE +NAME +SIZE\ndefault +a +3\ndefault +b +1\nfar +c +2\n$/],
  ['get wd -n far -o name', 'widget.demo.dev/c'],
  ['get widgets.demo.dev -o name', 'widget.demo.dev/a\nwidget.demo.dev/b'],
  ['get widgets.v1.demo.dev b -o name', 'widget.demo.dev/b'],
  [`get widgets -l 'app in (demo, x),app' -o name`, 'widget.demo.dev/a\nwidget.demo.dev/b'],
  [`get widgets -l 'app notin (demo)'`, 'No resources found in default namespace.'],
  ['get widgets -A -l !app', 'No resources found'],
  ['! get widgets -l app=(', /BadRequest.*unable to parse requirement: found '\(', expected: identifier$/m],
  ['get widgets --field-selector metadata.name!=b -o name', 'widget.demo.dev/a'],
  ['! get widgets --field-selector spec.size=1', /BadRequest.*field label not supported: spec.size$/m],
  ['get secrets --field-selector type=Opaque -o name', 'secret/s'],
  ['get widgets -A --chunk-size=1 -o name', 'widget.demo.dev/a\nwidget.demo.dev/b\nwidget.demo.dev/c'],
  ['get all', /^NAME +SIZE\na +3\nb +1\n$/],
  ['get widget nobody --ignore-not-found', ''],
  ['! get widget nobody a -o name', 'widget.demo.dev/a\nError from server (NotFound): widgets.demo.dev "nobody" not found'],
  ['! get nonesuch', `error: the server doesn't have a resource type "nonesuch"`],
  ['get serviceaccounts', /^NAME +SECRETS +AGE\ndefault +0 +\d+s\n$/],
  ['get quota', /^NAME +REQUEST +LIMIT +AGE\nq +count\/configmaps: 2\/20 +\d+s\n$/],
  ['get crd', /^NAME +CREATED AT\nwidgets.demo.dev +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/],
  ['get leases', /^NAME +HOLDER +AGE\nl +me +\d+s\n$/],
];

const descriptions: readonly Step[] = [
  ['describe widget a', /^Name: +a\nNamespace: +default\nLabels: +app=demo\n[\s\S]*\n {2}Phase: +Up\nEvents: +<none>\n$/],
  ['describe widgets -l app=demo --show-events=false', /^Name: +b$/m],
  ['describe configmap m', /^Data\n====\nk:\n----\nv\n/m],
  ['describe secret s', /^Type: +Opaque\n\nData\n====\np: +1 bytes\n$/m],
  ['describe namespace default far', /^Name: +far\nLabels: +kubernetes.io\/metadata.name=far\n[\s\S]*\nNo resource quota\.\n/m],
  ['describe quota', /^Name: +q\nNamespace: +default\nResource +Used +Hard\n-+ +-+ +-+\ncount\/configmaps +2 +20\n$/],
  ['describe role r', /^ +widgets.demo.dev +\[\] +\[x\] +\[get list\]$/m],
  [
    'describe rolebinding rb',
    /^Role:\n +Kind: +Role\n +Name: +r\nSubjects:\n +Kind +Name +Namespace\n[\s\S]* ServiceAccount +default +default\n$/m,
  ],
  ['describe clusterrole cr', /^ +\[\/healthz\] +\[\] +\[get\]$/m],
  ['describe clusterrolebinding crb', /^ +User +joe +$/m],
  ['describe serviceaccount default', /^Image pull secrets: +<none>\n/m],
  ['describe crd widgets.demo.dev', /^ +Reason: +InitialNamesAccepted$/m],
  ['describe lease l', /^ +Holder Identity: +me$/m],
  ['describe event e', /^Reason: +Why$/m],
  ['! describe widget nobody', 'Error from server (NotFound): widgets.demo.dev "nobody" not found'],
];

const explanations: readonly Step[] = [
  [
    'explain widgets',
    /^GROUP: +demo.dev\nKIND: +Widget\nVERSION: +v1\n\nDESCRIPTION:\n {4}A widget of the demo\.\n {4}\nFIELDS:\n {2}apiVersion\t<string>\n/,
  ],
  ['explain widgets.spec', /^FIELD: spec <Object>\n\n\nDESCRIPTION:\n {4}What is wanted\.\n {4}\nFIELDS:\n {2}color\t<string>\n/m],
  ['explain widgets.spec.ports.name', /^FIELD: name <string>$/m],
  [
    'explain widgets --recursive',
    /^ {2}spec\t<Object>\n {4}color\t<string>\n {4}ports\t<\[\]Object>\n {6}name\t<string>\n {6}port\t<integer> -required-\n {4}replicas\t<integer>\n {4}size\t<integer>\n {4}tags\t<\[\]string>\n {2}status\t<Object>\n {4}conditions\t<\[\]Object>\n {6}status\t<string>\n {6}type\t<string>\n {4}phase\t<string>\n {4}replicas\t<integer>\n/m,
  ],
  ['explain widgets --api-version=demo.dev/v1 --recursive', /^ {2}metadata\t<ObjectMeta>\n {4}annotations\t<map\[string\]string>\n/m],
  [
    'explain widgets --recursive --output=plaintext-openapiv2',
    /^KIND: +Widget\nVERSION: +demo.dev\/v1\n[\s\S]*^ {3}spec\t<Object>\n {6}color\t<string>\n {6}ports\t<\[\]Object>$/m,
  ],
  ['explain widgets.spec.size --output=plaintext-openapiv2', /^FIELD: +size <integer>\n\nDESCRIPTION:\n +How large it is\.$/m],
  ['explain configmap.data', /^KIND: +ConfigMap\nVERSION: +v1\n\nFIELD: data <map\[string\]string>\n\n\nDESCRIPTION:\n {4}\S/],
  ['explain configmap --recursive', /^ {2}binaryData\t<map\[string\]string>\n {2}data\t<map\[string\]string>\n {2}immutable\t<boolean>\n/m],
  ['explain secret --recursive --output=plaintext-openapiv2', /^ {3}stringData\t<map\[string\]string>\n {3}type\t<string>$/m],
  [
    'explain crd.spec.versions.additionalPrinterColumns',
    /^FIELDS:\n {2}description\t<string>\n[\s\S]*^ {2}jsonPath\t<string> -required-$/m,
  ],
  ['explain roles.rules.verbs', /^FIELD: verbs <\[\]string>/m],
  ['explain roles', /^ {2}rules\t<\[\]PolicyRule>\n/m],
  ['explain roles.rules', /^FIELD: rules <\[\]PolicyRule>\n\n\nDESCRIPTION:\n {4}\S.*\n {4}\S.*\n {4}\nFIELDS:\n/m],
  ['explain namespaces', /^ {2}spec\t<NamespaceSpec>\n[\s\S]*^ {2}status\t<NamespaceStatus>\n/m],
  [
    'explain validatingadmissionpolicies --recursive',
    /^ {4}matchConstraints\t<MatchResources>\n[\s\S]*^ {6}namespaceSelector\t<LabelSelector>\n/m,
  ],
  ['explain events --api-version=events.k8s.io/v1', /^ {2}regarding\t<ObjectReference>/m],
  ['explain logicalclusters.spec.owner', /^ {2}uid\t<string>/m],
  ['! explain widgets.spec.nope', /^error: field "nope" does not exist$/m],
  ['! explain nonesuch', `the server doesn't have a resource type "nonesuch"`],
  ['! explain widgets --api-version=demo.dev/v2', `error: couldn't find resource for "demo.dev/v2, Resource=widgets"`],
  ...[
    ['namespaces', 'status'],
    ['serviceaccounts', 'imagePullSecrets'],
    ['resourcequotas', 'spec'],
    ['clusterrolebindings', 'roleRef'],
    ['leases', 'spec'],
    ['validatingwebhookconfigurations', 'webhooks'],
    ['validatingadmissionpolicies', 'spec'],
    ['workspaces', 'spec'],
    ['workspacetypes', 'spec'],
  ].map(([kind, field]): Step => [`explain ${kind} --recursive`, new RegExp(`^ {2}${field}\\t<`, 'm')]),
];

const resources: readonly Step[] = [
  ['api-resources', /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\n[\s\S]*^widgets +wd +demo.dev\/v1 +true +Widget$/m],
  [
    'api-resources --api-group=demo.dev -o wide',
    /^widgets +wd +demo.dev\/v1 +true +Widget +delete,deletecollection,get,list,patch,create,update,watch +all\n$/m,
  ],
  ['api-resources --verbs=list,deletecollection --namespaced --api-group= -o name', /^configmaps\n[\s\S]*^serviceaccounts$/m],
  ['api-resources --verbs=bind --no-headers', ''],
  [
    'api-resources --namespaced=false --api-group=apiextensions.k8s.io --no-headers',
    /^customresourcedefinitions +crd,crds +apiextensions.k8s.io\/v1 +false +CustomResourceDefinition\n$/,
  ],
  ['api-resources --categories=all -o name', 'widgets.demo.dev'],
  ['api-resources --categories=api-extensions -o name --sort-by=name', /^customresourcedefinitions.apiextensions.k8s.io$/m],
  [
    'api-resources --sort-by=kind --api-group=rbac.authorization.k8s.io --no-headers',
    /^clusterroles .*\nclusterrolebindings .*\nroles .*\nrolebindings .*\n$/,
  ],
  ['api-resources --cached --api-group=demo.dev -o json', /"singularName": "widget",[\s\S]*"kind": "Widget"/],
  ['api-versions', /^apiextensions.k8s.io\/v1$[\s\S]*^demo.dev\/v1$[\s\S]*^rbac.authorization.k8s.io\/v1$[\s\S]*^v1$/m],
];

const asking: readonly Step[] = [
  ['get events', /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Normal +Why +widget\/a +it did\n$/],
  ['get events --field-selector involvedObject.name=a -o name', 'event/e'],
  ['events', /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n.* +Normal +Why +Widget\/a +it did\n$/],
  ['events --for widget/a', / +Normal +Why +Widget\/a +it did$/m],
  ['events --types=Warning', 'No events found in default namespace.'],
  ['events -A', /^default +\S+.* Why +Widget\/a +it did$/m],
  ['auth can-i create configmaps', 'yes'],
  [`auth can-i '*' '*' -A`, 'yes'],
  ['auth can-i get /healthz', 'yes'],
  ['auth can-i create widgets.demo.dev --quiet', ''],
  ['auth can-i list nonesuch', /^yes\nWarning: the server doesn't have a resource type 'nonesuch'\n/],
  ['auth can-i --list', /^Resources +Non-Resource URLs +Resource Names +Verbs\n\*\.\* +\[\] +\[\] +\[\*\]\n/],
  ['auth whoami -o jsonpath={.status.userInfo.username}', 'kcp-admin'],
  ['auth whoami -o json', /"kind": "SelfSubjectReview"/],
  ['! cluster-info', /error: the server doesn't have a resource type "services"/],
  ['version -o json', /"serverVersion": \{[\s\S]*"gitVersion": "v1\.\d+/],
  ['get --raw /livez', 'ok'],
  ['get --raw /readyz?verbose', /readyz check passed\n$/],
  ['! get --raw /nope', 'Error from server (NotFound): the server could not find the requested resource'],
  ['! logs widget/a', /no kind "Widget" is registered/],
  ['! create deployment d --image=x', 'error: failed to create deployment: the server could not find the requested resource'],
];

const chapters: readonly (readonly [title: string, steps: readonly Step[]])[] = [
  ['objects in every output', outputs],
  ['some of them', selections],
  ['objects are described', descriptions],
  ['164 kinds explain themselves, built in or not', explanations],
  ['which resources there are', resources],
  ['events, rights, versions and raw paths', asking],
];

async function watches(shell: Shell): Promise<void> {
  const rows = shell.inBackground('get widgets -w --output-watch-events');
  const values = shell.inBackground(`get widget a -w -o jsonpath='[{.metadata.labels.seen}]{"\\n"}'`);
  await untilLines(rows.lines, [/^EVENT +NAME +SIZE$/, /^ADDED +a +3$/, /^ADDED +b +1$/]);
  await untilLines(values.lines, [/^\[\]$/]);
  await shell.play([
    ['create -f -', 'widget.demo.dev/w created', widget('w', 7)],
    ['patch widget w --type=merge -p {"spec":{"size":8}}', /patched/],
    ['delete widget w', /deleted/],
    ['label widget a seen=yes', /labeled/],
  ]);
  await untilLines(values.lines, [/^\[\]$/, /^\[yes\]$/]);
  await untilLines(rows.lines, [
    ...[/^EVENT +NAME +SIZE$/, /^ADDED +a +3$/, /^ADDED +b +1$/],
    ...[/^ADDED +w +7$/, /^MODIFIED +w +8$/, /^DELETED +w +8$/, /^MODIFIED +a +3$/],
  ]);
  rows.end();
  values.end();
}
