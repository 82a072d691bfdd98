/** Says of a job that it is gone: exporters show it no longer, until it runs again. Its runs stay on record. */

import { UserError } from '../model/errors.ts';
import { closest } from '../model/suggest.ts';
import { lookAtRecords } from './records.ts';

import type { Newest } from '../store/folds/newest.ts';
import type { Store } from '../store/store.ts';
import type { Parts } from './parts.ts';

/** Answers when every store that knows the job has taken it down. @throws UserError JOB_NOT_FOUND */
export async function forgetJob({ options, store }: Parts, job: string): Promise<void> {
  const given = options.store;
  const stores =
    typeof given === 'object'
      ? [await store()]
      : (await lookAtRecords(options.stateDir, given)).map((recorded) => recorded.store);
  const known = await Promise.all(stores.map(async (one) => ({ one, jobs: await jobsIn(one) })));
  const knowing = known.filter(({ jobs }) => jobs.has(job));
  if (knowing.length === 0) throw notFound(job, new Set(known.flatMap(({ jobs }) => [...jobs])));
  for (const { one } of knowing) {
    await one.append([{ type: 'forget', job, atMs: Date.now() }], { sync: true });
  }
}

async function jobsIn(store: Pick<Store, 'changes'>): Promise<ReadonlySet<string>> {
  const changes = await store.changes();
  const { steps, runs }: Pick<Newest, 'steps' | 'runs'> =
    'all' in changes ? changes.all.newest : { steps: {}, runs: {} };
  return new Set([...Object.values(steps), ...Object.values(runs)].map(({ job }) => job));
}

function notFound(job: string, jobs: ReadonlySet<string>): UserError {
  const near = closest(job, jobs);
  const some = [...jobs].sort().slice(0, 10).join(', ');
  return new UserError('JOB_NOT_FOUND', `no run of a job '${job}' is recorded`, {
    hint:
      near === undefined
        ? `Recorded are ${some || 'no jobs'}. Give the state folder with --state-dir.`
        : `Did you mean '${near}'?`,
  });
}
