import { mkdtemp, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { KINDS, openProject } from '../../../src/index.ts';
import { openLocalStore } from '../../../src/store/local.ts';
import { withSmallDisk, whyNoSmallDisk } from '../../store/small-disk.ts';

const DEFINITION = {
  job: { job: 'numbers' },
  profile: {
    profile: 'numbers',
    steps: { numbers: { uses: 'transform.sql', with: { sql: 'select 1 as i' } } },
  },
};

const onSmallDisk = whyNoSmallDisk() === undefined ? describe : describe.skip;

/** What `explain` says of the one step. */
async function verdictIn(stateDir: string): Promise<string | undefined> {
  const project = openProject({ stateDir, kinds: KINDS });
  try {
    const { steps } = await project.explain({ definition: DEFINITION });
    return steps[0]?.verdict;
  } finally {
    await project.close();
  }
}

test('to foresee a run makes no state folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'builder-look-'));
  try {
    expect(await verdictIn(join(folder, '.builder'))).toBe('run');
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

onSmallDisk('a state folder that cannot be written', () => {
  test('is enough to foresee a run', () =>
    withSmallDisk(async (disk, setReadOnly) => {
      const stateDir = join(disk, '.builder');
      await mkdir(stateDir, { mode: 0o700 });
      (await openLocalStore(join(stateDir, 'store'))).close();
      setReadOnly(true);
      expect(await verdictIn(stateDir)).toBe('run');
      setReadOnly(false);
    }));
});
