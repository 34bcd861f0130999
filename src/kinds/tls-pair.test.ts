import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import {test} from 'node:test';
import {keyPairTrouble} from './tls-pair.ts';

const pem = (name: string): string => `-----BEGIN ${name}-----\nAAAA\n-----END ${name}-----\n`;
const key = generateKeyPairSync('ed25519').privateKey.export({type: 'pkcs8', format: 'pem'}) as string;
/** Signed with a key that nobody has any more. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBQjCB9aADAgECAhQvYkfbLQi8ZkIjXwIWo4mGgPlOQjAFBgMrZXAwFzEVMBMG
A1UEAwwMc29tZS5leGFtcGxlMCAXDTI2MDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAw
MDAwWjAXMRUwEwYDVQQDDAxzb21lLmV4YW1wbGUwKjAFBgMrZXADIQAZvSpYhWcE
-----END CERTIFICATE-----
`;

test('what Go says of a certificate and a key', () => {
  const skipped = 'PEM blocks of the following types';
  const cases: readonly [string, string, string][] = [
    ['', '', 'failed to find any PEM data in certificate input'],
    ['-----BEGIN CERTIFICATE-----\n', key, 'failed to find any PEM data in certificate input'],
    [key, key, 'failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'],
    [pem('A') + pem('B'), key, `failed to find "CERTIFICATE" PEM block in certificate input after skipping ${skipped}: [A B]`],
    [certificate, '', 'failed to find any PEM data in key input'],
    [certificate, certificate, 'found a certificate rather than a key in the PEM for the private key'],
    [certificate, pem('A'), `failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping ${skipped}: [A]`],
    [certificate, key, 'failed to parse certificate or private key'],
  ];
  for (const [one, other, trouble] of cases) assert.deepEqual(keyPairTrouble(one, other), [`tls: ${trouble}`]);
});

test('a text made of beginnings takes no time', () => {
  const hostile = '-----BEGIN A-----'.repeat(60_000);
  const started = performance.now();
  assert.deepEqual(keyPairTrouble(hostile, hostile), ['tls: failed to find any PEM data in certificate input']);
  assert.ok(performance.now() - started < 200);
});
