import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonObject} from '../../api/json.ts';
import {decodeProtobuf} from './decode.ts';
import {hasProtobuf} from './encode.ts';

/** What Go's k8s.io/api 0.35 writes, and the same object in JSON. */
const written: readonly [string, JsonObject][] = [
  [
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EoMCChMKA3dlYhIAGgAiACoAMgA4AEIAEt0BCAASDAoKCgNhcHASA3dlYhq1AQocCgASABoAIgAqADIAOABCAFoKCgNhcHASA3dlYhKUAQoLCgN0bXASBBICCgASWgoDd2ViEgVuZ2lueCoAMgoKABAAGFAiACoAQg8KDQoDY3B1EgYKBDEwMG1SHQoREg8KAS8SBggAEFAaABoAIgAQABgAIAAoADAAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaAByDSAHIP///////////wGCAQCKAQCaAQDCAQAiDwoAEgsKCQgBEAAaAzI1JSgAOAAaDAgAEAAYACAAKAA4ABoAIgA=',
    {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: {name: 'web'},
      spec: {
        replicas: 0,
        selector: {matchLabels: {app: 'web'}},
        template: {
          metadata: {labels: {app: 'web'}},
          spec: {
            volumes: [{name: 'tmp', emptyDir: {}}],
            containers: [
              {
                name: 'web',
                image: 'nginx',
                ports: [{containerPort: 80}],
                resources: {limits: {cpu: '100m'}},
                livenessProbe: {httpGet: {path: '/', port: 80}},
              },
            ],
            securityContext: {supplementalGroups: [7, -1]},
          },
        },
        strategy: {rollingUpdate: {maxUnavailable: '25%'}},
      },
      status: {},
    },
  ],
  [
    'azhzAAoNCgJ2MRIHU2VydmljZRJNChMKA3dlYhIAGgAiACoAMgA4AEIAEjIKFAoAEgAYUCIKCAEQABoEaHR0cCgAEgoKA2FwcBIDd2ViGgAiADoAQgBSAFoAYABoABoCCgAaACIA',
    {
      kind: 'Service',
      apiVersion: 'v1',
      metadata: {name: 'web'},
      spec: {ports: [{port: 80, targetPort: 'http'}], selector: {app: 'web'}},
      status: {loadBalancer: {}},
    },
  ],
  [
    'azhzAAoTCghiYXRjaC92MRIHQ3JvbkpvYhKOAQoUCgR0aWNrEgAaACIAKgAyADgAQgASdAoJKiAqICogKiAqGgAgACpjChAKABIAGgAiACoAMgA4AEIAEk8IAjJLChAKABIAGgAiACoAMgA4AEIAEjcSGQoBdBIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAGgAaACIA',
    {
      kind: 'CronJob',
      apiVersion: 'batch/v1',
      metadata: {name: 'tick'},
      spec: {
        schedule: '* * * * *',
        suspend: false,
        jobTemplate: {
          metadata: {},
          spec: {parallelism: 2, template: {metadata: {}, spec: {containers: [{name: 't', resources: {}}]}}},
        },
      },
      status: {},
    },
  ],
];

for (const [base64, object] of written) {
  test(`${object['kind']} as Go writes it`, () => {
    assert.deepEqual(decodeProtobuf(Buffer.from(base64, 'base64')).object, object);
  });
}

test('kinds are told from their parts, and versions from one another', () => {
  for (const kind of ['PodTemplate', 'PodTemplateList', 'ConfigMap', 'Node']) assert.ok(hasProtobuf('v1', kind), kind);
  for (const kind of ['PodTemplateSpec', 'PodTemplateSpecList', 'PersistentVolumeClaimTemplate', 'Container', 'Deployment'])
    assert.ok(!hasProtobuf('v1', kind), kind);
  assert.ok(!hasProtobuf('batch/v1', 'JobTemplateSpec'));
  assert.ok(!hasProtobuf('apps/v1beta1', 'Deployment'));
});
