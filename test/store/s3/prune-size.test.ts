import { expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openS3Store } from '../../../src/store/s3/open-s3-store.ts';
import { prune } from '../../../src/run/prune/prune.ts';
import { BUCKET } from '../../harness/s3-server.ts';
import { fileIn, FINGERPRINT, resultOf } from '../fixtures.ts';
import { withCloud } from './fixtures.ts';

import type { Parts } from '../../../src/run/parts.ts';

test('copies on a machine do not count to the size that a store in a bucket may have', () =>
  withCloud(async ({ server, folder }) => {
    const stateDir = join(folder, 'state');
    const address = `s3://${BUCKET}/pre?endpoint=${server.endpoint}`;
    const store = await openS3Store({ address, stateDir });
    const table = await store.put(await fileIn(folder, 'new', 'x'.repeat(100_000)), {
      format: 'file',
    });
    await store.putResult(FINGERPRINT, resultOf({ table }));
    await mkdir(join(stateDir, 'store-cache/copies'), { recursive: true });
    await writeFile(join(stateDir, 'store-cache/copies/large'), Buffer.alloc(3_000_000));
    const parts = { options: { stateDir, store: address } } as Parts;
    const done = await prune(parts, { maxBytes: 1_000_000 }, () => undefined);
    expect(await store.findResult(FINGERPRINT)).toBeDefined();
    expect(done.after).toBeGreaterThan(3_000_000);
    // What goes there is no room that is won here.
    await store.put(await fileIn(folder, 'left', 'y'.repeat(99_000)), { format: 'file' });
    const plan = await prune(parts, { maxBytes: 1_000_000, dryRun: true }, () => undefined);
    expect(plan.rows.find(({ what }) => what === 'stored files')?.bytes).toBe(99_000);
    expect(plan.after).toBe(plan.before);
    store.close();
  }));
