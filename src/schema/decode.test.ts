import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonObject} from '../api/json.ts';
import {compileDecode} from './decode.ts';
import type {JsonSchema} from './json-schema.ts';

const schema: JsonSchema = {
  type: 'object',
  properties: {
    data: {type: 'object', additionalProperties: {type: 'string'}},
    binaryData: {type: 'object', additionalProperties: {type: 'string', format: 'byte'}},
    immutable: {type: 'boolean'},
    when: {type: 'string', format: 'date-time'},
    port: {'x-kubernetes-int-or-string': true},
    names: {type: 'array', items: {type: 'string'}},
    spec: {
      type: 'object',
      properties: {
        replicas: {type: 'integer', format: 'int32'},
        rules: {type: 'array', items: {type: 'object', title: 'PolicyRule', properties: {verbs: {type: 'array', items: {type: 'string'}}}}},
      },
    },
  },
};

const cases: readonly [object: JsonObject, error: string | undefined][] = [
  [{data: {a: 'b'}, binaryData: {a: 'YQ=='}, immutable: true, port: 1, spec: {replicas: 1}}, undefined],
  [{data: null, spec: null, names: [null]}, undefined],
  [{metadata: 1, kind: 2}, undefined],
  [{data: {a: 1}}, 'json: cannot unmarshal number into Go struct field ConfigMap.data of type string'],
  [{data: []}, 'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string'],
  [{immutable: 'yes'}, 'json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool'],
  [{names: 'a'}, 'json: cannot unmarshal string into Go struct field ConfigMap.names of type []string'],
  [{names: ['a', {}]}, 'json: cannot unmarshal object into Go struct field ConfigMap.names of type string'],
  [{spec: 'x'}, 'json: cannot unmarshal string into Go struct field ConfigMap.spec of type v1.ConfigMapSpec'],
  [{spec: {replicas: 'x'}}, 'json: cannot unmarshal string into Go struct field ConfigMapSpec.spec.replicas of type int32'],
  [{spec: {replicas: 1.5}}, 'json: cannot unmarshal number 1.5 into Go struct field ConfigMapSpec.spec.replicas of type int32'],
  [{spec: {replicas: 2 ** 31}}, 'json: cannot unmarshal number 2147483648 into Go struct field ConfigMapSpec.spec.replicas of type int32'],
  [{spec: {rules: [{verbs: [1]}]}}, 'json: cannot unmarshal number into Go struct field PolicyRule.spec.rules.verbs of type string'],
  [{binaryData: {a: 1}}, 'json: cannot unmarshal number into Go struct field ConfigMap.binaryData of type []uint8'],
  [{binaryData: {a: 'YWJj!'}}, 'illegal base64 data at input byte 4'],
  [{binaryData: {a: 'YWJjZ'}}, 'illegal base64 data at input byte 4'],
  [{binaryData: {a: 'Y\nQ==\n'}}, undefined],
  [{port: true}, 'json: cannot unmarshal bool into Go value of type int32'],
  [{when: '2024-01-01T00:00:00Z'}, undefined],
  [{when: 'noon'}, 'parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"'],
];

for (const [object, error] of cases) {
  test(`decoding ${JSON.stringify(object)}`, () => assert.equal(compileDecode(schema)(object, 'ConfigMap'), error));
}
