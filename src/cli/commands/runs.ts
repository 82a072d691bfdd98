/** `runs`: the runs of a state folder, newest first, from their records alone. */

import { openProject } from '../../index.ts';
import { formatDuration } from '../../model/duration.ts';
import { UserError } from '../../model/errors.ts';
import { SHOWN_STATUSES } from '../../run/one/matching-runs.ts';
import { shownStatus } from '../../run/one/shown-status.ts';
import { findStateDir } from '../../run/definitions/state-dir.ts';
import { makePaint } from '../render/paint.ts';
import { shownPath } from '../render/many-table.ts';
import { tableLines } from '../render/table.ts';
import { wholeNumber } from '../settings.ts';

import type { RunRecord } from '../../index.ts';
import type { RunFilter, ShownStatus } from '../../run/one/matching-runs.ts';
import type { Io } from '../io.ts';
import type { Cell } from '../render/table.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

type FilterFlags = {
  readonly job?: string;
  readonly profile?: string;
  readonly partition?: string;
  readonly status?: readonly string[];
};

const HEADS = ['run', 'status', 'started', 'took', 'out'] as const;

/** Lists runs. Answers the exit code. */
export async function runsCommand(
  flags: GlobalFlags & FilterFlags & { readonly limit: string },
  settings: Settings,
  io: Io,
): Promise<number> {
  const stateDir = findStateDir({ given: settings.stateDir, cwd: io.cwd }).path;
  const limit = wholeNumber('--limit', flags.limit, 1, 1_000_000);
  const { store } = settings;
  const place = { stateDir, cwd: io.cwd, ...(store === undefined ? {} : { store }) };
  const filter = filterOf(flags);
  const shown = await openProject(place).runs({ limit, ...filter });
  if (settings.json) {
    io.out(JSON.stringify({ state_dir: stateDir, runs: shown }, null, 2));
    return 0;
  }
  const paint = makePaint(io.results.color);
  io.say(`state     ${stateDir}`);
  if (shown.length === 0) {
    const isAny = Object.keys(filter).length === 0;
    io.say(isAny ? 'no runs yet; `builder_cli run-profile` starts one' : 'no such run');
  }
  const rows = shown.map((record): readonly Cell[] => {
    const ended = record.finished_at === undefined ? Date.now() : Date.parse(record.finished_at);
    const took = formatDuration(Math.max(0, ended - Date.parse(record.started_at)));
    const status = shownStatus(record);
    const notes = [status.note, stepsOf(record)].filter((each) => each !== undefined);
    const note = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
    return [
      record.run_id,
      {
        text: status.status + note,
        paint: (text) => text.replace(status.status, () => paint.status(status.status)),
      },
      record.started_at.slice(0, 19).replace('T', ' '),
      took,
      shownPath(record.out ?? '', io.cwd),
    ];
  });
  const { columns } = io.results;
  const [head = '', ...lines] = tableLines(HEADS, rows, {
    width: columns,
    cuttable: ['out'],
  });
  if (lines.length > 0) io.say(paint.dim(head));
  for (const line of lines) io.out(line);
  return 0;
}

/** @throws UserError BAD_USAGE */
function filterOf({ job, profile, partition, status }: FilterFlags): RunFilter {
  return {
    ...(job === undefined ? {} : { job }),
    ...(profile === undefined ? {} : { profile }),
    ...(partition === undefined ? {} : { partition }),
    ...(status === undefined ? {} : { status: status.map(statusOf) }),
  };
}

function statusOf(text: string): ShownStatus {
  const found = SHOWN_STATUSES.find((status) => status === text.toUpperCase());
  if (found !== undefined) return found;
  throw new UserError(
    'BAD_USAGE',
    `--status is '${text}'; it is one of ${SHOWN_STATUSES.join(', ')}`,
  );
}

/** What a run was of, where it was no run of the pipeline. */
function stepsOf({ only }: RunRecord): string | undefined {
  if (only === undefined) return undefined;
  return `step ${only.step}${only.downstream === true ? ' and what needs it' : ''}`;
}
