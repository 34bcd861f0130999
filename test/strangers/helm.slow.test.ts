import {test} from 'node:test';
import {helmVersions, noTools} from '../support/kubectl.ts';
import {folder, startServer} from '../support/process.ts';
import {writeChart} from './chart.ts';
import type {Step} from './shell.ts';
import {openShell} from './shell.ts';

for (const version of helmVersions) {
  test(`218 Helm ${version} keeps releases in a workspace`, {skip: noTools ?? false, timeout: 120_000}, async t => {
    const shell = openShell(t, await startServer(t, {root: folder(t)}), '1.35');
    writeChart(shell.home);
    const helm = (...steps: readonly Step[]) => shell.playHelm(version, steps);
    const flags = renamed[version];
    const color = (is: string): Step => ['get gadget paint -n art -o jsonpath={.spec.color}', is];
    await shell.play([['create workspace charts --enter', /Current workspace is 'root:charts'/]]);

    await t.test('installs definitions, objects of their kinds, and rights', async () => {
      await helm(
        ['version --short', new RegExp(`^v${version}\\.`)],
        ['template paint chart -n art', /^kind: Gadget$/m],
        ['list -n art', /^NAME\s+NAMESPACE\s+REVISION.*\n$/],
        // It asks the server for kinds that are yet to come.
        ['! install paint chart -n art --create-namespace --dry-run=server', /no matches for kind "Gadget" in version "demo.dev\/v1"/],
        [
          'install paint chart -n art --create-namespace --wait --timeout 20s',
          /^STATUS: deployed\nREVISION: 1\n[\s\S]*Painted red in art\.$/m,
        ],
        ['list -n art', /^paint\s+art\s+1\s.*deployed\s+tiny-0\.1\.0/m],
        ['! install paint chart -n art', /cannot re-?use a name that is still in use/],
      );
      await shell.play([
        color('red'),
        ['get all,configmaps,secrets,serviceaccounts,roles,rolebindings -n art -l chart=tiny -o name', installed],
        ['get clusterrole art-paint -o jsonpath={.rules[0].resources}', '["gadgets"]'],
        ['get crd gadgets.demo.dev gauges.demo.dev -o name', /gadgets.demo.dev\n.*gauges.demo.dev$/m],
        ['get configmap before -n art -o jsonpath={.data.color}', 'red'],
        ['! get configmap after -n art', /not found/],
        ['get secrets -n art -l owner=helm -o jsonpath={.items[*].type}{.items[*].metadata.labels.status}', 'helm.sh/release.v1deployed'],
      ]);
    });

    await t.test('upgrades them', async () => {
      await helm(
        ['upgrade paint chart -n art --set color=green,rights=false --wait --timeout 20s', /^REVISION: 2$/m],
        ['get values paint -n art -o json', /^\{"color":"green","rights":false\}$/m],
        ['get manifest paint -n art', /^ {2}color: green$/m],
        ['get hooks paint -n art', /"helm.sh\/hook": "pre-install,pre-upgrade"/],
        ['status paint -n art', /^STATUS: deployed$/m],
        ['upgrade paint chart -n art --set color=gray,rights=false --dry-run=server', /^ {2}color: gray$/m],
        [`upgrade paint chart -n art --set color=green,rights=false ${flags.force}`, /^REVISION: 3$/m],
      );
      await shell.play([
        color('green'),
        ['get gadget paint -n art -o jsonpath={.spec.tags}', '["green","y"]'],
        ['get gauges -n art', /No resources found/],
        ['get crd gauges.demo.dev -o jsonpath={.spec.versions[0].additionalPrinterColumns[0].name}', 'green'],
        ['get roles,rolebindings -n art -l chart=tiny', /No resources found/],
        ['get configmap before -n art -o jsonpath={.data.color}', 'green'],
      ]);
    });

    await t.test('fails, and takes back', async () => {
      await helm(
        ['! upgrade paint chart -n art --set size=0', /spec.size in body should be greater than or equal to 1|spec.size: Invalid value/],
        ['list -n art --failed', /^paint\s+art\s+4\s.*failed\s/m],
        [`! upgrade paint chart -n art --set size=0 --timeout 20s ${flags.atomic}`, /rolled back due to/],
        ['history paint -n art', /^4\s.*failed\s[\s\S]*^5\s.*failed\s[\s\S]*^6\s.*deployed\s.*Rollback to 3/m],
        [`rollback paint 1 -n art --wait --timeout 20s ${flags.otherSide}`, /^Rollback was a success/],
        ['history paint -n art', /^7\s.*deployed\s.*Rollback to 1/m],
      );
      await shell.play([color('red'), ['get role paint -n art -o jsonpath={.rules[0].verbs}', '["get","list"]']]);
    });

    await t.test('uninstalls all but what crds/ brought', async () => {
      await helm(['uninstall paint -n art --wait --timeout 20s', 'release "paint" uninstalled'], ['list -n art', /^NAME.*\n$/]);
      await shell.play([
        [
          'get secrets,serviceaccounts,roles,rolebindings,configmaps -n art -o name',
          'serviceaccount/default\nconfigmap/before\nconfigmap/kube-root-ca.crt',
        ],
        ['get gadgets -A', 'No resources found'],
        ['! get clusterrole art-paint', /not found/],
        ['! get crd gauges.demo.dev', /not found/],
        ['get crd gadgets.demo.dev -o name', /gadgets.demo.dev/],
      ]);
    });
  });
}

/** How either calls what both can: replacing or taking over, going back after a failure, and patches by the client where it is not used to them. */
const renamed = {
  3: {force: '--force', atomic: '--atomic', otherSide: ''},
  4: {force: '--force-conflicts', atomic: '--rollback-on-failure', otherSide: '--server-side=false'},
} as const;

const installed = `gadget.demo.dev/paint
configmap/paint
secret/paint
serviceaccount/paint
role.rbac.authorization.k8s.io/paint
rolebinding.rbac.authorization.k8s.io/paint`;
