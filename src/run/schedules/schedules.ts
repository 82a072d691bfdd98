/** The use-cases of schedules: apply what the files declare, look at them, pause, resume and trigger them. */

import { openOrderKey } from '../../orders/key.ts';
import { DefinitionError } from '../definitions/definition-error.ts';
import { isServed, projectQueue } from '../worker/queues.ts';
import { engineFailure } from '../worker/worker-failure.ts';
import { makeStateDir } from '../definitions/state-dir.ts';
import { onlyThese, readProjectSchedules } from './project-schedules.ts';

import type { Client } from '@temporalio/client';
import type { Problem } from '../../model/errors.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { Link } from '../worker/link.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';
import type { Applied } from './difference.ts';
import type { Triggered } from './control.ts';
import type { ScheduleRow } from './list.ts';
import type { Seen } from './seen.ts';

export type { Applied, ScheduleRow, Triggered };

export type ApplyRequest = {
  /** Only the schedules of these job files; default: all of the project, and those that are declared no more are removed. */
  readonly jobs?: readonly string[];
  /** Says what would be done, and does nothing. */
  readonly dryRun?: boolean;
};

export type ApplyReport = {
  readonly changes: readonly Applied[];
  /** Of files whose schedules are not known now: those stay as they are. */
  readonly problems: readonly Problem[];
  readonly texts: ReadonlyMap<string, string>;
  readonly remarks: readonly string[];
};

export type Schedules = {
  /** Brings Temporal's schedules to what the project's job files declare. @throws UserError */
  apply(request?: ApplyRequest): Promise<ApplyReport>;
  /** As they are in Temporal, with what became of the last run. @throws UserError */
  list(): Promise<readonly ScheduleRow[]>;
  /** Nothing of these jobs is due until they are resumed. @throws UserError SCHEDULE_NOT_FOUND */
  pause(jobs: readonly string[], note?: string): Promise<void>;
  /** What was due meanwhile is not made up for. @throws UserError SCHEDULE_NOT_FOUND */
  resume(jobs: readonly string[]): Promise<void>;
  /** A run of each, now. @throws UserError SCHEDULE_NOT_FOUND */
  trigger(jobs: readonly string[]): Promise<readonly Triggered[]>;
  /** True if somebody makes what is due. @throws UserError */
  isServed(): Promise<boolean>;
};

/** `runs` answers the newest records that may be of a job's scheduled runs, newest first. */
export function makeSchedules(
  parts: Parts,
  tell: Tell,
  runs: (job: string) => Promise<readonly RunRecord[]>,
): Schedules {
  const { options } = parts;
  const { stateDir, cwd = process.cwd() } = options;

  /** Does something with Temporal; what it cannot do is said in words that can be acted on. */
  async function withLink<T>(work: (link: Link, client: Client) => Promise<T>): Promise<T> {
    await parts.payloadKeys(tell);
    makeStateDir(stateDir);
    const link = await parts.link(tell);
    try {
      return await work(link, await link.client());
    } catch (error) {
      throw (await engineFailure(error, link.engine, link.connection)) ?? error;
    }
  }

  async function see({ engine }: Link, client: Client): Promise<readonly Seen[]> {
    const { seeSchedules } = await import('./seen.ts');
    const isEmbedded = engine.kind === 'embedded';
    return seeSchedules(client, { key: openOrderKey(stateDir), isEmbedded });
  }

  async function each<T>(
    jobs: readonly string[],
    work: (client: Client, seen: Seen) => Promise<T>,
  ): Promise<readonly T[]> {
    const { chooseSchedules } = await import('./control.ts');
    return withLink(async (link, client) => {
      const done: T[] = [];
      for (const one of chooseSchedules(await see(link, client), jobs)) {
        done.push(await work(client, one));
      }
      return done;
    });
  }

  return {
    apply: async ({ jobs, dryRun = false } = {}) => {
      const project = await readProjectSchedules(cwd);
      const { unknown, problems, texts, remarks } = project;
      if (unknown.length > 0) throw new DefinitionError(unknown, texts);
      const only = onlyThese(project, jobs, cwd);
      const asked = {
        broken: project.broken,
        declared: project.declared.filter(
          ({ jobPath }) => only === undefined || only.includes(jobPath),
        ),
      };
      const { applySchedules } = await import('./apply.ts');
      const about = { ...options, dryRun, ...(only === undefined ? {} : { only }) };
      const changes = await withLink((link) => applySchedules(link, asked, about));
      return { changes, problems, texts, remarks };
    },
    list: async () => {
      const { scheduleRows } = await import('./list.ts');
      const seen = await withLink(see);
      const recorded = await Promise.all(seen.map(({ job }) => runs(job)));
      return scheduleRows(seen, recorded.flat());
    },
    pause: async (jobs, note = 'paused by a command') => {
      const { pauseSchedule } = await import('./control.ts');
      await each(jobs, (client, seen) => pauseSchedule(client, seen, note));
    },
    resume: async (jobs) => {
      const { resumeSchedule } = await import('./control.ts');
      await each(jobs, resumeSchedule);
    },
    trigger: async (jobs) => {
      const { triggerSchedule } = await import('./control.ts');
      return each(jobs, triggerSchedule);
    },
    isServed: () =>
      withLink((link) => {
        const queue = projectQueue(options.engine, openOrderKey(stateDir));
        return isServed({ link, engine: link.engine }, queue);
      }),
  };
}
