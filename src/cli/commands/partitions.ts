/** `partitions`: what there is of each partition of a job, and what would come out differently now. Starts nothing. */

import { openProject } from '../../index.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { makePaint } from '../render/paint.ts';
import { tableLines } from '../render/table.ts';
import { requestOf } from '../definition-flags.ts';

import type { PartitionRow } from '../../index.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { DefinitionFlags } from '../definition-flags.ts';

export type PartitionsFlags = Omit<DefinitionFlags, 'partition'> & {
  readonly out: string;
  readonly stale: boolean;
};

const HEAD = ['partition', 'last run', 'when', 'rows', 'stale'] as const;

/** Shows the matrix. Answers the exit code. @throws UserError */
export async function partitionsCommand(
  flags: PartitionsFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  const place = placeOf(settings, io.cwd, flags.job);
  const stateDir = place.stateDir.path;
  const project = openProject({ ...projectOptions(place.settings, io), stateDir });
  const request = { ...requestOf(flags), out: flags.out };
  const { rows } = await project.partitions(request, { stale: flags.stale });
  await project.close();
  if (settings.json) {
    io.out(JSON.stringify({ out: flags.out, partitions: rows.map(jsonOf) }, null, 2));
    return 0;
  }
  if (rows.length === 0) {
    io.say('no partition is over yet');
    return 0;
  }
  const paint = makePaint(io.results.color);
  const cells = rows.map((row) => cellsOf(row, flags.stale));
  const [head = '', ...lines] = tableLines(HEAD, cells, {
    width: io.results.columns,
    cuttable: ['partition', 'stale'],
    right: ['rows'],
  });
  io.say(paint.dim(head));
  for (const line of lines) io.out(line);
  io.say(summary(rows));
  return 0;
}

function cellsOf({ id, run, delivered, stale, why }: PartitionRow, looked: boolean): string[] {
  const when = (run?.finished_at ?? run?.started_at ?? '').slice(0, 16).replace('T', ' ');
  const isStale = stale === true ? `yes: ${why ?? ''}` : stale === 'unknown' ? `? ${why}` : 'no';
  return [
    id,
    run === undefined ? '-' : run.state === 'open' ? 'OPEN' : run.status,
    when,
    delivered === undefined ? '-' : String(delivered.rows),
    delivered === undefined || !looked ? '' : isStale,
  ];
}

function jsonOf({ run, ...row }: PartitionRow): Record<string, unknown> {
  return { ...row, ...(run === undefined ? {} : { last_run: run }) };
}

function summary(rows: readonly PartitionRow[]): string {
  const delivered = rows.filter((row) => row.delivered !== undefined).length;
  const stale = rows.filter((row) => row.stale === true).length;
  const more = stale === 0 ? '' : `, ${stale} stale`;
  return `${rows.length} partitions: ${delivered} delivered${more}`;
}
