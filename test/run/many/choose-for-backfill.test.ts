import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { chooseForBackfill } from '../../../src/run/many/choose-for-backfill.ts';

import type { Choice } from '../../../src/model/backfill.ts';
import type { RunRecord } from '../../../src/model/run-record.ts';
import type { Range } from '../../../src/run/many/choose-for-backfill.ts';

/** What is chosen of a job that is cut so, of which `delivered` lie there and `runs` were the last ones. */
async function choose(
  partition: string,
  range: Range & { readonly choose?: readonly Choice[] },
  there: { readonly delivered?: readonly string[]; readonly runs?: Record<string, string> } = {},
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-choose-'));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  try {
    await write('j.yaml', `job: j\nprofile: p\npartition: ${partition}\n`);
    for (const id of there.delivered ?? []) {
      const manifest = { format: 1, job: 'j', partition: id, plan_sha256: 'x', files: [] };
      await write(`out/${id}/manifest.json`, JSON.stringify(manifest));
    }
    const runs = Object.entries(there.runs ?? {}).map(([id, status]) => ({
      ...{ run_id: `r-${id}`, partition: id, status },
      ...{ state: 'closed', started_at: '2026-01-01T00:00:00.000Z' },
    }));
    return await chooseForBackfill(
      { job: 'j.yaml', out: 'out' },
      { choose: ['missing', 'failed'], ...range },
      {
        options: { cwd: folder },
        runs: async () => runs as unknown as readonly RunRecord[],
        explain: async () => Promise.reject(new Error('not asked')),
      },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

const MONTHS = '{ by: month, start: 2025-11, end: 2026-02 }';
const LIST = '{ by: list, values: [north, south, east, west] }';

test('without a range: all that are over, or all of a list', async () => {
  expect(await choose(MONTHS, {})).toEqual(['2025-11', '2025-12', '2026-01', '2026-02']);
  expect(await choose(LIST, {})).toEqual(['north', 'south', 'east', 'west']);
});

test.each([
  [MONTHS, { from: '2025-12', to: '2026-01' }, ['2025-12', '2026-01']],
  [LIST, { from: 'south', to: 'east' }, ['south', 'east']],
  [LIST, { to: 'north' }, ['north']],
  [
    '{ by: week, start: 2025-W51, end: 2026-W03 }',
    { to: '2026-W01' },
    ['2025-W51', '2025-W52', '2026-W01'],
  ],
])('of %s the range %j is %j', async (partition, range, wanted) => {
  expect(await choose(partition, range)).toEqual(wanted);
});

test('a partition that has begun is made if it is named, though it is not over', async () => {
  const today = new Date().toISOString().slice(0, 4);
  const years = `{ by: year, start: 2024 }`;
  expect(await choose(years, {})).not.toContain(today);
  expect(await choose(years, { to: today })).toContain(today);
});

const THERE = {
  delivered: ['north', 'south'],
  runs: { north: 'OK', south: 'FAIL', east: 'CANCELLED' },
};
test.each<[readonly Choice[], readonly string[]]>([
  [
    ['missing', 'failed'],
    ['south', 'east', 'west'],
  ],
  [['missing'], ['east', 'west']],
  [['failed'], ['south', 'east']],
  [['all'], ['north', 'south', 'east', 'west']],
])(
  '%j of four, of which two lie there and one of them failed the last time, is %j',
  async (words, wanted) => {
    expect(await choose(LIST, { choose: words }, THERE)).toEqual(wanted);
  },
);

test.each([
  [MONTHS, { from: '2026-02', to: '2025-12' }, '--from 2026-02 lies behind --to 2025-12'],
  [MONTHS, { from: '2026-03' }, '--from 2026-03: no such partition; the last one is 2026-02'],
  [LIST, { to: 'up' }, '--to up: no such partition; there are north, south, east, west'],
])('of %s the range %j is refused', async (partition, range, why) => {
  await expect(choose(partition, range)).rejects.toThrow(why);
});
