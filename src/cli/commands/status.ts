/** `status`: one run with each of its steps, from its record. */

import { join } from 'node:path';

import { formatDuration } from '../../model/duration.ts';
import { flatSteps } from '../../model/run-record.ts';
import { failedItemLines } from '../../model/trouble.ts';
import { findRun } from '../../run/one/find-run.ts';
import { readHookNotes } from '../../run/hook-notes.ts';
import { shownStatus } from '../../run/one/shown-status.ts';
import { itemsText } from '../render/lines.ts';
import { makePaint } from '../render/paint.ts';
import { commandsFor } from './many-control.ts';

import type { StepRecord } from '../../model/run-record.ts';
import type { HookNote } from '../../run/hook-notes.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

/** Shows a run. Answers the exit code. @throws UserError RUN_NOT_FOUND */
export async function statusCommand(
  flags: GlobalFlags & { readonly out?: string },
  settings: Settings,
  io: Io,
  runId?: string,
): Promise<number> {
  const many = runId === undefined ? undefined : await commandsFor(runId, settings, io);
  if (many !== undefined) return many.status({}, settings, io, runId);
  const { record, stateDir } = await findRun(
    { runId, out: flags.out },
    { ...settings, cwd: io.cwd },
  );
  const hooks = await readHookNotes(stateDir, record.run_id);
  if (settings.json) {
    io.out(JSON.stringify(hooks.length === 0 ? record : { ...record, hooks }, null, 2));
    return 0;
  }
  const paint = makePaint(io.results.color);
  const { status, note } = shownStatus(record);
  io.out(`${record.run_id}  ${paint.status(status)}${note === undefined ? '' : ` (${note})`}`);
  const steps = flatSteps(record.steps);
  const width = Math.max(4, ...steps.map(({ name }) => name.length));
  for (const { name, step } of steps) {
    const time = step.duration_ms === undefined ? '' : formatDuration(step.duration_ms);
    const items = itemsOf(step);
    const words = [name.padEnd(width), step.status, time, items, step.reason ?? ''];
    io.out(`  ${words.filter((word) => word !== '').join('  ')}`);
    const { items: ended } = step;
    if (ended?.total === undefined) continue;
    for (const line of failedItemLines({ ...ended, total: ended.total })) io.out(`    ${line}`);
  }
  const isTold = record.steps.some(({ reason }) => reason !== undefined);
  if (record.error !== undefined && !isTold) io.out(`  ${record.error}`);
  for (const each of hooks) io.out(`  ${hookLine(each)}`);
  if (record.out !== undefined) io.say(`out       ${record.out}`);
  io.say(`record    ${join(stateDir, 'runs', record.run_id)}`);
  return 0;
}

/** Who was told, or why not yet. */
function hookLine({ hook, state, tries, error }: HookNote): string {
  const often = tries > 1 ? ` in try ${tries}` : '';
  return `hook  ${hook}: ${state}${often}${state === 'sent' || error === undefined ? '' : `, ${error}`}`;
}

function itemsOf({ items }: StepRecord): string {
  if (items === undefined) return '';
  return itemsText(items.total, items.counts);
}
