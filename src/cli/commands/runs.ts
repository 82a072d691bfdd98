/** `runs`: the runs of a state folder, newest first, from their records alone. */

import { openProject } from '../../index.ts';
import { formatDuration } from '../../model/duration.ts';
import { shownStatus } from '../../run/one/shown-status.ts';
import { findStateDir } from '../../run/definitions/state-dir.ts';
import { makePaint } from '../render/paint.ts';
import { shownPath } from '../render/many-table.ts';
import { tableLines } from '../render/table.ts';
import { wholeNumber } from '../settings.ts';

import type { RunRecord } from '../../index.ts';
import type { Io } from '../io.ts';
import type { Cell } from '../render/table.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

const HEADS = ['run', 'status', 'started', 'took', 'out'] as const;

/** Lists runs. Answers the exit code. */
export async function runsCommand(
  flags: GlobalFlags & { readonly limit: string },
  settings: Settings,
  io: Io,
): Promise<number> {
  const stateDir = findStateDir({ given: settings.stateDir, cwd: io.cwd }).path;
  const limit = wholeNumber('--limit', flags.limit, 1, 1_000_000);
  const { store } = settings;
  const place = { stateDir, cwd: io.cwd, ...(store === undefined ? {} : { store }) };
  const shown = await openProject(place).runs({ limit });
  if (settings.json) {
    io.out(JSON.stringify({ state_dir: stateDir, runs: shown }, null, 2));
    return 0;
  }
  const paint = makePaint(io.results.color);
  io.say(`state     ${stateDir}`);
  if (shown.length === 0) io.say('no runs yet; `builder_cli run-profile` starts one');
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

/** What a run was of, where it was no run of the pipeline. */
function stepsOf({ only }: RunRecord): string | undefined {
  if (only === undefined) return undefined;
  return `step ${only.step}${only.downstream === true ? ' and what needs it' : ''}`;
}
