import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {JsonObject} from '../../api/json.ts';
import {compileIssuer} from './compile.ts';
import {readJwtIssuers} from './config.ts';
import {userOf} from './to-user.ts';

const compiled = (more: JsonObject) => {
  const [config] = readJwtIssuers([
    {issuer: {url: 'https://a.example', audiences: ['us']}, claimMappings: {username: {claim: 'sub', prefix: ''}}, ...more},
  ]);
  const {errors, found} = compileIssuer(config!, 'jwt[0]', []);
  assert.deepEqual(errors, []);
  return found;
};
const mapped = (claimMappings: JsonObject, claims: JsonObject, more: JsonObject = {}) =>
  userOf(claims, compiled({claimMappings: {username: {claim: 'sub', prefix: ''}, ...claimMappings}, ...more}));
const named = (username: JsonObject, claims: JsonObject) => mapped({username}, claims);

test('claims become a user, with prefixes', () => {
  const claimMappings = {
    username: {claim: 'sub', prefix: 'oidc:'},
    groups: {claim: 'roles', prefix: 'team:'},
    uid: {claim: 'id'},
    extra: [
      {key: 'example.org/tenant', valueExpression: 'claims.tenant'},
      {key: 'example.org/none', valueExpression: "''"},
      {key: 'example.org/null', valueExpression: 'claims.nothing'},
    ],
  };
  assert.deepEqual(mapped(claimMappings, {sub: 'ann', roles: ['a', 'b'], id: '7', tenant: ['x', '', 'y'], nothing: null, jti: 'j'}), {
    user: {
      name: 'oidc:ann',
      groups: ['team:a', 'team:b'],
      uid: '7',
      extra: {'authentication.kubernetes.io/credential-id': ['JTI=j'], 'example.org/tenant': ['x', 'y']},
    },
  });
  assert.deepEqual(mapped({groups: {claim: 'roles', prefix: ''}}, {sub: 'ann', roles: 'one'}), {user: {name: 'ann', groups: ['one']}});
  assert.deepEqual(mapped({groups: {claim: 'roles', prefix: 'x'}}, {sub: 'ann'}), {user: {name: 'ann', groups: []}});
});

test('expressions see the claims, and numbers in them as doubles', () => {
  const username = {expression: "claims.first + '-' + claims.deep.list[0].name"};
  const claims = {first: 'ann', deep: {list: [{name: 'lee'}]}, exp: 200, nbf: 100};
  assert.deepEqual(named(username, claims), {user: {name: 'ann-lee', groups: []}});
  const rule = (expression: string) => mapped({username}, claims, {claimValidationRules: [{expression, message: 'no'}]});
  assert.deepEqual(rule('claims.exp - claims.nbf <= 86400'), {user: {name: 'ann-lee', groups: []}});
  assert.deepEqual(rule('claims.exp + 0.5 == 200.5'), {user: {name: 'ann-lee', groups: []}});
  assert.deepEqual(mapped({username, groups: {expression: '[claims.first, claims.deep.list[0].name]'}}, claims), {
    user: {name: 'ann-lee', groups: ['ann', 'lee']},
  });
});

test('each failure has its reason', () => {
  const cases: readonly (readonly [JsonObject, JsonObject, string])[] = [
    [{}, {}, 'parse username claims "sub": claim not present'],
    [{}, {sub: 1}, 'parse username claims "sub": json: cannot unmarshal number into Go value of type string'],
    [{}, {sub: ''}, 'parse username claims "sub": claim is empty'],
    [{}, {sub: null}, 'parse username claims "sub": claim is empty'],
    [{username: {claim: 'email', prefix: ''}}, {email: 'a@b', email_verified: false}, 'email not verified'],
    [
      {username: {claim: 'email', prefix: ''}},
      {email: 'a@b', email_verified: 'true'},
      "parse 'email_verified' claim: json: cannot unmarshal string into Go value of type bool",
    ],
    [
      {groups: {claim: 'g', prefix: ''}},
      {sub: 'a', g: 1},
      'parse groups claim "g": json: cannot unmarshal number into Go value of type string',
    ],
    [
      {groups: {claim: 'g', prefix: ''}},
      {sub: 'a', g: ['x', {}]},
      'parse groups claim "g": json: cannot unmarshal array into Go value of type string',
    ],
    [
      {groups: {claim: 'g', prefix: ''}},
      {sub: 'a', _claim_names: {g: 'src'}, _claim_sources: {src: {endpoint: 'https://x'}}},
      'could not expand distributed claims: distributed claims are not supported',
    ],
    [{uid: {claim: 'id'}}, {sub: 'a'}, 'parse uid claim "id": claim not present'],
    [
      {username: {expression: 'claims.x'}},
      {x: 1},
      'error evaluating username claim expression: username claim expression must return a string',
    ],
    [{username: {expression: 'claims.x'}}, {x: ''}, 'empty username via CEL expression is not allowed'],
    [
      {username: {expression: 'claims.x'}},
      {},
      "error evaluating username claim expression: expression 'claims.x' resulted in error: no such key: x",
    ],
    [
      {groups: {expression: 'claims.x'}},
      {sub: 'a', x: [1]},
      'error evaluating group claim expression: expression must return a string or a list of strings',
    ],
    [
      {uid: {expression: 'claims.x'}},
      {sub: 'a', x: true},
      'error evaluating uid claim expression: uid claim expression must return a string',
    ],
  ];
  for (const [mappings, claims, why] of cases) assert.deepEqual(mapped(mappings, claims), {why: `oidc: ${why}`});
  assert.deepEqual(named({claim: 'email', prefix: ''}, {email: 'a@b'}), {user: {name: 'a@b', groups: []}});
  assert.deepEqual(named({claim: 'email', prefix: ''}, {email: 'a@b', email_verified: true}), {user: {name: 'a@b', groups: []}});
});

