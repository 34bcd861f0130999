/** What somebody sends who wants the others to wait. */

import {customKind} from './objects.ts';

export type Attack = {
  readonly name: string;
  readonly method: 'POST' | 'PATCH' | 'PUT';
  /** Within the workspace. */
  readonly target: string;
  /** JSON when absent. */
  readonly type?: string;
  readonly body: Uint8Array | ((round: number) => Uint8Array);
  /** Statuses that are an answer. */
  readonly expect: readonly number[];
};

const admission = '/apis/admissionregistration.k8s.io/v1';
const policies = `${admission}/validatingadmissionpolicies`;
const configMaps = '/api/v1/namespaces/default/configmaps';
const evils = '/apis/example.com/v1/namespaces/default/evils';
const ruled = '/apis/example.com/v1/namespaces/default/ruleds';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const map = (count: number, value: (i: number) => unknown): object =>
  Object.fromEntries(Array.from({length: count}, (_, i) => [`key-${i}`, value(i)]));

const evil = (name: string, spec: object): object => ({apiVersion: 'example.com/v1', kind: 'Evil', metadata: {name}, spec});

/** Each rule looks at each pair of items: a few kilobytes cost nearly all that Kubernetes allows a request, or more. */
const pairs = (count: number): object => ({
  type: 'object',
  properties: {items: {type: 'array', maxItems: 400, items: {type: 'integer'}}},
  'x-kubernetes-validations': Array.from({length: count}, (_, i) => ({
    rule: `self.items.all(x, self.items.all(y, x + y < 100000${i}))`,
  })),
});
const ruledOf = (items: number): object => ({
  apiVersion: 'example.com/v1',
  kind: 'Ruled',
  metadata: {name: 'x'},
  spec: {items: Array.from({length: items}, (_, i) => i)},
});

const configMapRule = {operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps']};
/** About configmaps that are labelled for it. */
const policyOf = (name: string, expressions: readonly string[]): object => ({
  metadata: {name},
  spec: {
    matchConstraints: {resourceRules: [configMapRule], objectSelector: {matchLabels: {policed: 'yes'}}},
    validations: expressions.map(expression => ({expression})),
  },
});

/** What is there before the attacks begin. */
export const prepared: readonly {readonly method: 'POST'; readonly target: string; readonly body: Uint8Array}[] = [
  {
    method: 'POST',
    target: definitions,
    body: json(
      customKind('evils', {
        type: 'object',
        properties: {
          pattern: {type: 'string', pattern: '^(a+)+$'},
          map: {type: 'object', additionalProperties: {type: 'object', properties: {value: {type: 'integer', default: 1}}}},
          set: {type: 'array', 'x-kubernetes-list-type': 'set', items: {type: 'string'}},
          items: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            items: {type: 'object', required: ['name'], properties: {name: {type: 'string'}, value: {type: 'integer'}}},
          },
          free: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true},
        },
      }),
    ),
  },
  {method: 'POST', target: definitions, body: json(customKind('ruleds', pairs(10)))},
  {method: 'POST', target: configMaps, body: json({metadata: {name: 'patched'}, data: {count: '0'}})},
  {method: 'POST', target: policies, body: json(policyOf('costly', Array(12).fill('object.data.all(a, object.data.all(b, a + b != ""))')))},
  {
    method: 'POST',
    target: `${admission}/validatingadmissionpolicybindings`,
    body: json({metadata: {name: 'costly'}, spec: {policyName: 'costly', validationActions: ['Deny']}}),
  },
];

