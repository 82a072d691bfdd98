/** What a record says of a run now: an open run whose process is gone is not running. */

import { describeOwner } from '../../os/owner.ts';
import { driverOf, driverState } from '../../store/run-records.ts';

import type { RunRecord } from '../../model/run-record.ts';

/** The status to show, and a note where the record alone would mislead. */
export function shownStatus(record: RunRecord): {
  /** A status, or UNFINISHED for an open run that nobody drives. */
  readonly status: RunRecord['status'] | 'UNFINISHED';
  readonly note?: string;
} {
  if (record.state === 'closed') return { status: record.status };
  switch (driverState(record)) {
    case 'alive':
      return { status: 'RUNNING', note: `process ${record.pid}` };
    case 'unknown':
      return {
        status: 'RUNNING',
        note: `${describeOwner(driverOf(record))}, which cannot be seen from here`,
      };
    case 'dead':
      if (record.detached === true) {
        return { status: 'RUNNING', note: `on the workers of task queue '${record.task_queue}'` };
      }
      return { status: 'UNFINISHED', note: 'its process is gone; `resume` goes on with it' };
  }
}
