/** A declared schedule as Temporal's, and back. */

import { nameOfKey } from '../../orders/tags.ts';

import type { ScheduleOptions, ScheduleUpdateOptions } from '@temporalio/client';
import type { StandingOrder } from '../../model/standing-order.ts';
import type { Overlap } from '../../model/schedule.ts';
import type { OrderKey } from '../../orders/key.ts';
import type { Declared } from './declared.ts';

/** Temporal's words for what happens to a run that is due while the earlier one goes on. */
const OVERLAP = Object.freeze({
  skip: 'SKIP',
  buffer_one: 'BUFFER_ONE',
  buffer_all: 'BUFFER_ALL',
  allow: 'ALLOW_ALL',
  cancel_other: 'CANCEL_OTHER',
} as const satisfies Record<Overlap, string>);

const OURS = /^builder-([0-9a-f]{8})-(.+)$/;

/** Where what was declared is written down in Temporal's schedule. */
const MEMO = 'builder_declared';

/** The id of a job's schedule: one of a state folder, in whatever namespace. */
export function scheduleId(key: OrderKey, job: string): string {
  return `builder-${nameOfKey(key)}-${job}`;
}

/** State folder and job that an id of ours names; undefined: it is somebody else's. */
export function readScheduleId(
  id: string,
): { readonly folder: string; readonly job: string } | undefined {
  const [, folder, job] = OURS.exec(id) ?? [];
  return folder === undefined || job === undefined ? undefined : { folder, job };
}

/** The order that each firing carries out. */
export function orderOfSchedule({ job, jobPath, out, schedule }: Declared): StandingOrder {
  const { make, profile } = schedule;
  return {
    by: 'schedule',
    id: job,
    job: jobPath,
    out,
    ...(profile === undefined ? {} : { profile }),
    ...(make === undefined ? {} : { make }),
  };
}

/** What Temporal is told to do and when. */
export function temporalSchedule(
  declared: Declared,
  {
    id,
    taskQueue,
    order,
  }: { readonly id: string; readonly taskQueue: string; readonly order: StandingOrder },
): Pick<ScheduleOptions, 'spec' | 'action' | 'policies'> &
  Pick<ScheduleUpdateOptions, 'spec' | 'action' | 'policies'> {
  const { cron, everyMs = 0, timezone, overlap, catchUpMs, jitterMs } = declared.schedule;
  return {
    spec: {
      ...(cron === undefined
        ? { intervals: [{ every: everyMs }] }
        : { cronExpressions: [...cron], timezone }),
      ...(jitterMs === undefined ? {} : { jitter: jitterMs }),
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'runScheduled',
      // Temporal puts the time behind it.
      workflowId: id,
      taskQueue,
      args: [order],
      memo: { [MEMO]: declared },
      workflowTaskTimeout: '10s',
    },
    policies: {
      overlap: OVERLAP[overlap],
      catchupWindow: catchUpMs,
      pauseOnFailure: declared.schedule.pauseOnFailure,
    },
  };
}

/** What was declared when a schedule was made or changed the last time; undefined: nobody knows. */
export function declaredIn(
  memo: Readonly<Record<string, unknown>> | undefined,
): Declared | undefined {
  const found = memo?.[MEMO];
  if (typeof found !== 'object' || found === null || !('schedule' in found)) return undefined;
  return found as Declared;
}
