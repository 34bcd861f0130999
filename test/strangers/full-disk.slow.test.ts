import assert from 'node:assert/strict';
import {test} from 'node:test';
import {folder, startServer} from '../support/process.ts';

const configmaps = '/clusters/root/api/v1/namespaces/default/configmaps';

test('on a full disk writes are refused, reads go on, and nothing is lost', {
  timeout: 60_000,
  skip: process.platform === 'win32',
}, async t => {
  const root = folder(t);
  const full = await startServer(t, {root, fileKiBMax: 2048});
  const acknowledged: string[] = ['kube-root-ca.crt'];
  for (let i = 0; ; i++) {
    assert.ok(i < 200, 'the disk does not get full');
    const answer = await full.call(configmaps, {method: 'POST', body: {metadata: {name: `c${i}`}, data: {filling: 'x'.repeat(100_000)}}});
    if (answer.status !== 201) {
      assert.equal(answer.status, 503, answer.body);
      break;
    }
    acknowledged.push(`c${i}`);
  }
  const names = (list: {items: readonly {metadata: {name: string}}[]}): readonly string[] => list.items.map(({metadata}) => metadata.name);
  assert.deepEqual(names((await full.call(configmaps)).json).toSorted(), acknowledged.toSorted());
  assert.equal((await full.call(`${configmaps}/c0`)).json.data.filling.length, 100_000);
  assert.equal((await full.stop()).code, 0);

  const roomy = await startServer(t, {root});
  assert.deepEqual(names((await roomy.call(configmaps)).json).toSorted(), acknowledged.toSorted());
  assert.equal((await roomy.call(`${configmaps}/c0`, {method: 'DELETE'})).status, 200);
});
