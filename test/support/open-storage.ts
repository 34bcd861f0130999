import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {openEmbedded} from '../../src/storage/embedded.ts';
import {memoryStorage} from '../../src/storage/memory.ts';
import {testPlan} from '../../src/storage/sealing/plan.suite.ts';
import type {Storage} from '../../src/storage/storage.ts';

export type OpenStorage = {readonly store: Storage; readonly close: () => Promise<void>};

/** An empty store: in memory, or the embedded one where the environment says `STORAGE=embedded`, all of it sealed. Nobody else reads that variable. */
export async function openStorage(): Promise<OpenStorage> {
  if (process.env['STORAGE'] !== 'embedded') {
    const store = memoryStorage();
    return {store, close: () => store.close()};
  }
  const directory = mkdtempSync(join(tmpdir(), 'kcp-ts-api-'));
  const store = await openEmbedded({directory, sealing: testPlan('/', 'one')});
  return {
    store,
    async close() {
      await store.close();
      rmSync(directory, {recursive: true});
    },
  };
}
