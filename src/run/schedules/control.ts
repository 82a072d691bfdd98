/** Pauses, resumes and triggers schedules of a state folder. */

import { setTimeout as pause } from 'node:timers/promises';

import { UserError } from '../../model/errors.ts';
import { orderOf } from '../../model/standing-order.ts';
import { didYouMean } from '../../model/suggest.ts';
import { orderOfSchedule } from './temporal-schedule.ts';

import type { Client } from '@temporalio/client';
import type { Seen } from './seen.ts';

/** The schedules of these jobs, each once. @throws UserError SCHEDULE_NOT_FOUND */
export function chooseSchedules(seen: readonly Seen[], jobs: readonly string[]): readonly Seen[] {
  const names = seen.map(({ job }) => job);
  return [...new Set(jobs)].map((job) => {
    const found = seen.find((one) => one.job === job && one.isCurrent);
    if (found !== undefined) return found;
    const there = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
    const hint = didYouMean(job, names) ?? '`builder_cli schedule apply` makes those of the files.';
    throw new UserError(
      'SCHEDULE_NOT_FOUND',
      `job '${job}' has no schedule in Temporal; ${there}`,
      {
        hint,
      },
    );
  });
}

/** Nothing is due until it is resumed; runs that go on are left alone. */
export async function pauseSchedule(client: Client, { id }: Seen, note: string): Promise<void> {
  await client.schedule.getHandle(id).pause(note);
}

/** What was due meanwhile is not made up for. */
export async function resumeSchedule(client: Client, { id }: Seen): Promise<void> {
  // Temporal keeps a note, and takes none that is empty.
  await client.schedule.getHandle(id).unpause('resumed');
}

export type Triggered = {
  readonly job: string;
  /** `going on`: an earlier run is, and the schedule starts no second one beside it. */
  readonly state: 'ordered' | 'going on';
  /** Id that its run has, or will have; of a job that is cut, what the ids of its runs begin with. */
  readonly runId?: string;
  readonly isCut?: boolean;
};

const SHOWN_AFTER_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** Orders one run now, paused or not. */
export async function triggerSchedule(client: Client, seen: Seen): Promise<Triggered> {
  const { id, job, declared, description } = seen;
  const isAlone = description.policies.overlap === 'SKIP';
  if (isAlone && description.info.runningActions.length > 0) return { job, state: 'going on' };
  const handle = client.schedule.getHandle(id);
  const before = description.info.numActionsTaken;
  await handle.trigger();
  for (const until = Date.now() + SHOWN_AFTER_MS; Date.now() < until; await pause(LOOK_EVERY_MS)) {
    const { info } = await handle.describe();
    const newest = info.recentActions.at(-1);
    if (info.numActionsTaken === before || newest === undefined) continue;
    if (declared === undefined) break;
    const atMs = Math.floor(newest.scheduledAt.getTime() / 1_000) * 1_000;
    const { runId } = orderOf(orderOfSchedule(declared), { atMs });
    return { job, state: 'ordered', runId, isCut: declared.schedule.make !== undefined };
  }
  return { job, state: 'ordered' };
}
