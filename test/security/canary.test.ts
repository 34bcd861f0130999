/** Nobody sees anything of a workspace that they have no right to (spec reliability-and-security I10, T19): random requests, and canaries everywhere. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {canariesIn, canaryText, seenBytes} from './canary.ts';
import {crawlOnce} from './canary-run.ts';

const foreignRequests = Number(process.env['CANARY_REQUESTS'] ?? 5_000);
const seed = process.env['CANARY_SEED'] ?? 'canary';

test('T19 canaries are found in the clear, in base64 and in what is packed', async () => {
  const text = canaryText('07', 's');
  const found = [{workspace: '07', kind: 's'}];
  assert.deepEqual(canariesIn(Buffer.from(`<${text}>`)), found);
  assert.deepEqual(canariesIn(Buffer.from(`"${Buffer.from(`${text} and more`).toString('base64')}"`)), found);
  assert.deepEqual(canariesIn(seenBytes({location: text}, Buffer.alloc(0))), found);
  assert.deepEqual(canariesIn(Buffer.from('kcp canary')), []);
});

test(`T19 js-buffers ${foreignRequests.toLocaleString('en')} random requests of strangers show nothing`, {timeout: 300_000}, async t => {
  const {found, own, sent, statuses, successes} = await crawlOnce({seed, foreign: foreignRequests});
  t.diagnostic(
    `${sent} requests in all; own canaries seen ${own}; ${JSON.stringify(Object.fromEntries(statuses))}; ${JSON.stringify(Object.fromEntries(successes))}`,
  );
  assert.deepEqual(found, []);
  // Without them, nothing would be proved.
  assert.ok(own > sent / 30, `${own} canaries were seen by those they belong to`);
  for (const status of [200, 201, 400, 401, 403, 404, 409]) assert.ok(statuses.get(status), `no answer ${status}`);
  for (const kind of [
    'GET',
    'POST',
    'PATCH',
    'DELETE',
    'application/json;as=Table;g=meta.k8s.io;v=v1',
    'application/vnd.kubernetes.protobuf',
  ])
    assert.ok(successes.get(kind), `no success with ${kind}`);
  assert.ok((statuses.get(200) ?? 0) > sent / 12, 'hardly anything succeeds');
});
