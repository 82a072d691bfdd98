import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { openLocalStore } from '../../src/store/local.ts';
import { withSmallDisk, whyNoSmallDisk } from '../store/small-disk.ts';
import { outcome, processOn, valuesOf } from './facts.ts';

/** Facts of one append: longer than the end of a block that a full disk still has to give. */
const AT_ONCE = 40;

const onSmallDisk = whyNoSmallDisk() === undefined ? describe : describe.skip;

onSmallDisk('a full disk', () => {
  test('an append that a full disk cuts in two is counted once: what is in the journal there, the rest in memory', () =>
    withSmallDisk(async (disk) => {
      const folder = join(disk, 'store');
      await mkdir(folder);
      const store = await openLocalStore(folder);
      const { telemetry, add } = processOn({ store });
      await add(outcome('first', 1000, 'OK'));
      await fill(disk);
      const facts = Array.from({ length: AT_ONCE }, (_, i) => outcome(`run-${i}`, 2000, 'OK'));
      await add(...facts);

      const written = await store.changes();
      const inJournal = 'all' in written ? Object.values(written.all.sums) : [];
      expect(inJournal).toHaveLength(1);
      const counted = await valuesOf(telemetry, 'pipeline_step_status_total');
      expect(counted['{job="sales",profile="nightly",step="clean",status="OK"}']).toBe(AT_ONCE + 1);
      expect((await valuesOf(telemetry, 'pipeline_metrics_errors_total'))['{reason="claim"}']).toBe(
        1,
      );
      store.close();
    }));
});

/** Leaves no block free; files keep what is left of their last one. */
async function fill(disk: string): Promise<void> {
  await writeFile(join(disk, 'fill'), '');
  spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=4096', 'status=none']);
}
