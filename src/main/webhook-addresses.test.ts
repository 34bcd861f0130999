import assert from 'node:assert/strict';
import {test} from 'node:test';
import {addressProblem} from './webhook-addresses.ts';

const isPublic = ['93.184.216.34', '8.8.8.8', '172.32.0.1', '2606:2800:220:1::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'];
const isPrivate = [
  ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '198.18.0.1'],
  ...[
    '::1',
    '::',
    'fc00::1',
    'fd12:3456::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
  ],
];
const isSpecial = [
  ...['169.254.169.254', '169.254.0.1', '100.100.100.200', '168.63.129.16', '192.0.0.192', '224.0.0.1', '255.255.255.255'],
  ...['fe80::1', 'fe80::1%eth0', 'febf::1', 'fd00:ec2::254', 'ff02::1', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe'],
  ...['2002:a9fe:a9fe::1', '2001:0:1::1'],
];

test('js-ssrf addresses of the world are called', () => {
  for (const address of isPublic) assert.equal(addressProblem(address, false), undefined, address);
});

test('js-ssrf private ones only where that was allowed', () => {
  for (const address of isPrivate) {
    assert.match(addressProblem(address, false) ?? '', /private/, address);
    assert.equal(addressProblem(address, true), undefined, address);
  }
});

test('js-ssrf link-local and other special ones never', () => {
  for (const address of isSpecial)
    for (const allow of [false, true]) assert.match(addressProblem(address, allow) ?? '', /special/, address);
});

test('js-ssrf what is no address is none', () => {
  for (const text of ['', 'localhost', '1.2.3', '0x7f000001', '1.2.3.4.5', 'fe80'])
    assert.equal(addressProblem(text, true), 'not an address');
});
