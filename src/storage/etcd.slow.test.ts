import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {type Etcd, etcdIsInstalled, startEtcd} from '../../test/support/etcd.ts';
import {etcdStorage} from '../../test/support/etcd-storage.ts';
import {storageSuite} from './storage.suite.ts';

if (etcdIsInstalled()) {
  const directory = mkdtempSync(join(tmpdir(), 'kcp-ts-etcd-'));
  let etcd: Etcd | undefined;
  let stores = 0;
  before(async () => {
    etcd = await startEtcd(directory);
  });
  after(async () => {
    await etcd?.stop();
    rmSync(directory, {recursive: true});
  });
  storageSuite('etcd, the truth', async () => ({store: await etcdStorage(etcd!.url, `/suite-${stores++}`)}), {lasts: false});
} else test('storage: etcd, the truth', {skip: 'etcd is not installed'}, () => {});
