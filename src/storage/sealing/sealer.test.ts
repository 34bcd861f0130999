import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import fc from 'fast-check';
import {type Key, Unreadable} from '../storage.ts';
import {testKey, testPlan} from './plan.suite.ts';
import {keyId, nothingSealed, Sealer, sealedWith} from './sealer.ts';

const key = '/core/secrets/built-in/ws1/default/a' as Key;
const bytes = (text: string): Uint8Array => Buffer.from(text);
const anyBytes = fc.oneof(
  fc.uint8Array({maxLength: 200}),
  fc.uint8Array({maxLength: 60}).map(tail => Buffer.concat([Buffer.from('\0kcp'), tail])),
);

describe('sealer', () => {
  test('whatever is sealed or stays plain opens as it was, and sealed bytes show nothing of it', () => {
    const sealers = [new Sealer(nothingSealed), new Sealer(testPlan('/core/secrets/', 'one')), new Sealer(testPlan('/', 'one', 'two'))];
    fc.assert(
      fc.property(anyBytes, fc.constantFrom(...sealers), fc.constantFrom(key, '/core/configmaps/x' as Key), (value, sealer, at) => {
        const lying = sealer.seal(at, value);
        assert.deepEqual(Buffer.from(sealer.open(at, lying)), Buffer.from(value));
        const id = sealer.idFor(at);
        assert.equal(sealedWith(lying), id);
        if (id !== undefined && value.length > 8) assert.ok(!Buffer.from(lying).includes(Buffer.from(value)));
      }),
    );
  });

  test('what no rule is about is the very same bytes', () => {
    const value = bytes('{"apiVersion":"v1"}');
    const sealer = new Sealer(testPlan('/core/secrets/', 'one'));
    assert.equal(sealer.seal('/core/configmaps/built-in/ws1/default/a' as Key, value), value);
    assert.equal(sealer.open(key, value), value, 'plain values from before are read');
  });

  test('the first rule that is about a key decides', () => {
    const one = testKey('one');
    const sealer = new Sealer({
      rules: [
        {range: '/core/events/', with: undefined},
        {range: '/', with: one},
      ],
      keys: [one],
    });
    assert.equal(sealer.idFor('/core/events/built-in/ws1/default/e' as Key), undefined);
    assert.equal(sealer.idFor(key), keyId(one.secret));
  });

  test('a value opens under its own storage key alone', () => {
    const sealer = new Sealer(testPlan('/', 'one'));
    const sealed = sealer.seal(key, bytes('secret'));
    for (const other of [
      '/core/secrets/built-in/ws2/default/a',
      '/core/secrets/built-in/ws1/default/b',
      '/core/configmaps/built-in/ws1/default/a',
    ])
      assert.throws(() => sealer.open(other as Key, sealed), Unreadable);
  });

  test('no byte of a sealed value can be changed or cut off', () => {
    const sealer = new Sealer(testPlan('/', 'one'));
    const sealed = sealer.seal(key, bytes('secret'));
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i]! ^= 1;
      // Without its mark it is another, plain value: what reads it finds no object.
      if (i < 4) assert.deepEqual(sealer.open(key, changed), changed);
      else if (i === 4) assert.notDeepEqual(sealer.open(key, changed), bytes('secret'));
      else assert.throws(() => sealer.open(key, changed), Unreadable, `byte ${i}`);
      if (i > 4) assert.throws(() => sealer.open(key, sealed.subarray(0, i)), Unreadable, `the first ${i} bytes`);
    }
  });

  test('the first key seals, all open; a key of the same name is not the same key', () => {
    const old = new Sealer(testPlan('/', 'one')).seal(key, bytes('secret'));
    const both = new Sealer(testPlan('/', 'two', 'one'));
    assert.deepEqual(Buffer.from(both.open(key, old)).toString(), 'secret');
    assert.equal(both.isDue(key, old), true);
    assert.equal(both.isDue(key, both.seal(key, bytes('x'))), false);
    assert.equal(both.isDue(key, bytes('{}')), true, 'plain');
    const impostor = {name: 'one', secret: testKey('two').secret};
    assert.throws(
      () => new Sealer({rules: [{range: '/', with: impostor}], keys: [impostor]}).open(key, old),
      /key [0-9a-f]{16}, which is not there/,
    );
  });

  test('the same value twice makes different bytes, also after another start', () => {
    const seals = [1, 2, 3].map(() => new Sealer(testPlan('/', 'one'))).flatMap(s => [s.seal(key, bytes('x')), s.seal(key, bytes('x'))]);
    assert.equal(new Set(seals.map(s => Buffer.from(s).toString('hex'))).size, 6);
    const salts = new Set(seals.map(s => Buffer.from(s).toString('hex', 13, 29)));
    assert.equal(salts.size, 3, 'one salt a start');
  });
});
