import assert from 'node:assert/strict';
import {test} from 'node:test';
import {auditIdOf, withAuditId} from './audit-id.ts';
import type {HttpRequest} from './http.ts';

const request = (...headers: string[]): HttpRequest => ({
  method: 'GET',
  target: '/',
  headers,
  remoteAddress: '',
  body: async () => new Uint8Array([7]),
  signal: new AbortController().signal,
});
const world = {uid: () => 'fresh'};

test('a request goes by the name that its client gave it, if that is a decent one', () => {
  assert.equal(auditIdOf(request('audit-id', 'a-b.c_1'), world), 'a-b.c_1');
  const bad = [
    [],
    ['audit-id', ''],
    ['audit-id', 'a b'],
    ['audit-id', 'a\nb'],
    ['audit-id', 'a'.repeat(65)],
    ['audit-id', 'a', 'audit-id', 'b'],
  ];
  for (const headers of bad) assert.equal(auditIdOf(request(...headers), world), 'fresh', headers.join());
});

test('another thread knows it by the same name, and all else of it stays', async () => {
  const before = request('accept', 'audit-id', 'audit-id', 'not decent', 'x', 'y');
  const after = withAuditId(before, 'fresh');
  assert.deepEqual(after.headers, ['accept', 'audit-id', 'x', 'y', 'audit-id', 'fresh']);
  assert.equal(auditIdOf(after, {uid: () => 'another'}), 'fresh');
  assert.deepEqual(await after.body(), new Uint8Array([7]));
  assert.equal(after.signal, before.signal);
  assert.equal(withAuditId(after, 'fresh'), after);
});
