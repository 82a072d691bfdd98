/** The schedules of a state folder as people look at them: when they are due, and what became of the last run. */

import { shortOf } from '../../model/run-record.ts';
import { settingsOf } from './difference.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { Seen } from './seen.ts';

export type ScheduleRow = {
  readonly job: string;
  readonly id: string;
  /** As it is written in the job: `'15 3 * * *'` or `every 1h`. */
  readonly when: string;
  /** Whose clock a cron line is read by. */
  readonly timezone?: string;
  readonly make?: string;
  readonly paused: boolean;
  /** Who paused it, and why, where that is known. */
  readonly note?: string;
  /** Times that it is due, soonest first. ISO 8601 in UTC. */
  readonly next: readonly string[];
  /** The last time it was due and a run was started. */
  readonly last?: string;
  /** The newest run that it ordered. */
  readonly run?: Pick<RunRecord, 'run_id' | 'status' | 'state' | 'started_at' | 'finished_at'>;
  /** Firings that go on. */
  readonly running: number;
  /** Left out because the earlier run went on. */
  readonly skipped: number;
  /** Missed for longer than is made up for. */
  readonly missed: number;
  /** Everything that is declared, key by key. */
  readonly settings: Readonly<Record<string, string>>;
};

/** A row each. `runs`: records, of each job newest first. */
export function scheduleRows(
  seen: readonly Seen[],
  runs: readonly RunRecord[],
): readonly ScheduleRow[] {
  return seen.map(({ id, job, declared, description }) => {
    const { state, info } = description;
    const settings = Object.fromEntries(declared === undefined ? [] : settingsOf(declared));
    const { cron, every, timezone, make } = settings as Record<string, string | undefined>;
    const run = runs.find(
      ({ ordered_by: by, job: name }) => by?.by === 'schedule' && by.id === job && name === job,
    );
    const last = info.recentActions.at(-1)?.scheduledAt;
    return {
      job,
      id,
      when: cron ?? (every === undefined ? '?' : `every ${every}`),
      ...(timezone === undefined ? {} : { timezone }),
      ...(make === undefined ? {} : { make }),
      paused: state.paused,
      ...(state.note === undefined || state.note === '' ? {} : { note: state.note }),
      // Temporal tells when it would be due, paused or not.
      next: state.paused ? [] : info.nextActionTimes.map((time) => time.toISOString()),
      ...(last === undefined ? {} : { last: last.toISOString() }),
      ...(run === undefined ? {} : { run: shortOf(run) }),
      running: info.runningActions.length,
      skipped: info.numActionsSkippedOverlap,
      missed: info.numActionsMissedCatchupWindow,
      settings,
    };
  });
}
