/** Runs that answer a description, newest first. Lists know ids and times alone, so records are read a page at a time. */

import { RUN_STATUSES } from '../../model/outcome.ts';
import { shownStatus } from './shown-status.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { RunRow } from '../../store/folds/runs.ts';

/** What `shownStatus` may say. */
export const SHOWN_STATUSES = [...RUN_STATUSES, 'RUNNING', 'UNFINISHED'] as const;
export type ShownStatus = (typeof SHOWN_STATUSES)[number];

/** Absent parts are true of every run. */
export type RunFilter = {
  readonly job?: string;
  readonly profile?: string;
  readonly partition?: string;
  /** Any of these. */
  readonly status?: readonly ShownStatus[];
};

type ListRecords = (options: {
  readonly limit?: number;
  readonly where?: (row: RunRow) => boolean;
}) => Promise<readonly RunRecord[]>;

/** Records that are read at once. */
const PAGE = 200;

/** The newest `limit` of them. */
export async function matchingRuns(
  list: ListRecords,
  filter: RunFilter,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly RunRecord[]> {
  const isAny = Object.values(filter).every((value) => value === undefined);
  if (isAny) return list(Number.isFinite(limit) ? { limit } : {});
  const found: RunRecord[] = [];
  const seen = new Set<string>();
  while (found.length < limit) {
    const page = await list({ limit: PAGE, where: ({ id }) => !seen.has(id) });
    for (const record of page) seen.add(record.run_id);
    found.push(...page.filter((record) => matches(record, filter)));
    if (page.length < PAGE) break;
  }
  return found.slice(0, limit);
}

function matches(record: RunRecord, { job, profile, partition, status }: RunFilter): boolean {
  return (
    (job === undefined || record.job === job) &&
    (profile === undefined || record.profile === profile) &&
    (partition === undefined || record.partition === partition) &&
    (status === undefined || status.includes(shownStatus(record).status))
  );
}
