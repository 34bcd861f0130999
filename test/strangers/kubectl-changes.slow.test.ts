/** How kubectl changes and deletes, in both versions that we hold ourselves to: the same lines for each. The expected answers are those of a real API server. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {kubectlVersions, noTools} from '../support/kubectl.ts';
import {folder, sleep, startServer} from '../support/process.ts';
import type {Shell, Step} from './shell.ts';
import {openShell} from './shell.ts';
import {widget, widgetsCrd} from './widgets.ts';

for (const version of kubectlVersions) {
  test(`what kubectl ${version} changes and deletes`, {skip: noTools ?? false, timeout: 120_000}, async t => {
    const shell = openShell(t, await startServer(t, {root: folder(t)}), version);
    writeFiles(shell.home);
    await shell.play(given);
    for (const [title, steps] of chapters) await t.test(title, () => shell.play(steps));
    await t.test('219 a wait for what comes later', () => waitForLater(shell));
    await t.test('219 owners go with what they own, before it, after it or without it', () => owners(shell));
    await t.test('219 objects are deleted', () => shell.play(deleting));
  });
}

function writeFiles(home: string): void {
  writeFileSync(join(home, 'patch.json'), '{"spec":{"color":"green"}}');
  writeFileSync(join(home, 'a.yaml'), widget('a', 3));
  const kustomization = join(home, 'overlay');
  mkdirSync(kustomization);
  writeFileSync(join(kustomization, 'widget.yaml'), widget('k', 2));
  writeFileSync(
    join(kustomization, 'kustomization.yaml'),
    `resources: [widget.yaml]
namePrefix: my-
namespace: far
configMapGenerator: [{name: gen, literals: [a=b], options: {disableNameSuffixHash: true}}]
`,
  );
}

const configMap = (name: string, data = ''): string => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: {${data}}}`;

const given: readonly Step[] = [
  ['create workspace changes --enter', /root:changes/],
  ['create -f -', /created/, widgetsCrd],
  ['wait --for=condition=Established crd/widgets.demo.dev', /met$/m],
  ['create namespace far', /created/],
  ['create -f -', 'widget.demo.dev/a created', widget('a', 3)],
  ['create -f -', 'widget.demo.dev/b created', widget('b', 1)],
  ['create configmap m --from-literal=a=1', /created/],
  ['create serviceaccount sa', /created/],
];

const patches: readonly Step[] = [
  [
    `patch widget a --type=json -p '[{"op":"replace","path":"/spec/size","value":5},{"op":"test","path":"/spec/size","value":5}]'`,
    'widget.demo.dev/a patched',
  ],
  [
    `! patch widget a --type=json -p [{"op":"test","path":"/spec/size","value":6}]`,
    /^The request is invalid: the server rejected our request due to an error in our request$/m,
  ],
  [`! patch widget a --type=json -p {"a":1}`, /\(BadRequest\): error decoding patch: /m],
  [`patch widget a --type=merge -p 'spec: {size: 6, color: null}' -o jsonpath={.spec}`, '{"color":"blue","size":6}'],
  ['patch widget a --type=merge -p {"spec":{"size":6}}', 'widget.demo.dev/a patched (no change)'],
  [
    '! patch widget a --type=merge -p {"spec":{"size":"x"}}',
    /^The Widget "a" is invalid: spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"$/m,
  ],
  ['patch widget a --type=merge -p {"spec":{"nope":1}}', /^Warning: unknown field "spec.nope"$/m],
  [
    '! patch widget a --type=merge -p {"metadata":{"name":"b"}}',
    'Error from server (BadRequest): the name of the object (b) does not match the name on the URL (a)',
  ],
  ['patch widget a --type=merge --patch-file=patch.json', 'widget.demo.dev/a patched'],
  ['patch -f a.yaml --type=merge -p {"spec":{"color":"pink"}} --local -o jsonpath={.spec.color}', 'pink'],
  ['patch -f a.yaml --type=merge -p {"spec":{"color":"pink"}} --dry-run=server', 'widget.demo.dev/a patched'],
  ['! patch widget a -p {"spec":{"size":6}}', /strategic-merge-patch\+json is not supported by demo.dev\/v1, Kind=Widget/],
  ['patch configmap m -p {"data":{"z":"1","a":null}}', 'configmap/m patched'],
  ['get configmap m -o jsonpath={.data}', '{"z":"1"}'],
  ['patch sa sa -p {"secrets":[{"name":"one"},{"name":"two"}]}', 'serviceaccount/sa patched'],
  ['patch sa sa -p {"secrets":[{"$patch":"delete","name":"one"},{"name":"three"}]}', 'serviceaccount/sa patched'],
  ['get sa sa -o jsonpath={.secrets[*].name}', 'three two'],
  ['patch sa sa -p {"secrets":[{"$patch":"replace"},{"name":"only"}]}', 'serviceaccount/sa patched'],
  ['get sa sa -o jsonpath={.secrets}', '[{"name":"only"}]'],
  ['patch widget a --subresource=status --type=merge -p {"spec":{"size":99},"status":{"phase":"Up"}}', 'widget.demo.dev/a patched'],
  ['patch widget a --type=merge -p {"spec":{"replicas":3}}', 'widget.demo.dev/a patched'],
  ['patch widget a --subresource=scale --type=merge -p {"spec":{"replicas":4}}', 'scale.autoscaling/a patched'],
  ['get widget a -o jsonpath={.spec.size}{.spec.replicas}{.status.phase}', '64Up'],
  ['! patch configmap nobody -p {}', 'Error from server (NotFound): configmaps "nobody" not found'],
];

const labels: readonly Step[] = ['label', 'annotate'].flatMap((verb): readonly Step[] => {
  const [done, undone] = verb === 'label' ? ['labeled', 'unlabeled'] : ['annotated', 'annotated'];
  return [
    [`${verb} widget a t=1 u=2`, `widget.demo.dev/a ${done}`],
    [
      `! ${verb} widget a t=3`,
      verb === 'label'
        ? `error: 't' already has a value (1), and --overwrite is false`
        : `error: --overwrite is false but found the following declared annotation(s): 't' already has a value (1)`,
    ],
    [`${verb} widget a t=3 --overwrite`, `widget.demo.dev/a ${done}`],
    [`${verb} widget a u-`, `widget.demo.dev/a ${undone}`],
    [`${verb} widget a --list`, /^t=3$/m],
    [`${verb} widgets --all all=yes`, /^widget.demo.dev\/a [\s\S]*^widget.demo.dev\/b /m],
    [`${verb} widgets -l app=demo selected=yes`, /^widget.demo.dev\/a [\s\S]*^widget.demo.dev\/b /m],
    [`${verb} -f a.yaml filed=yes`, `widget.demo.dev/a ${done}`],
    [`${verb} namespace far team=x`, `namespace/far ${done}`],
    [`${verb} crd widgets.demo.dev team=x`, `customresourcedefinition.apiextensions.k8s.io/widgets.demo.dev ${done}`],
    [`${verb} widget a dry=run --dry-run=server -o jsonpath={.metadata.${verb === 'label' ? 'labels' : 'annotations'}.dry}`, 'run'],
    [
      `! ${verb} widget a r=1 --resource-version=1`,
      /^Error from server \(Conflict\): Operation cannot be fulfilled on widgets.demo.dev "a": the object has been modified; /m,
    ],
    [`! ${verb} widget nobody r=1`, 'Error from server (NotFound): widgets.demo.dev "nobody" not found'],
  ];
});

const waiting: readonly Step[] = [
  ['patch widget a --subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}', /patched/],
  ['wait --for=condition=Ready widget/a --timeout=3s', 'widget.demo.dev/a condition met'],
  ['! wait --for=condition=Ready=False widget/a --timeout=1s', /^error: timed out waiting for the condition on widgets\/a$/m],
  ['wait --for=jsonpath={.status.phase}=Up widget/a --timeout=3s', 'widget.demo.dev/a condition met'],
  ['wait --for=jsonpath={.status.phase} widgets -l t=3 --timeout=3s', 'widget.demo.dev/a condition met'],
  [
    'wait --for=condition=Established crd --all --timeout=3s',
    'customresourcedefinition.apiextensions.k8s.io/widgets.demo.dev condition met',
  ],
  ['wait --for=delete widget/nobody --timeout=3s', ''],
  ['wait --for=create widget/a --timeout=3s', 'widget.demo.dev/a condition met'],
  ['! wait --for=condition=Ready widget -l nope=1 --timeout=1s', 'error: no matching resources found'],
  ['! wait --for=condition=Ready widget/nobody --timeout=1s', 'Error from server (NotFound): widgets.demo.dev "nobody" not found'],
];

async function waitForLater(shell: Shell): Promise<void> {
  const later = async (waiting: string, doing: Step): Promise<void> => {
    const waited = shell.play([[`wait ${waiting} widget/later --timeout=10s`, 'widget.demo.dev/later condition met']]);
    await sleep(300);
    await shell.play([doing]);
    await waited;
  };
  await later('--for=create', ['create -f -', 'widget.demo.dev/later created', widget('later', 1)]);
  await later('--for=jsonpath={.status.phase}=Up', [
    'patch widget later --subresource=status --type=merge -p {"status":{"phase":"Up"}}',
    /patched/,
  ]);
  await later('--for=condition=Ready', [
    'patch widget later --subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}',
    /patched/,
  ]);
  await later('--for=delete', ['delete widget later', /deleted/]);
}

const scaling: readonly Step[] = [
  ['scale widget a --replicas=2', 'widget.demo.dev/a scaled'],
  ['scale widget a --replicas=5 --current-replicas=2', 'widget.demo.dev/a scaled'],
  ['! scale widget a --replicas=5 --current-replicas=2', /Expected replicas to be 2, was 5$/m],
  ['! scale widget a --replicas=5 --resource-version=1', /Expected resource version to be 1, was \d+$/m],
  ['patch widget b --type=merge -p {"spec":{"replicas":1}}', /patched/],
  ['scale widgets --all --replicas=3', 'widget.demo.dev/a scaled\nwidget.demo.dev/b scaled'],
  ['scale -f a.yaml --replicas=9 --dry-run=server', 'widget.demo.dev/a scaled (server dry run)'],
  ['get widget a --subresource=scale -o jsonpath={.kind}{.spec.replicas}', 'Scale3'],
  ['! scale configmap m --replicas=1', 'Error from server (NotFound): the server could not find the requested resource'],
  ['! scale widget nobody --replicas=1', /widgets.demo.dev "nobody" not found$/m],
];

const replacing: readonly Step[] = [
  ['replace -f a.yaml', 'widget.demo.dev/a replaced'],
  ['replace -f -', 'configmap/m replaced', configMap('m', 'a: "1"')],
  [
    '! replace -f -',
    /Conflict.*the object has been modified/,
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: m, resourceVersion: "1"}}',
  ],
  [
    'replace --subresource=status -f -',
    'widget.demo.dev/a replaced',
    '{apiVersion: demo.dev/v1, kind: Widget, metadata: {name: a}, spec: {size: 99}, status: {phase: P}}',
  ],
  ['get widget a -o jsonpath={.spec.size}{.status.phase}', '3P'],
  ['replace --force -f a.yaml', 'widget.demo.dev "a" deleted from default namespace\nwidget.demo.dev/a replaced'],
  ['get widget a -o jsonpath={.status}', ''],
  ['replace --raw /api/v1/namespaces/default/configmaps/m -f -', /"data":\{"b":"2"\}/, '{"metadata":{"name":"m"},"data":{"b":"2"}}'],
];

const kustomizing: readonly Step[] = [
  ['kustomize overlay', /^ {2}name: my-gen\n {2}namespace: far\n/m],
  ['apply -k overlay', 'configmap/my-gen created\nwidget.demo.dev/my-k created'],
  ['apply -k overlay --server-side --force-conflicts', 'configmap/my-gen serverside-applied\nwidget.demo.dev/my-k serverside-applied'],
  ['diff -k overlay', ''],
  ['get -k overlay -o name', 'configmap/my-gen\nwidget.demo.dev/my-k'],
  ['delete -k overlay', 'configmap "my-gen" deleted from far namespace\nwidget.demo.dev "my-k" deleted from far namespace'],
];

const rights: readonly Step[] = [
  ['create rolebinding rb --clusterrole=view --user=jane', /created/],
  ['set subject rolebinding rb --user=john --group=g', 'rolebinding.rbac.authorization.k8s.io/rb subjects updated'],
  ['get rolebinding rb -o wide', /^rb +ClusterRole\/view +\d+s +jane, john +g +$/m],
  ['! set env configmap/m a=b', /does not have a pod template/],
  ['auth reconcile -f -', /^role.rbac.authorization.k8s.io\/r reconciled$/m, reconciled('get, list')],
  ['auth reconcile --dry-run=client -f -', /^role.rbac.authorization.k8s.io\/r reconciled \(dry run\)$/m, reconciled('watch')],
  ['auth reconcile --remove-extra-permissions -f -', /^role.rbac.authorization.k8s.io\/r reconciled$/m, reconciled('get')],
  ['get role r -o jsonpath={.rules[*].verbs}', '["get"]'],
];

function reconciled(verbs: string): string {
  return `{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: default}, rules: [{apiGroups: [""], resources: [configmaps], verbs: [${verbs}]}]}`;
}

async function owners(shell: Shell): Promise<void> {
  const owned = async (...dependents: readonly string[]): Promise<void> => {
    await shell.play([['create configmap owner', /created/]]);
    const {stdout: uid} = await shell.kubectl('get configmap owner -o jsonpath={.metadata.uid}');
    const reference = {apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, blockOwnerDeletion: true};
    for (const name of dependents) {
      const metadata = {name, ownerReferences: [reference]};
      await shell.play([['create -f -', `secret/${name} created`, JSON.stringify({apiVersion: 'v1', kind: 'Secret', metadata})]]);
    }
  };
  const gone: Step = ['delete configmap owner', 'configmap "owner" deleted from default namespace'];
  await owned('kept');
  await shell.play([[`${gone[0]} --cascade=orphan`, gone[1]]]);
  await owned('first');
  await shell.play([
    [`${gone[0]} --cascade=foreground`, gone[1]],
    ['! get secret first', 'Error from server (NotFound): secrets "first" not found'],
  ]);
  await owned('after', 'held');
  await shell.play([
    ['patch secret held -p {"metadata":{"finalizers":["demo.dev/hold"]}}', /patched/],
    [`${gone[0]} --cascade=foreground --wait=false`, gone[1]],
    ['wait --for=delete secret/after --timeout=5s', ''],
    ['get configmap owner -o jsonpath={.metadata.finalizers}', '["foregroundDeletion"]'],
    [`patch secret held --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`, /patched/],
    ['wait --for=delete configmap/owner --timeout=5s', ''],
  ]);
  await owned('later');
  await shell.play([
    [`${gone[0]} --cascade=background`, gone[1]],
    ['wait --for=delete secret/later --timeout=5s', ''],
    ['get secret kept -o jsonpath={.metadata.ownerReferences}', ''],
  ]);
}

const deleting: readonly Step[] = [
  ['delete widget a --dry-run=server', 'widget.demo.dev "a" deleted from default namespace (server dry run)'],
  ['delete widget a --dry-run=client -o name', 'widget.demo.dev/a'],
  ['delete widget a -o name', 'widget.demo.dev/a'],
  ['! delete widget a', 'Error from server (NotFound): widgets.demo.dev "a" not found'],
  ['delete widget a --ignore-not-found', ''],
  ['delete -f a.yaml --ignore-not-found', ''],
  ['! delete widget/nobody configmap/m', /^configmap "m" deleted from default namespace\n[\s\S]*widgets.demo.dev "nobody" not found$/m],
  ['delete widgets -l nope=1', 'No resources found'],
  ['delete widgets --field-selector metadata.name=b', 'widget.demo.dev "b" deleted from default namespace'],
  ['! delete nonesuch x', `error: the server doesn't have a resource type "nonesuch"`],
  ['! delete widgets', 'error: resource(s) were provided, but no name was specified'],
  ...['--now', '--grace-period=5', '--wait=false', '--cascade=background'].flatMap((flag): readonly Step[] => [
    ['create configmap m', 'configmap/m created'],
    [`delete configmap m ${flag}`, 'configmap "m" deleted from default namespace'],
  ]),
  ['create configmap m', 'configmap/m created'],
  ['delete configmap m --force --grace-period=0', /^configmap "m" force deleted from default namespace$/m],
  ['create configmap held', 'configmap/held created'],
  ['patch configmap held -p {"metadata":{"finalizers":["demo.dev/hold"]}}', /patched/],
  [
    '! delete configmap held --timeout=1s',
    /^configmap "held" deleted from default namespace\n[\s\S]*timed out waiting for the condition on configmaps\/held$/m,
  ],
  ['get configmap held -o jsonpath={.metadata.deletionGracePeriodSeconds}', '0'],
  [`patch configmap held --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`, 'configmap/held patched'],
  ['! get configmap held', /not found/],
  [
    'delete configmaps,serviceaccounts --all -n far',
    /^configmap "kube-root-ca.crt" deleted from far namespace\nserviceaccount "default" deleted from far namespace\n$/,
  ],
  ['delete --raw /api/v1/namespaces/default/serviceaccounts/sa', /"kind":"ServiceAccount"/],
  ['! delete namespace default', 'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted'],
  ['delete namespace far --timeout=10s', 'namespace "far" deleted'],
  ['delete crd widgets.demo.dev', 'customresourcedefinition.apiextensions.k8s.io "widgets.demo.dev" deleted'],
  ['! get widgets', /NotFound\): Unable to list "demo.dev\/v1, Resource=widgets": the server could not find the requested resource/],
];

const chapters: readonly (readonly [title: string, steps: readonly Step[]])[] = [
  ['219 objects are patched in three ways', patches],
  ['219 labels and annotations', labels],
  ['219 objects are waited for', waiting],
  ['219 custom resources are scaled', scaling],
  ['219 objects are replaced', replacing],
  ['219 kustomize', kustomizing],
  ['219 rights are set and reconciled', rights],
];