test('rules about claims and about the user hold', () => {
  const required = (claims: JsonObject) =>
    mapped({}, {sub: 'a', ...claims}, {claimValidationRules: [{claim: 'hd', requiredValue: 'x.org'}]});
  assert.deepEqual(required({hd: 'x.org'}), {user: {name: 'a', groups: []}});
  assert.deepEqual(required({hd: 'y.org'}), {why: 'oidc: required claim hd value does not match. Got = y.org, want = x.org'});
  assert.deepEqual(required({}), {why: 'oidc: required claim hd not present in ID token'});
  assert.deepEqual(required({hd: [1]}), {why: 'oidc: parse claim hd: json: cannot unmarshal array into Go value of type string'});

  const rule = {expression: "claims.sub != 'b'", message: 'no b'};
  assert.deepEqual(mapped({}, {sub: 'b'}, {claimValidationRules: [rule]}), {
    why: "oidc: error evaluating claim validation expression: validation expression 'claims.sub != 'b'' failed: no b",
  });
  const userRule = {expression: "!user.username.startsWith('system:') && user.groups.all(g, g != 'root')", message: 'no system'};
  const judged = (claims: JsonObject) => mapped({groups: {claim: 'g', prefix: ''}}, claims, {userValidationRules: [userRule]});
  assert.deepEqual(judged({sub: 'a', g: ['x']}), {user: {name: 'a', groups: ['x']}});
  const refused = {
    why: `oidc: error evaluating user info validation rule: validation expression '${userRule.expression}' failed: no system`,
  };
  assert.deepEqual(judged({sub: 'system:admin'}), refused);
  assert.deepEqual(judged({sub: 'a', g: ['root']}), refused);
});

test('expressions together spend no more than a budget', () => {
  const costly = "claims.l.all(a, claims.l.all(b, claims.l.all(c, a + b + c != 'x')))";
  const claims = {sub: 'a', l: Array.from({length: 100}, (_, i) => String(i))};
  const found = mapped({}, claims, {claimValidationRules: [{expression: costly, message: ''}]});
  assert.match('why' in found ? found.why : '', /resulted in error: operation cancelled: actual cost limit exceeded$/);
  const half = "claims.l.all(a, claims.l.all(b, a + b != 'x'))";
  const many = Array.from({length: 10}, (_, i) => ({expression: `${half} && ${i} == ${i}`, message: ''}));
  assert.ok('user' in mapped({}, claims, {claimValidationRules: many.slice(0, 1)}));
  assert.match(JSON.stringify(mapped({}, claims, {claimValidationRules: many})), /actual cost limit exceeded/);
});

test('whatever the claims, there is a user with a name or a reason', () => {
  const issuer = compiled({
    claimMappings: {
      username: {expression: 'string(claims.sub)'},
      groups: {claim: 'groups', prefix: 'p:'},
      uid: {expression: 'claims.uid'},
      extra: [{key: 'example.org/x', valueExpression: 'claims.x'}],
    },
  });
  const keys = fc.constantFrom('sub', 'groups', 'uid', 'x', 'jti', '_claim_names', '__proto__');
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue({maxDepth: 3})), claims => {
      const found = userOf(claims as JsonObject, issuer);
      if ('why' in found) assert.match(found.why, /^oidc: ./);
      else assert.ok(found.user.name.length > 0 && found.user.groups.every(group => /^p:./s.test(group)));
    }),
  );
});
