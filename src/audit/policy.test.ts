import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json, JsonObject} from '../api/json.ts';
import {parsePolicy} from './policy.ts';
import type {Asked, Attributes} from './verdict.ts';
import {verdict} from './verdict.ts';

const policyOf = (rules: Json, more: JsonObject = {}): JsonObject => ({apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules, ...more});

test('a policy that Kubernetes refuses is refused in its words', () => {
  const group =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  const struct = 'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  const cases: readonly [Json, string][] = [
    [null, 'unknown group version field audit.k8s.io/__internal, Kind=Policy in policy'],
    [{kind: 'Policy', rules: []}, 'unknown group version field audit.k8s.io/__internal, Kind=Policy in policy'],
    ['junk', `failed decoding: couldn't get version/kind; json parse error: json: cannot unmarshal string into ${struct}`],
    [[1], `failed decoding: couldn't get version/kind; json parse error: json: cannot unmarshal array into ${struct}`],
    [policyOf(null), 'loaded illegal policy with 0 rules'],
    [policyOf([]), 'loaded illegal policy with 0 rules'],
    [policyOf([{}]), 'rules[0].level: Required value'],
    [policyOf([null]), 'rules[0].level: Required value'],
    [
      policyOf([{level: 'Foo'}]),
      'rules[0].level: Unsupported value: "Foo": supported values: "None", "Metadata", "Request", "RequestResponse"',
    ],
    [policyOf(5), 'failed decoding: json: cannot unmarshal number into Go struct field Policy.rules of type []v1.PolicyRule'],
    [
      policyOf([{level: 'None', users: 'a'}]),
      'failed decoding: json: cannot unmarshal string into Go struct field PolicyRule.rules.users of type []string',
    ],
    [policyOf([{level: 5}]), 'failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.level of type v1.Level'],
    [
      policyOf([{level: 'None'}], {omitManagedFields: 'x'}),
      'failed decoding: json: cannot unmarshal string into Go struct field Policy.omitManagedFields of type bool',
    ],
    [
      policyOf([{level: 'None', resources: ['a']}]),
      'failed decoding: json: cannot unmarshal string into Go struct field PolicyRule.rules.resources of type v1.GroupResources',
    ],
    [
      policyOf([{level: 'None', nonResourceURLs: ['a', '/a*b', '', '*', '/x*']}]),
      `[rules[0].nonResourceURLs[0]: Invalid value: "a": non-resource URL rules must begin with a '/' character, rules[0].nonResourceURLs[1]: Invalid value: "/a*b": non-resource URL wildcards '*' must be the final character of the rule, rules[0].nonResourceURLs[2]: Invalid value: "": non-resource URL rules must begin with a '/' character]`,
    ],
    [
      policyOf([{level: 'None', nonResourceURLs: ['/a'], namespaces: ['a']}]),
      'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs',
    ],
    [
      policyOf([{level: 'None', resources: [{group: 'A/b', resourceNames: ['x']}]}]),
      `[rules[0].resources.group: Invalid value: "A/b": ${group}, rules[0].resources.resourceNames: Invalid value: ["x"]: using resourceNames requires at least one resource]`,
    ],
    [
      policyOf([{level: 'None', omitStages: ['Bar', 'Panic']}], {omitStages: ['Foo']}),
      '[omitStages[0]: Invalid value: "Foo": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic, rules[0].omitStages[0]: Invalid value: "Bar": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic]',
    ],
  ];
  for (const [document, message] of cases) assert.throws(() => parsePolicy(document), {message}, JSON.stringify(document));
  const foreign = {apiVersion: 'audit.k8s.io/v1beta1', kind: 'Policy', rules: [{level: 'None'}]};
  assert.throws(() => parsePolicy(foreign), /^Error: failed decoding: no kind "Policy" is registered for version "audit.k8s.io\/v1beta1"/);
});

test('what a policy says that we do not know is left out', () => {
  const {rules} = parsePolicy({apiVersion: 'audit.k8s.io/v1', later: 1, rules: [{level: 'None', later: {}}]});
  assert.deepEqual(
    rules.map(rule => rule.level),
    ['None'],
  );
});

const resource = (more: Partial<Asked> = {}): Asked => ({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  subresource: '',
  namespace: 'default',
  name: '',
  ...more,
});
const asks = (more: Partial<Attributes> = {}): Attributes => ({
  user: {name: 'ann', groups: ['staff', 'system:authenticated']},
  verb: 'list',
  resource: resource(),
  path: '/api/v1/namespaces/default/configmaps',
  ...more,
});
const onPath = (path: string): Attributes => asks({verb: 'get', resource: undefined, path});

