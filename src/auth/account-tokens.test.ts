import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {root} from '../api/cluster.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {asObject} from '../api/object.ts';
import {decodeClaims, encodeClaims} from './account-claims.ts';
import type {AccountTokens} from './account-tokens.ts';
import {accountTokenLimits, accountTokens} from './account-tokens.ts';
import type {ServiceAccount} from './service-account.ts';

const account: ServiceAccount = {workspace: root, namespace: 'default', name: 'builder', uid: 'u1'};
const nowSeconds = 1_000_000;

/** Tokens over claims that stand in them as they are: keys that believe everything. */
function setUp() {
  let verified = 0;
  let time = nowSeconds;
  const encode = (claims: JsonObject): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
  const objects = new Map<string, JsonObject>([['serviceaccounts builder', {metadata: {name: 'builder', uid: 'u1'}}]]);
  const tokens = accountTokens({
    keys: {
      sign: async claims => encode(claims),
      async claimsOf(token) {
        verified++;
        return JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
      },
      publicKeys: async () => [],
    },
    issuers: ['us', 'as we were called'],
    audiences: ['us'],
    secondsMax: 0,
    world: {now: () => time * 1000, uid: () => 'id'},
    objects: (_, plural, __, name) => {
      const found = objects.get(`${plural} ${name}`);
      return found && asObject(found);
    },
  });
  return {tokens, objects, encode, verified: () => verified, at: (seconds: number) => (time = seconds)};
}

const why = async (tokens: AccountTokens, token: string): Promise<string | undefined> => {
  const verdict = await tokens.identify(token, ['us']);
  if (!verdict) return 'not ours';
  return 'why' in verdict ? verdict.why : undefined;
};

test('times: with a minute for clocks that differ', async () => {
  const {tokens, at} = setUp();
  const {token, expires} = await tokens.request({account, audiences: ['us'], seconds: 600});
  assert.equal(expires, nowSeconds + 600);
  const cases: readonly [seconds: number, why: string | undefined][] = [
    [nowSeconds - 61, 'service account token is not valid yet'],
    [nowSeconds - 60, undefined],
    [expires + 60, undefined],
    [expires + 61, 'service account token has expired'],
  ];
  for (const [seconds, expected] of cases) {
    at(seconds);
    assert.equal(await why(tokens, token), expected, String(seconds));
  }
});

test('claims that are not whole, or not of ours, log in nobody', async () => {
  const {tokens, encode} = setUp();
  const request = {id: 'id', audiences: ['us'], issuedAt: nowSeconds, notBefore: nowSeconds, expires: nowSeconds + 600};
  const good = encodeClaims({issuer: 'us', account, request});
  const ours = good['kubernetes.io'] as JsonObject;
  assert.equal(await why(tokens, encode(good)), undefined);
  assert.equal(await why(tokens, encode({...good, iss: 'as we were called'})), undefined);
  const {exp: _, ...endless} = good;
  const bad: readonly JsonObject[] = [
    {},
    endless,
    {...good, iss: 'others'},
    {...good, iss: ['us']},
    {...good, sub: 'system:serviceaccount:default:another'},
    {...good, sub: 'system:admin'},
    {...good, aud: [1]},
    {...good, aud: null},
    {...good, exp: '9999999999'},
    {...good, jti: ''},
    {...good, 'kubernetes.io': null},
    {...good, 'kubernetes.io': {...ours, clusterName: '*'}},
    {...good, 'kubernetes.io': {...ours, clusterName: 'root:a'}},
    {...good, 'kubernetes.io': {...ours, clusterName: '../root'}},
    {...good, 'kubernetes.io': {...ours, serviceaccount: {name: 'builder'}}},
    {...good, 'kubernetes.io': {...ours, pod: {name: 'p', uid: 'p'}}},
    {...good, 'kubernetes.io': {...ours, secret: {name: 's'}}},
    JSON.parse(`{"__proto__":${JSON.stringify(good)}}`) as JsonObject,
    JSON.parse(`{"constructor":${JSON.stringify(good)},"iss":"us"}`) as JsonObject,
  ];
  for (const claims of bad) assert.equal(await why(tokens, encode(claims)), 'not ours', JSON.stringify(claims));
  assert.match((await why(tokens, encode({...good, aud: []}))) ?? '', /^token audiences \[\] is invalid/);
  assert.match((await why(tokens, encode({...good, iat: nowSeconds + 999}))) ?? '', /issued in the future/);
});

