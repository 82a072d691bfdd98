/** Which partitions a backfill makes: a range of a job's partitions, and of those what its words mean. */

import { UserError } from '../../model/errors.ts';
import { findPartition, latestPartition, partitionAfter } from '../../model/partition.ts';
import { partitionMatrix, readCut } from './partitions.ts';

import type { Choice } from '../../model/backfill.ts';
import type { Partitioning } from '../../model/partition.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { Explanation, ExplainRequest } from '../one/explain.ts';
import type { PartitionRow, PartitionsRequest } from './partitions.ts';
import type { ProjectOptions } from '../project-options.ts';

export type Range = {
  /** Id of the first partition; default: the job's first. */
  readonly from?: string | undefined;
  /** Id of the last one; default: the latest that is over, or the last of a list. */
  readonly to?: string | undefined;
};

/** Ids in the job's order. @throws UserError BAD_PARTITION */
export async function chooseForBackfill(
  request: PartitionsRequest,
  { from, to, choose }: Range & { readonly choose: readonly Choice[] },
  how: {
    readonly options: Pick<ProjectOptions, 'cwd'>;
    readonly runs: (base: string) => Promise<readonly RunRecord[]>;
    readonly explain: (request: ExplainRequest) => Promise<Explanation>;
  },
): Promise<readonly string[]> {
  const cut = await readCut(request, how.options);
  if (cut?.partitioning === undefined) {
    throw new UserError('BAD_PARTITION', "the job has no key 'partition'", {
      hint: '`builder_cli run-profile` makes it as a whole.',
    });
  }
  const ids = idsOf(cut.partitioning, { from, to }, cut.today);
  if (choose.includes('all')) return ids;
  const { options, runs, explain } = how;
  const matrix = await partitionMatrix(request, {
    ...{ options, runs },
    ...(choose.includes('stale') ? { explain } : {}),
    only: new Set(ids),
  });
  const rows = new Map(matrix.rows.map((row) => [row.id, row]));
  return ids.filter((id) => choose.some((choice) => isMeant(choice, rows.get(id))));
}

function isMeant(choice: Choice, row: PartitionRow | undefined): boolean {
  switch (choice) {
    case 'all':
      return true;
    case 'missing':
      return row?.delivered === undefined;
    case 'failed':
      return row?.run !== undefined && row.run.status !== 'OK' && row.run.status !== 'WARN';
    case 'stale':
      return row?.stale === true;
  }
}

/** The partitions of a range. @throws UserError BAD_PARTITION */
function idsOf(how: Partitioning, { from, to }: Range, today: string): readonly string[] {
  for (const [flag, id] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (id === undefined) continue;
    const found = findPartition(how, id, today);
    if ('wrong' in found) {
      throw new UserError('BAD_PARTITION', `--${flag} ${id}: no such partition; ${found.wrong}`);
    }
  }
  const ids = how.by === 'list' ? listed(how.ids, from, to) : ofCalendar(how, { from, to }, today);
  if (ids.length === 0 && from !== undefined && to !== undefined) {
    throw new UserError('BAD_PARTITION', `--from ${from} lies behind --to ${to}`);
  }
  return ids;
}

function listed(
  ids: readonly string[],
  from: string | undefined,
  to: string | undefined,
): readonly string[] {
  const first = from === undefined ? 0 : ids.indexOf(from);
  return ids.slice(first, to === undefined ? ids.length : ids.indexOf(to) + 1);
}

function ofCalendar(
  how: Exclude<Partitioning, { by: 'list' }>,
  { from = how.first.id, to }: Range,
  today: string,
): readonly string[] {
  const last = to ?? latestPartition(how, today)?.id ?? '';
  const ids: string[] = [];
  let next = find(how, from, today);
  // Ids of a calendar sort by name.
  while (next.id <= last) {
    ids.push(next.id);
    next = partitionAfter(how.by, next);
  }
  return ids;
}

function find(how: Partitioning, id: string, today: string) {
  const found = findPartition(how, id, today);
  if ('wrong' in found) throw new UserError('BAD_PARTITION', found.wrong);
  return found;
}
