import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after} from 'node:test';
import {type EmbeddedOptions, openEmbedded} from './embedded.ts';
import type {Opened} from './recorder.suite.ts';
import {testPlan} from './sealing/plan.suite.ts';
import {storageSuite} from './storage.suite.ts';
import type {Storage} from './storage.ts';

const top = mkdtempSync(join(tmpdir(), 'kcp-ts-embedded-'));
after(() => rmSync(top, {recursive: true}));

const open = (options: Omit<EmbeddedOptions, 'directory'>) => async (): Promise<Opened> => {
  const directory = mkdtempSync(join(top, 'store-'));
  const start = (): Promise<Storage> => openEmbedded({...options, directory});
  return {store: await start(), reopen: start};
};

storageSuite('embedded', open({}), {lasts: true});
const sealing = testPlan('/', 'one');
storageSuite('embedded, all of it sealed and nothing at hand', open({sealing, hotBytesMax: 0, recentBytesMax: 0, mapBytesMax: 0}), {
  lasts: true,
});
storageSuite('embedded, with nothing at hand', open({hotBytesMax: 0, recentBytesMax: 0, mapBytesMax: 0}), {lasts: true});