test('texts that are no tokens are not looked at', async () => {
  const {tokens, verified} = setUp();
  for (const token of ['', '.', '..', 'a.b', 'a.b.c.d', 'a b.c.d', 'a.b.c=', `a.${'b'.repeat(accountTokenLimits.charsMax)}.c`, '\0.\0.\0'])
    assert.equal(await why(tokens, token), 'not ours', token.slice(0, 20));
  assert.equal(verified(), 0);
});

test('a signature is checked once, what it stands for every time', async () => {
  const {tokens, objects, verified} = setUp();
  objects.set('secrets anchor', {metadata: {name: 'anchor', uid: 's1'}});
  const {token} = await tokens.request({account, audiences: ['us'], seconds: 600, secret: {name: 'anchor', uid: 's1'}});
  assert.equal(await why(tokens, token), undefined);
  objects.set('secrets anchor', {metadata: {name: 'anchor', uid: 's2'}});
  assert.equal(await why(tokens, token), 'service account token has been invalidated');
  objects.set('secrets anchor', {metadata: {name: 'anchor', uid: 's1'}});
  assert.equal(await why(tokens, token), undefined);
  objects.set('serviceaccounts builder', {metadata: {name: 'builder', uid: 'u2'}});
  assert.equal(await why(tokens, token), 'service account token has been invalidated');
  assert.equal(verified(), 1);
});

test('signatures are not remembered without end', async () => {
  const {tokens, verified, encode} = setUp();
  const request = {audiences: ['us'], issuedAt: nowSeconds, notBefore: nowSeconds, expires: nowSeconds + 600};
  const nth = (n: number): string => encode(encodeClaims({issuer: 'us', account, request: {...request, id: String(n)}}));
  const count = accountTokenLimits.verifiedMax + 1;
  for (let n = 0; n < count; n++) assert.equal(await why(tokens, nth(n)), undefined);
  assert.equal(await why(tokens, nth(count - 1)), undefined);
  assert.equal(verified(), count);
  assert.equal(await why(tokens, nth(0)), undefined);
  assert.equal(verified(), count + 1, 'the oldest was forgotten');
});

test('a token in a Secret is good for as long as the Secret holds that very token', async () => {
  const {tokens, objects} = setUp();
  const token = await tokens.forSecret(account, 'kept');
  assert.equal(await why(tokens, token), 'service account token has been invalidated');
  const holding = (data: Json, more: JsonObject = {}): void =>
    void objects.set('secrets kept', {metadata: {name: 'kept', uid: 's', ...more}, data});
  holding({token: Buffer.from(token).toString('base64')});
  const verdict = await tokens.identify(token, ['us']);
  assert.ok(verdict && 'user' in verdict);
  assert.deepEqual(verdict.user.extra, {'authentication.kcp.io/cluster-name': ['root'], 'authentication.kcp.io/scopes': ['cluster:root']});
  assert.deepEqual(verdict.audiences, ['us']);
  for (const data of [null, {}, {token: ''}, {token: 7}, {token: '%'}, {token: Buffer.from(`${token}x`).toString('base64')}]) {
    holding(data);
    assert.equal(await why(tokens, token), 'service account token has been invalidated', JSON.stringify(data));
  }
  holding({token: Buffer.from(token).toString('base64')}, {deletionTimestamp: new Date((nowSeconds - 61) * 1000).toISOString()});
  assert.equal(await why(tokens, token), 'service account token has been invalidated');
});

test('any claims at all are read without harm', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('iss', 'sub', 'aud', 'exp', 'jti', 'kubernetes.io', '__proto__'), fc.jsonValue()), claims => {
      assert.equal(decodeClaims(claims as JsonObject), undefined);
    }),
  );
});