const nested = (levels: number): object => (levels === 0 ? {type: 'string'} : {type: 'object', properties: {a: nested(levels - 1)}});
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const bomb = [
  'a: &a ["x","x","x","x","x","x","x","x","x"]',
  ...[...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
].join('\n');

export const attacks: readonly Attack[] = [
  {
    name: 'an evil pattern, 100,000 characters',
    method: 'POST',
    target: evils,
    body: json(evil('x', {pattern: `${'a'.repeat(100_000)}!`})),
    expect: [422],
  },
  {
    name: 'a definition 1,000 levels deep',
    method: 'POST',
    target: definitions,
    body: json(customKind('deeps', nested(1_000))),
    expect: [400, 422],
  },
  {
    name: 'a definition of 5,000 references',
    method: 'POST',
    target: definitions,
    body: json(customKind('refs', {type: 'object', properties: map(5_000, () => ({$ref: '#/definitions/x'}))})),
    expect: [422],
  },
  {
    name: 'a definition of 10,000 fields',
    method: 'POST',
    target: `${definitions}?dryRun=All`,
    body: json(customKind('widths', {type: 'object', properties: map(10_000, () => ({type: 'string', pattern: '^[a-z]{1,10}$'}))})),
    expect: [201, 413, 422],
  },
  {
    name: 'an object of 1 MB in one text',
    method: 'POST',
    target: `${configMaps}?dryRun=All`,
    body: json({metadata: {name: 'x'}, data: {text: 'x'.repeat(1_000_000)}}),
    expect: [201],
  },
  {
    name: 'an object of 1.5 MB',
    method: 'POST',
    target: `${evils}?dryRun=All`,
    body: json(evil('x', {free: map(1_400, i => 'x'.repeat(1_000 + (i % 7)))})),
    expect: [201, 413],
  },
  {
    name: 'an object of 40,000 keys',
    method: 'POST',
    target: `${configMaps}?dryRun=All`,
    body: json({metadata: {name: 'x'}, data: map(40_000, i => String(i))}),
    expect: [201, 413],
  },
  {
    name: 'a map of 30,000 objects',
    method: 'POST',
    target: `${evils}?dryRun=All`,
    body: json(evil('x', {map: map(30_000, i => ({value: i}))})),
    expect: [201, 413],
  },
  {
    name: 'a set of 50,000 texts',
    method: 'POST',
    target: `${evils}?dryRun=All`,
    body: json(evil('x', {set: Array.from({length: 50_000}, (_, i) => `item-${i}`)})),
    expect: [201, 413],
  },
  {
    name: 'a list of 20,000 keyed items',
    method: 'POST',
    target: `${evils}?dryRun=All`,
    body: json(evil('x', {items: Array.from({length: 20_000}, (_, i) => ({name: `item-${i}`, value: i}))})),
    expect: [201, 413],
  },
  {
    name: 'apply of 20,000 keyed items',
    method: 'PATCH',
    target: `${evils}/applied?fieldManager=bench&force=true&dryRun=All`,
    type: 'application/apply-patch+yaml',
    body: json(evil('applied', {items: Array.from({length: 20_000}, (_, i) => ({name: `item-${i}`, value: i}))})),
    expect: [201, 413],
  },
  {
    name: 'JSON of 3 MB in brackets',
    method: 'POST',
    target: configMaps,
    body: Buffer.from(`{"metadata":{"name":"x"},"data":[${'[],'.repeat(1_000_000)}[]]}`),
    expect: [400, 413],
  },
  {
    name: 'JSON of 3 MB in numbers that a double cannot hold',
    method: 'POST',
    target: `${evils}?dryRun=All`,
    body: Buffer.from(
      `{"apiVersion":"example.com/v1","kind":"Evil","metadata":{"name":"x"},"spec":{"free":{"a":[${'12345678901234567,'.repeat(160_000)}1]}}}`,
    ),
    expect: [201, 413],
  },
  {
    name: 'JSON deeper than anything',
    method: 'POST',
    target: configMaps,
    body: Buffer.from(`{"metadata":{"name":"x"},"data":${deep(1_000_000)}}`),
    expect: [400],
  },
  {
    name: '10,000 operations of JSON patch',
    method: 'PATCH',
    target: `${configMaps}/patched`,
    type: 'application/json-patch+json',
    body: json(Array.from({length: 10_000}, (_, i) => ({op: 'replace', path: '/data/count', value: String(i)}))),
    expect: [200],
  },
  {
    name: '10,000 operations that shift a list',
    method: 'PATCH',
    target: `${configMaps}/patched?dryRun=All`,
    type: 'application/json-patch+json',
    body: json([
      {op: 'add', path: '/metadata/finalizers', value: Array.from({length: 2_000}, (_, i) => `example.com/f${i}`)},
      ...Array.from({length: 9_000}, (_, i) => ({
        op: 'move',
        from: '/metadata/finalizers/0',
        path: `/metadata/finalizers/${1_999 - (i % 2)}`,
      })),
    ]),
    expect: [200, 413, 422],
  },
  {name: 'a YAML bomb', method: 'POST', target: configMaps, type: 'application/yaml', body: Buffer.from(bomb), expect: [400]},
  {
    name: 'YAML of 128 KiB',
    method: 'POST',
    target: `${configMaps}?dryRun=All`,
    type: 'application/yaml',
    body: Buffer.from(`metadata: {name: x}\ndata:\n${Array.from({length: 6_000}, (_, i) => `  key-${i}: "${i}"`).join('\n')}\n`),
    expect: [201],
  },
  {name: 'rules just below their budget', method: 'POST', target: `${ruled}?dryRun=All`, body: json(ruledOf(250)), expect: [201]},
  {name: 'rules beyond their budget', method: 'POST', target: `${ruled}?dryRun=All`, body: json(ruledOf(400)), expect: [422]},
  {
    name: 'a policy at its budget',
    method: 'POST',
    target: `${configMaps}?dryRun=All`,
    body: json({metadata: {name: 'x', labels: {policed: 'yes'}}, data: map(280, () => 'v')}),
    expect: [201],
  },
  {
    name: 'a policy of 1,000 expressions',
    method: 'POST',
    target: `${policies}?dryRun=All`,
    body: round =>
      json(
        policyOf(
          'many',
          Array.from(
            {length: 1_000},
            (_, i) => `object.metadata.name != "a-${round}-${i}" && object.metadata.?labels["x"].orValue("") == "${i}"`,
          ),
        ),
      ),
    expect: [201],
  },
  {
    name: 'applies that conflict',
    method: 'PATCH',
    target: `${configMaps}/patched?fieldManager=other`,
    type: 'application/apply-patch+yaml',
    body: round => json({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'patched'}, data: {count: `of-${round}`}}),
    expect: [200, 409],
  },
];
