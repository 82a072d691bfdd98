/** `prune`: tells what nobody needs any more, a line for each kind of it, and removes it. */

import { openProject } from '../../index.ts';
import { UserError } from '../../model/errors.ts';
import { durationMs, formatDuration } from '../../model/duration.ts';
import { formatSize, parseSize } from '../../model/size.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { wholeNumber } from '../settings.ts';

import type { PruneReport, PruneRequest } from '../../index.ts';
import type { Retention } from '../../run/definitions/project-file.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type PruneFlags = GlobalFlags & {
  readonly olderThan?: string;
  readonly keepRuns?: string;
  readonly maxSize?: string;
  readonly dryRun?: boolean;
};

/** Prunes a state folder. Answers the exit code. @throws UserError */
export async function pruneCommand(flags: PruneFlags, settings: Settings, io: Io): Promise<number> {
  const { stateDir: found, project: file, ...place } = placeOf(settings, io.cwd);
  const stateDir = found.path;
  const bounds = { ...file?.retention, ...boundsOf(flags) };
  const { dryRun = false } = flags;
  const project = openProject({
    ...projectOptions(place.settings, io),
    stateDir,
    onEvent: (event) => {
      if (event.type === 'said' && !settings.json) io.say(event.text);
    },
  });
  if (!settings.json) {
    io.say(`state     ${stateDir}`);
    const taken = retentionWords(file?.retention ?? {}, flags);
    if (taken !== '') io.say(`keeping   ${taken}, as builder.yaml says`);
  }
  const report = await project.prune({
    ...bounds,
    dryRun,
    onPlan: (plan) => {
      if (!settings.json) showPlan(plan, dryRun, io);
    },
  });
  if (settings.json) io.out(JSON.stringify(jsonOf(report, dryRun), null, 2));
  else if (!dryRun) {
    io.say(`pruned    ${formatSize(report.before)} -> ${formatSize(report.after)}`);
  }
  return 0;
}

function boundsOf({ olderThan, keepRuns, maxSize }: PruneFlags): PruneRequest {
  return {
    ...(olderThan === undefined ? {} : { olderThanMs: ageOf(olderThan) }),
    ...(keepRuns === undefined
      ? {}
      : { keepRuns: wholeNumber('--keep-runs', keepRuns, 0, 1_000_000) }),
    ...(maxSize === undefined ? {} : { maxBytes: parseSize(maxSize) }),
  };
}

/** What builder.yaml says and no flag does. */
function retentionWords({ olderThanMs, keepRuns, maxBytes }: Retention, flags: PruneFlags): string {
  const words = [
    olderThanMs === undefined || flags.olderThan !== undefined
      ? []
      : [`what is younger than ${formatDuration(olderThanMs)}`],
    keepRuns === undefined || flags.keepRuns !== undefined ? [] : [`the newest ${keepRuns} runs`],
    maxBytes === undefined || flags.maxSize !== undefined
      ? []
      : [`at most ${formatSize(maxBytes)}`],
  ];
  return words.flat().join(', ');
}

function ageOf(text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new UserError('BAD_USAGE', `--older-than is '${text}'; it is a duration`, {
    hint: 'Write a number and a unit (d, h, m, s), such as 30d.',
  });
}

/** `runs  12  1.2 MB`, and what stays. */
function showPlan({ rows, kept, before, after }: PruneReport, dryRun: boolean, io: Io): void {
  const width = Math.max(4, ...rows.map(({ what }) => what.length));
  for (const { what, count, bytes, note } of rows) {
    const size = bytes === 0 ? '' : formatSize(bytes);
    const words = [what.padEnd(width), String(count).padStart(8), size.padStart(8)];
    io.out(`  ${[...words, ...(note === undefined ? [] : [note])].join('  ')}`.trimEnd());
  }
  const needed = kept.needed === 0 ? '' : ` (${kept.needed} needed)`;
  const runs = `${kept.runs} ${kept.runs === 1 ? 'run stays' : 'runs stay'}${needed}`;
  if (rows.every(({ count }) => count === 0)) io.say(`nothing to remove; ${runs}`);
  else if (dryRun) {
    io.say(`would go  ${formatSize(before - after)} of ${formatSize(before)}; ${runs}`);
  } else io.say(`removing  about ${formatSize(before - after)} of ${formatSize(before)}; ${runs}`);
}

function jsonOf(report: PruneReport, dryRun: boolean): Record<string, unknown> {
  const { stateDir, rows, kept, before, after } = report;
  return {
    state_dir: stateDir,
    dry_run: dryRun,
    [dryRun ? 'would_remove' : 'removed']: rows,
    kept,
    bytes_before: before,
    bytes_after: after,
  };
}
