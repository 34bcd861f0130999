import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {algorithm, ecSigner, edSigner, pem, requestDer, rsaSigner, type Signer} from '../../test/support/signing-request.ts';
import {element, oid, sequence, tagged} from '../api/der.ts';
import {parseSigningRequest} from './pkcs10.ts';

const asked = (der: Uint8Array, label = 'CERTIFICATE REQUEST') => parseSigningRequest(Buffer.from(pem(label, der)));
/** '' where all is well. */
function problem(der: Uint8Array): string {
  try {
    asked(der).checkSignature();
    return '';
  } catch (err) {
    return (err as Error).message;
  }
}

const sha256 = algorithm('2.16.840.1.101.3.4.2.1', 'null');
const pssOf = (...parts: Uint8Array[]): Buffer => sequence(oid('1.2.840.113549.1.1.10'), sequence(...parts));
const signers: readonly [what: string, signer: Signer][] = [
  ['P-224', ecSigner('secp224r1')],
  ['P-256', ecSigner()],
  ['P-384', ecSigner('P-384', 'sha384', algorithm('1.2.840.10045.4.3.3'))],
  ['P-521', ecSigner('P-521', 'sha512', algorithm('1.2.840.10045.4.3.4'))],
  ['RSA', rsaSigner()],
  ['RSA of old', rsaSigner('sha1', algorithm('1.2.840.113549.1.1.5', 'null'))],
  ['RSA-PSS', {...rsaSigner('sha256', pssOf(tagged(0, sha256))), pss: true}],
  ['Ed25519', edSigner()],
];

for (const [what, signer] of signers)
  test(`a request signed by ${what}`, () => {
    const der = requestDer(signer, 'jane', ['team', 'system:masters']);
    assert.equal(problem(der), '');
    assert.deepEqual(asked(der).organizations, ['team', 'system:masters']);
    const forged = Buffer.from(der);
    // The common name is what ends in "jane".
    forged.write('june', forged.indexOf('jane'));
    assert.match(problem(forged), /^(crypto\/rsa: verification error|x509: (ECDSA|Ed25519) verification failure)$/);
  });

test('what is no request', () => {
  const der = requestDer(ecSigner());
  const broken = 'asn1: structure error: not a certificate request';
  assert.throws(() => parseSigningRequest(Buffer.from('zork')), /^Error: PEM block type must be CERTIFICATE REQUEST$/);
  assert.throws(() => asked(der, 'CERTIFICATE'), /^Error: PEM block type must be CERTIFICATE REQUEST$/);
  assert.equal(problem(Buffer.concat([der, Buffer.from('x')])), 'asn1: syntax error: trailing data');
  assert.equal(problem(der.subarray(0, -1)), broken);
  assert.equal(problem(Buffer.alloc(0)), broken);
  assert.equal(problem(sequence()), broken);
  assert.equal(problem(sequence(Buffer.alloc(100_000, element(0x05)))), broken);
});

test('algorithms that are not what they should be', () => {
  const unknown = 'x509: cannot verify signature: algorithm unimplemented';
  assert.equal(
    problem(requestDer(rsaSigner('md5', algorithm('1.2.840.113549.1.1.4', 'null')))),
    'x509: cannot verify signature: insecure algorithm MD5-RSA',
  );
  assert.equal(problem(requestDer(ecSigner('P-256', 'sha256', algorithm('1.2.3')))), unknown);
  assert.equal(problem(requestDer(ecSigner('secp256k1'))), unknown);
  assert.equal(problem(requestDer(rsaSigner('sha256', pssOf()))), unknown);
  assert.equal(
    problem(requestDer(rsaSigner('sha256', algorithm('1.2.840.10045.4.3.2')))),
    'x509: signature algorithm specifies an ECDSA public key, but have public key of type *rsa.PublicKey',
  );
});

test('organizations in the encodings of old', () => {
  const der = requestDer(ecSigner(), 'jane', ['ab']);
  const at = der.indexOf(Buffer.from('0c026162', 'hex'));
  const wide = Buffer.from(der);
  wide.set([0x1e, 0x02, 0x00, 0x61], at);
  assert.deepEqual(asked(wide).organizations, ['a']);
  const odd = Buffer.from(der);
  odd.set([0x13], at);
  assert.deepEqual(asked(odd).organizations, ['ab']);
});

test('whatever the bytes are, they are read or refused', () => {
  const der = requestDer(ecSigner(), 'jane', ['a']);
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), fc.nat(der.length), (at, byte, length) => {
      const bytes = Buffer.from(der.subarray(0, Math.max(length, at + 1)));
      bytes[at] = byte;
      assert.equal(typeof problem(bytes), 'string');
    }),
  );
});
