/** How the run before one ended, of the same job, profile and partition: a good one after a bad one is a recovery. */

import { isGoodStatus } from '../model/hook-message.ts';

import type { RunRecord } from '../model/run-record.ts';
import type { RunRecords } from '../store/run-records.ts';

/** Mostly it is among the newest; else all are looked at. */
const FIRST_LOOK = 100;

/** True if the last one that ended by itself ended badly, or this one did before it was gone on with. */
export async function endedBadlyBefore(
  records: Pick<RunRecords, 'list'>,
  record: RunRecord,
): Promise<boolean> {
  if (record.failed_before === true) return true;
  for (const limit of [FIRST_LOOK, Number.MAX_SAFE_INTEGER]) {
    const found = await records.list({
      limit,
      where: ({ id, open }) => !open && id !== record.run_id,
    });
    const before = found.find((each) => isSame(each, record) && each.status !== 'CANCELLED');
    if (before !== undefined) return !isGoodStatus(before.status);
    if (found.length < limit) return false;
  }
  return false;
}

function isSame(a: RunRecord, b: RunRecord): boolean {
  if (a.only !== undefined) return false;
  return a.job === b.job && a.profile === b.profile && a.partition === b.partition;
}
