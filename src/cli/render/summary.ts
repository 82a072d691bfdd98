/** What a person reads when a run has ended: every step, the slowest, what failed and where to look. Pure. */

import { formatDuration } from '../../model/duration.ts';
import { nameIn } from '../../model/nested.ts';
import { countsOf, failedItemLines, troubleLines } from '../../model/trouble.ts';
import { outcomeLine } from './lines.ts';
import { isFailure } from '../../model/outcome.ts';

import type { Outcome } from '../../model/outcome.ts';
import type { RunSummary } from '../../model/run-summary.ts';
import type { DeliverResult } from '../../model/step-result.ts';
import type { Paint } from './paint.ts';

/** Where things lie; absent lines are left out. Addresses and absolute or shown paths. */
export type Places = {
  readonly out?: string;
  readonly record: string;
  readonly ui?: string;
  readonly metrics?: string;
  readonly resume?: string;
};

/** Lines of the closing summary. */
export function summaryLines(
  runId: string,
  summary: RunSummary,
  elapsedMs: number,
  places: Places,
  paint: Paint,
): string[] {
  const { outcomes, status } = summary;
  const all = flatOutcomes(outcomes);
  const width = Math.max(4, ...all.map((o) => o.step.length));
  const lines = ['', ...all.map((o) => `  ${outcomeLine(o, paint, width)}`), ''];

  const ran = all.filter((o) => o.inner === undefined && o.durationMs > 0 && o.status !== 'CACHED');
  const slowest = [...ran].sort((a, b) => b.durationMs - a.durationMs).slice(0, 3);
  if (slowest.length > 1) {
    const words = slowest.map((o) => `${o.step} ${formatDuration(o.durationMs)}`);
    lines.push(`  slowest   ${words.join(', ')}`);
  }
  const warned = all.filter((o) => o.failedChecks !== undefined && o.failedChecks.length > 0);
  for (const o of warned) lines.push(`  checks    ${o.step}: ${o.failedChecks?.join(', ')}`);
  const marks = { status: paint.red, step: paint.bold };
  for (const o of outcomes.filter((each) => isFailure(each.status))) {
    lines.push(...troubleLines(o, marks).map((line) => `  ${line}`));
  }
  for (const o of outcomes.filter((each) => !isFailure(each.status))) {
    lines.push(...failedItemLines(o.items).map((line) => `  ${o.step}: ${line}`));
  }
  if (summary.deliveryFailure !== undefined) {
    const { code, message, hint } = summary.deliveryFailure;
    lines.push(`  ${paint.red('delivery')}  ${code}: ${message}`);
    if (hint !== undefined) lines.push(`        ${hint}`);
  }

  lines.push(
    `  ${paint.status(status)}  ${runId}  ${countsOf(outcomes)}  in ${formatDuration(elapsedMs)}`,
  );
  if (summary.delivery !== undefined && places.out !== undefined) {
    lines.push(...outLines(summary.delivery, places.out));
  } else if (places.out !== undefined) {
    lines.push(`  out       ${places.out} was not touched`);
  }
  lines.push(`  record    ${places.record}`);
  if (places.metrics !== undefined) lines.push(`  metrics   ${places.metrics}`);
  if (places.ui !== undefined) lines.push(`  history   ${places.ui}`);
  if (places.resume !== undefined) lines.push(`  go on     ${places.resume}`);
  return lines;
}

/** Those of the steps of a profile behind the step that it is, by their names in the run. */
function flatOutcomes(outcomes: readonly Outcome[], within?: string): readonly Outcome[] {
  return outcomes.flatMap((outcome) => {
    const step = nameIn(within, outcome.step);
    return [{ ...outcome, step }, ...flatOutcomes(outcome.inner ?? [], step)];
  });
}

function outLines({ files, kept, gone = [] }: DeliverResult, out: string): readonly string[] {
  if (kept === true) {
    return [`  out       ${out} is as it was: every export was skipped by its condition (when)`];
  }
  const left = gone.length === 0 ? [] : [`            no longer there: ${gone.join(', ')}`];
  return [`  out       ${out} (${files} files)`, ...left];
}
