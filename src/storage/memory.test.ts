import {memoryStorage} from './memory.ts';
import {storageSuite} from './storage.suite.ts';

storageSuite('memory', async () => ({store: memoryStorage()}), {lasts: false});