test('a rule matches by everything it names', () => {
  const pods = resource({plural: 'pods'});
  const logs = resource({plural: 'pods', subresource: 'log', name: 'a'});
  const scale = resource({group: 'apps', plural: 'deployments', subresource: 'scale', name: 'a'});
  const of = (group: string, ...resources: string[]): JsonObject => ({resources: [{group, resources}]});
  const cases: readonly [rule: JsonObject, attributes: Attributes, matches: boolean][] = [
    [{}, asks(), true],
    [{}, onPath('/version'), true],
    [{users: ['bob', 'ann']}, asks(), true],
    [{users: ['an*']}, asks(), false],
    [{users: ['ann']}, asks({user: undefined}), false],
    [{userGroups: ['staff']}, asks(), true],
    [{userGroups: ['others']}, asks(), false],
    [{userGroups: ['staff']}, asks({user: undefined}), false],
    [{verbs: ['list', 'get']}, asks(), true],
    [{verbs: ['*']}, asks(), false],
    [{namespaces: ['default']}, asks(), true],
    [{namespaces: ['']}, asks(), false],
    [{namespaces: ['']}, asks({resource: resource({namespace: ''})}), true],
    [{namespaces: ['']}, onPath('/version'), false],
    [{resources: [{group: ''}]}, asks(), true],
    [{resources: [{group: 'apps'}]}, asks(), false],
    [{resources: [{group: '*'}]}, asks(), true],
    [of('', 'pods'), asks({resource: pods}), true],
    [of('', 'pods'), asks({resource: logs}), false],
    [of('', 'pods/log'), asks({resource: logs}), true],
    [of('', 'pods/*'), asks({resource: logs}), true],
    [of('', 'pods/*'), asks({resource: pods}), true],
    [of('', '*'), asks({resource: logs}), true],
    [of('', '*/log'), asks({resource: logs}), true],
    [of('', '*/log'), asks({resource: pods}), false],
    [of('apps', '*/scale'), asks({resource: scale}), true],
    [of('', 'pods'), onPath('/api'), false],
    [{resources: [{group: '', resources: ['pods'], resourceNames: ['a']}]}, asks({resource: resource({plural: 'pods', name: 'a'})}), true],
    [{resources: [{group: '', resources: ['pods'], resourceNames: ['a']}]}, asks({resource: pods}), false],
    [{nonResourceURLs: ['/version']}, onPath('/version'), true],
    [{nonResourceURLs: ['/healthz*']}, onPath('/healthz/ping'), true],
    [{nonResourceURLs: ['/healthz*']}, onPath('/livez'), false],
    [{nonResourceURLs: ['*']}, onPath('/anything'), true],
    [{nonResourceURLs: ['*']}, asks(), false],
  ];
  for (const [rule, attributes, expected] of cases) {
    const policy = parsePolicy(policyOf([{level: 'Request', ...rule}]));
    assert.equal(verdict(policy, attributes).level, expected ? 'Request' : 'None', JSON.stringify([rule, attributes]));
  }
});

test('the first rule that matches decides, and stages are left out by the rule and by the policy', () => {
  const rules = [
    {level: 'None', users: ['bob']},
    {level: 'Metadata', verbs: ['list'], omitStages: ['ResponseStarted'], omitManagedFields: false},
    {level: 'RequestResponse'},
  ];
  const policy = parsePolicy(policyOf(rules, {omitStages: ['RequestReceived'], omitManagedFields: true}));
  const {level, omitStages, omitManagedFields} = verdict(policy, asks());
  assert.deepEqual([level, omitStages, omitManagedFields], ['Metadata', ['RequestReceived', 'ResponseStarted'], false]);
  const other = verdict(policy, asks({verb: 'get'}));
  assert.deepEqual([other.level, other.omitStages, other.omitManagedFields], ['RequestResponse', ['RequestReceived'], true]);
});

test('bodies of secrets and tokens are recorded only by a rule that names them', () => {
  const kept: readonly Asked[] = [
    resource({plural: 'secrets'}),
    resource({plural: 'serviceaccounts', subresource: 'token', name: 'a'}),
    resource({group: 'authentication.k8s.io', plural: 'tokenreviews', namespace: ''}),
  ];
  for (const asked of kept) {
    const level = (rule: JsonObject): string =>
      verdict(parsePolicy(policyOf([{level: 'RequestResponse', ...rule}])), asks({resource: asked})).level;
    const name = asked.subresource ? `${asked.plural}/${asked.subresource}` : asked.plural;
    assert.equal(level({}), 'Metadata');
    assert.equal(level({resources: [{group: '*', resources: ['*']}]}), 'Metadata');
    assert.equal(level({resources: [{group: asked.group}]}), 'Metadata');
    assert.equal(level({resources: [{group: asked.group, resources: [name]}]}), 'RequestResponse');
    assert.equal(level({level: 'None'}), 'None');
  }
  const asked = resource({group: 'example.com', plural: 'secrets'});
  assert.equal(verdict(parsePolicy(policyOf([{level: 'Request'}])), asks({resource: asked})).level, 'Request');
});
