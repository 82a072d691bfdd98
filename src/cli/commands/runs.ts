/** `runs`: the runs of a state folder, newest first, from their records alone. */

import { openProject } from '../../index.ts';
import { formatDuration } from '../../model/duration.ts';
import { shownStatus } from '../../run/shown-status.ts';
import { findStateDir } from '../../run/state-dir.ts';
import { makePaint } from '../render/paint.ts';
import { wholeNumber } from '../settings.ts';

import type { RunRecord } from '../../index.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

/** What a run was of, where it was no run of the pipeline. */
function stepsOf({ only }: RunRecord): readonly string[] {
  if (only === undefined) return [];
  return [`step ${only.step}${only.downstream === true ? ' and what needs it' : ''}`];
}

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
  const paint = makePaint(io.color);
  io.say(`state     ${stateDir}`);
  if (shown.length === 0) io.say('no runs yet; `builder_cli run-profile` starts one');
  for (const record of shown) {
    const ended = record.finished_at === undefined ? Date.now() : Date.parse(record.finished_at);
    const took = formatDuration(Math.max(0, ended - Date.parse(record.started_at)));
    const status = shownStatus(record);
    const words = [
      record.run_id,
      ...stepsOf(record),
      paint.status(status.status) + (status.note === undefined ? '' : ` (${status.note})`),
      record.started_at.slice(0, 19).replace('T', ' '),
      took,
      record.out ?? '',
    ];
    io.out(words.join('  ').trimEnd());
  }
  return 0;
}
