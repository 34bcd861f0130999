import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MalformedConfig} from '../../api/config-fields.ts';
import {summary} from '../../api/field-error.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {compileConfig} from './compile.ts';
import {readAuthenticationConfig} from './config.ts';

const head = {apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration'};
const good = {
  issuer: {url: 'https://issuer.example', audiences: ['us']},
  claimMappings: {username: {claim: 'sub', prefix: ''}},
};
const ourIssuer = 'https://kcp.default.svc';

const errorsOf = (config: JsonObject): string => {
  const {errors} = compileConfig(readAuthenticationConfig({...head, ...config}), [ourIssuer]);
  return errors.length === 0 ? '' : summary(errors);
};
const issuer = (more: JsonObject): string => errorsOf({jwt: [{...good, issuer: {...good.issuer, ...more}}]});
const mappings = (more: JsonObject): string => errorsOf({jwt: [{...good, claimMappings: {...good.claimMappings, ...more}}]});
const rules = (...claimValidationRules: JsonObject[]): string => errorsOf({jwt: [{...good, claimValidationRules}]});

test('a configuration of both versions, also without any issuer', () => {
  assert.equal(errorsOf({jwt: [good]}), '');
  assert.equal(errorsOf({jwt: []}), '');
  assert.equal(errorsOf({}), '');
  assert.equal(errorsOf({apiVersion: 'apiserver.config.k8s.io/v1beta1', jwt: [good]}), '');
  assert.equal(errorsOf({anonymous: {enabled: true, conditions: [{path: '/livez'}]}}), '');
});

test('what is no configuration is refused, with the field that is odd', () => {
  const cases: readonly (readonly [Json, RegExp])[] = [
    [null, /^the configuration must be an object$/],
    [{}, /^expected an AuthenticationConfiguration of .* got kind "" of ""$/],
    [{...head, apiVersion: 'apiserver.config.k8s.io/v1alpha1'}, /^expected an AuthenticationConfiguration/],
    [{...head, jwt: {}}, /^jwt must be a list$/],
    [{...head, jwt: [1]}, /^jwt\[0\] must be an object$/],
    [{...head, jwt: [{...good, issuer: {url: 1}}]}, /^jwt\[0\]\.issuer\.url must be a string$/],
    [{...head, jwt: [{...good, issuer: {audiences: [1]}}]}, /^jwt\[0\]\.issuer\.audiences must be a list of strings$/],
    [{...head, jwt: [{...good, isuer: {}}]}, /^strict decoding error: unknown field "jwt\[0\]\.isuer"$/],
    [{...head, jwt: [{...good, issuer: {URL: ''}}]}, /^strict decoding error: unknown field "jwt\[0\]\.issuer\.URL"$/],
    [{...head, anonymous: {enabled: 'yes'}}, /^anonymous\.enabled must be true or false$/],
    [{...head, anonymous: {disabled: true}}, /^strict decoding error: unknown field "anonymous\.disabled"$/],
  ];
  for (const [value, message] of cases)
    assert.throws(
      () => readAuthenticationConfig(value),
      (err: unknown) => err instanceof MalformedConfig && message.test(err.message),
      JSON.stringify(value),
    );
});

test('the issuer: https, nothing but a place in its URL, and not ours', () => {
  const at = 'jwt[0].issuer';
  assert.equal(issuer({url: ''}), `${at}.url: Required value`);
  assert.equal(issuer({url: 'http://issuer.example'}), `${at}.url: Invalid value: "http://issuer.example": URL scheme must be https`);
  assert.equal(issuer({url: 'issuer.example'}), `${at}.url: Invalid value: "issuer.example": URL scheme must be https`);
  assert.equal(
    issuer({url: 'https://me:secret@issuer.example'}),
    `${at}.url: Invalid value: "https://me:secret@issuer.example": URL must not contain a username or password`,
  );
  assert.equal(issuer({url: 'https://a.b/?x'}), `${at}.url: Invalid value: "https://a.b/?x": URL must not contain a query`);
  assert.equal(issuer({url: 'https://a.b/#x'}), `${at}.url: Invalid value: "https://a.b/#x": URL must not contain a fragment`);
  assert.equal(issuer({url: 'https://a.b:port'}), `${at}.url: Invalid value: "https://a.b:port": parse "https://a.b:port": invalid URL`);
  assert.equal(
    issuer({url: ourIssuer}),
    `${at}.url: Invalid value: "${ourIssuer}": URL must not overlap with disallowed issuers: [${ourIssuer}]`,
  );
  assert.equal(
    issuer({discoveryURL: 'https://issuer.example/'}),
    `${at}.discoveryURL: Invalid value: "https://issuer.example/": discoveryURL must be different from URL`,
  );
  assert.match(issuer({discoveryURL: 'http://a.b'}), /discoveryURL: Invalid value: "http:\/\/a.b": URL scheme must be https$/);
  assert.equal(errorsOf({jwt: [good, good]}), 'jwt[1].issuer.url: Duplicate value: "https://issuer.example"');
  const other = (url: string): JsonObject => ({...good, issuer: {...good.issuer, url, discoveryURL: 'https://d.example'}});
  assert.equal(
    errorsOf({jwt: [other('https://a.b'), other('https://c.d')]}),
    'jwt[1].issuer.discoveryURL: Duplicate value: "https://d.example"',
  );
  assert.equal(errorsOf({jwt: Array(65).fill(good)}), 'jwt: Too many: 65: must have at most 64 items');
});

test('the issuer: audiences, certificates, egress', () => {
  const at = 'jwt[0].issuer';
  assert.equal(issuer({audiences: []}), `${at}.audiences: Required value: at least one ${at}.audiences is required`);
  assert.equal(issuer({audiences: ['']}), `${at}.audiences[0]: Required value`);
  assert.equal(issuer({audiences: ['a', 'a'], audienceMatchPolicy: 'MatchAny'}), `${at}.audiences[1]: Duplicate value: "a"`);
  assert.equal(issuer({audiences: ['a', 'b'], audienceMatchPolicy: 'MatchAny'}), '');
  assert.equal(
    issuer({audiences: ['a', 'b']}),
    `${at}.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences`,
  );
  assert.equal(
    issuer({audienceMatchPolicy: 'MatchAll'}),
    `${at}.audienceMatchPolicy: Invalid value: "MatchAll": audienceMatchPolicy must be empty or MatchAny for single audience`,
  );
  assert.equal(
    issuer({certificateAuthority: 'nonsense'}),
    `${at}.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates`,
  );
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  assert.equal(
    issuer({certificateAuthority: broken}),
    `${at}.certificateAuthority: Invalid value: "<omitted>": x509: malformed certificate`,
  );
  assert.equal(
    issuer({egressSelectorType: 'cluster'}),
    `${at}.egressSelectorType: Invalid value: "cluster": egress selector is not supported`,
  );
});

test('rules about claims and about the user', () => {
  const at = 'jwt[0].claimValidationRules';
  assert.equal(rules({claim: 'hd', requiredValue: 'x'}, {expression: 'claims.x == 1', message: 'm'}), '');
  assert.equal(rules({}), `${at}[0]: Required value: claim or expression is required`);
  assert.equal(rules({claim: 'a', expression: 'true'}), `${at}[0]: Invalid value: "a": claim and expression can't both be set`);
  assert.equal(rules({claim: 'a', message: 'm'}), `${at}[0].message: Invalid value: "m": may not be specified when claim is set`);
  assert.equal(rules({claim: 'a'}, {claim: 'a'}), `${at}[1].claim: Duplicate value: "a"`);
  assert.equal(
    rules({expression: 'true', requiredValue: 'x'}),
    `${at}[0].requiredValue: Invalid value: "x": may not be specified when expression is set`,
  );
  assert.equal(rules({expression: 'true'}, {expression: 'true'}), `${at}[1].expression: Duplicate value: "true"`);
  assert.equal(rules({expression: 'claims.x'}), `${at}[0].expression: Invalid value: "claims.x": must evaluate to bool`);
  assert.match(
    rules({expression: 'user.username == ""'}),
    /expression: Invalid value: "user\.username == \\"\\"": compilation failed: ERROR: <input>:1:1: undeclared reference to 'user'/,
  );
  const user = (...userValidationRules: JsonObject[]): string => errorsOf({jwt: [{...good, userValidationRules}]});
  assert.equal(user({expression: "!user.username.startsWith('system:')", message: 'm'}), '');
  assert.equal(user({}), 'jwt[0].userValidationRules[0].expression: Required value');
  assert.match(
    user({expression: 'user.nane == ""'}),
    /userValidationRules\[0\]\.expression: .*compilation failed: ERROR: <input>:1:5: undefined field 'nane'/s,
  );
  assert.match(rules({expression: 'x'.repeat(20_000)}), /expression: Invalid value: must have at most 16384 characters$/);
});

test('mappings: a claim with a prefix, or an expression', () => {
  const at = 'jwt[0].claimMappings';
  const both = "claim and expression can't both be set";
  assert.equal(mappings({username: {}}), `${at}.username: Required value: claim or expression is required`);
  assert.equal(mappings({username: {claim: 'a', prefix: '', expression: 'claims.a'}}), `${at}.username: Invalid value: "": ${both}`);
  const needed = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing';
  assert.equal(mappings({username: {claim: 'a'}}), `${at}.username.prefix: Required value: ${needed}`);
  assert.equal(mappings({groups: {claim: 'a'}}), `${at}.groups.prefix: Required value: ${needed}`);
  assert.equal(
    mappings({groups: {prefix: 'p', expression: 'claims.a'}}),
    `${at}.groups.prefix: Invalid value: "p": may not be specified when expression is set`,
  );
  assert.equal(mappings({uid: {claim: 'a', expression: 'claims.a'}}), `${at}.uid: Invalid value: "": ${both}`);
  assert.equal(mappings({uid: {claim: 'a'}, groups: {expression: 'claims.groups'}}), '');
  assert.match(mappings({username: {expression: 'claims.'}}), /username\.expression: Invalid value: "claims\.": compilation failed: ERROR/);
});

test('facts beyond: their keys have a domain, which is not Kubernetes', () => {
  const at = 'jwt[0].claimMappings.extra[0]';
  const extra = (key: string, valueExpression = 'claims.a'): string => mappings({extra: [{key, valueExpression}]});
  assert.equal(extra('example.org/foo'), '');
  assert.equal(extra('', 'claims.a'), `${at}.key: Required value`);
  assert.equal(extra('foo'), `${at}.key: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")`);
  assert.equal(extra('example.org/Foo'), `${at}.key: Invalid value: "example.org/Foo": must be lowercase`);
  const reserved = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
  for (const key of ['k8s.io/a', 'x.kubernetes.io/a']) assert.equal(extra(key), `${at}.key: Invalid value: "${key}": ${reserved}`);
  assert.equal(extra('mykubernetes.io/a'), '');
  assert.equal(extra('example.org/a', ''), `${at}.valueExpression: Required value`);
  const twice = {key: 'example.org/a', valueExpression: 'claims.a'};
  assert.equal(mappings({extra: [twice, twice]}), 'jwt[0].claimMappings.extra[1].key: Duplicate value: "example.org/a"');
});

test('whoever is known by an address must have had it verified', () => {
  const refused = /^jwt\[0\]\.claimMappings\.username\.expression: Invalid value: .*claims\.email_verified must be used in/;
  const named = (expression: string, more: JsonObject = {}): string => mappings({username: {expression}, ...more});
  assert.match(named('claims.email'), refused);
  assert.match(named("'x:' + claims.?email.orValue('')"), refused);
  assert.match(named('[claims.email][0]'), refused);
  assert.equal(named("claims.email_verified ? claims.email : ''"), '');
  assert.equal(named('claims.email', {extra: [{key: 'example.org/v', valueExpression: 'string(claims.email_verified)'}]}), '');
  const ruled = {
    ...good,
    claimMappings: {username: {expression: 'claims.email'}},
    claimValidationRules: [{expression: 'claims.?email_verified.orValue(true) == true'}],
  };
  assert.equal(errorsOf({jwt: [ruled]}), '');
});

test('anonymous users: conditions only where there may be any', () => {
  assert.equal(
    errorsOf({anonymous: {enabled: false, conditions: [{path: '/livez'}]}}),
    'anonymous.conditions: Invalid value: [{"path":"/livez"}]: enabled should be set to true when conditions are defined',
  );
});
