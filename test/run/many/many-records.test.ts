import { expect, test } from '@jest/globals';

import { driverOfMany, openMany } from '../../../src/run/many/many-records.ts';
import { ownOwner } from '../../../src/os/owner.ts';
import { withFolder } from '../../store/fixtures.ts';

import type { BackfillRecord } from '../../../src/run/many/many-records.ts';

const RECORD: BackfillRecord = {
  format: 1,
  backfill_id: 'sales-1',
  job: 'sales',
  profile: 'nightly',
  job_path: '/jobs/sales.yaml',
  given_params: [],
  out: '/out',
  choose: ['missing'],
  at_most: 4,
  asked_at: '2026-10-01T00:00:00.000Z',
  partitions: ['2026-09'],
  state: 'open',
};

test('a backfill that its process has let go of is left, whoever looks', () =>
  withFolder(async (folder) => {
    const records = openMany(folder, 'backfill');
    await records.create({ ...RECORD, driver: ownOwner() });
    expect(driverOfMany((await records.read('sales-1'))!)).toBe('alive');
    await records.letGo('sales-1');
    expect(driverOfMany((await records.read('sales-1'))!)).toBe('dead');
  }));

test('a process that was passed over lets go of nothing', () =>
  withFolder(async (folder) => {
    const records = openMany(folder, 'backfill');
    const other = { ...ownOwner(), pidns: '1' };
    await records.create({ ...RECORD, driver: other });
    await records.letGo('sales-1');
    expect((await records.read('sales-1'))?.driver).toEqual(other);
  }));
