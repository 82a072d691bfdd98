import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';

import { lackOfRoom } from '../../../src/run/one/room-on-disk.ts';
import { resultOf, withFolder } from '../../store/fixtures.ts';
import { whyNoSmallDisk, withSmallDisk } from '../../store/small-disk.ts';

import type { Room } from '../../../src/run/one/room-on-disk.ts';

const GB = 1e9;

/** A run whose two steps stored so many bytes the last time; of the second's all are delivered. */
function room(stateDir: string, bytes: number, out?: string): Room {
  const ref = { bytes, format: 'csv' as const };
  const results = new Map([
    ['clean', resultOf({ table: { ...ref, sha256: 'a' } })],
    ['export', resultOf({ csv: { ...ref, sha256: 'b', deliver: 'table.csv' } })],
  ]);
  const steps = [{ id: 'clean' }, { id: 'export' }, { id: 'new' }];
  return {
    plan: { job: 'j', profile: 'p', steps, run: { out } } as unknown as Room['plan'],
    store: { latestOf: async (_job, _profile, step) => results.get(step) },
    storeRoot: join(stateDir, 'store'),
    stateDir,
  };
}

test.each<[string, number, number, RegExp | undefined]>([
  ['enough', 2 * GB, 5, undefined],
  [
    'less than the last run took',
    1.5 * GB,
    1.2,
    /^space +the state folder's filesystem has 1.2 GB free, the last run needed 3.0 GB; /,
  ],
  ['next to nothing, whatever is needed', 0, 0.05, /has 50 MB free; `builder_cli prune`/],
])('a run that begins with %s is told so', (_name, bytes, freeGb, said) =>
  withFolder(async (folder) => {
    const line = await lackOfRoom(room(folder, bytes), async () => freeGb * GB);
    if (said === undefined) expect(line).toBe(undefined);
    else expect(line).toMatch(said);
  }),
);

test('what is delivered to the same disk needs its room once more', () =>
  withFolder(async (folder) => {
    const free = async (): Promise<number> => 3.5 * GB;
    expect(await lackOfRoom(room(folder, 1.5 * GB), free)).toBeUndefined();
    const line = await lackOfRoom(room(folder, 1.5 * GB, join(folder, 'not', 'yet')), free);
    expect(line).toMatch(/needed 4.5 GB/);
  }));

test('a disk that nobody can ask says nothing', () =>
  withFolder(async (folder) => {
    const fails = async (): Promise<number> => Promise.reject(new Error('ENOSYS'));
    expect(await lackOfRoom(room(folder, GB), fails)).toBeUndefined();
  }));

const onSmallDisk = whyNoSmallDisk() === undefined ? describe : describe.skip;

onSmallDisk('on a disk of one megabyte', () => {
  test('the little room is seen', () =>
    withSmallDisk(async (disk) => {
      expect(await lackOfRoom(room(join(disk, '.builder'), 0))).toMatch(/has 1.0 MB free/);
    }));
});
