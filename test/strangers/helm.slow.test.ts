import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {noTools} from '../support/kubectl.ts';
import {folder, startServer} from '../support/process.ts';
import {openShell} from './shell.ts';

test('Helm 4 keeps releases in a workspace', {skip: noTools ?? false, timeout: 60_000}, async t => {
  const server = await startServer(t, {root: folder(t)});
  const shell = openShell(t, server, '1.35');
  writeChart(join(shell.home, 'chart'));
  await shell.play([['create workspace charts --enter', /Current workspace is 'root:charts'/]]);

  const color = 'get configmap paint-colors -o jsonpath={.data.color}';
  await shell.playHelm([
    ['version --short', /^v4\./],
    ['template paint chart', /^ {2}name: paint-colors$/m],
    ['list', /^NAME\s+NAMESPACE\s+REVISION.*\n$/],
    ['install paint chart --server-side=false', /^STATUS: deployed\nREVISION: 1$/m],
    ['list', /^paint\s+default\s+1\s.*deployed\s+tiny-0\.1\.0/m],
  ]);
  await shell.play([[color, 'red']]);
  await shell.playHelm([['upgrade paint chart --set color=green --server-side=false', /^REVISION: 2$/m]]);
  await shell.play([[color, 'green']]);
  await shell.playHelm([
    ['rollback paint 1 --server-side=false', /^Rollback was a success/],
    ['history paint', /^3\s.*deployed\s.*Rollback to 1/m],
    ['status paint', /^==> v1\/ConfigMap\nNAME +DATA +AGE\npaint-colors +1 /m],
  ]);
  await shell.play([[color, 'red']]);
  await shell.playHelm([['uninstall paint', 'release "paint" uninstalled']]);
  await shell.play([
    ['get configmaps -o name', 'configmap/kube-root-ca.crt'],
    ['get secrets', /No resources found/],
  ]);

  await t.test('also by server-side apply, as it likes best', async () => {
    await shell.playHelm([
      ['install other chart', /^STATUS: deployed\nREVISION: 1$/m],
      ['upgrade other chart --set color=blue', /^REVISION: 2$/m],
    ]);
    await shell.play([['get configmap other-colors -o jsonpath={.data.color}', 'blue']]);
    await shell.playHelm([
      ['rollback other 1', /^Rollback was a success/],
      ['uninstall other', 'release "other" uninstalled'],
    ]);
    await shell.play([['get configmaps -o name', 'configmap/kube-root-ca.crt']]);
  });
});

function writeChart(path: string): void {
  mkdirSync(join(path, 'templates'), {recursive: true});
  writeFileSync(join(path, 'Chart.yaml'), 'apiVersion: v2\nname: tiny\nversion: 0.1.0\n');
  writeFileSync(join(path, 'values.yaml'), 'color: red\n');
  writeFileSync(
    join(path, 'templates', 'colors.yaml'),
    `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-colors
data:
  color: {{ .Values.color | quote }}
`,
  );
}
