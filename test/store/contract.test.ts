import { join } from 'node:path';

import { openLocalStore } from '../../src/store/local.ts';
import { openMemoryStore } from '../../src/store/memory/memory-store.ts';
import { testStore } from './contract.ts';
import { s3StoreIn } from './s3/fixtures.ts';

testStore('a local folder', (folder) =>
  openLocalStore(join(folder, 'store'), { bootId: 'boot-1' }),
);
testStore('a bucket', s3StoreIn);
testStore('memory', async (folder) =>
  openMemoryStore({ folder: join(folder, 'here'), bootId: 'boot-1' }),
);
