/** One plain line for each thing that happens in a run: for logs, CI and pipes. Pure. */

import { formatDuration } from '../../model/duration.ts';
import { nameIn } from '../../model/nested.ts';
import { isFailure } from '../../model/outcome.ts';
import { failedOf, totalOf } from '../../model/items.ts';

import type { Inside, RunEvent } from '../../model/events.ts';
import type { ItemCounts, Outcome } from '../../model/outcome.ts';
import type { Paint } from './paint.ts';

/** The line an event deserves, or undefined for those that need none. */
export function lineOf(event: RunEvent, paint: Paint): string | undefined {
  switch (event.type) {
    case 'run_started':
    case 'run_ended':
    case 'item_ended':
    case 'items_ended':
      return undefined;
    case 'items_found':
      return `  ${event.step}: ${countText(event.total)} items${finishedText(event.counts)}`;
    case 'step_started':
      if (isOfItem(event)) return undefined;
      return event.attempt > 1 ? `  ${nameOf(event)}: attempt ${event.attempt}` : undefined;
    case 'step_waiting':
      return event.for === undefined || isOfItem(event)
        ? undefined
        : `  ${nameOf(event)}: waiting for limit ${event.for}`;
    case 'attempt_ended':
      return event.retryInMs === undefined || event.item !== undefined || isOfItem(event)
        ? undefined
        : `  ${nameOf(event)}: attempt ${event.attempt} ended ${event.result}: ${oneLine(event.reason ?? '')}; next in ${formatDuration(event.retryInMs)}`;
    case 'step_ended': {
      if (isOfItem(event) && !isFailure(event.outcome.status)) return undefined;
      const step = nameIn(event.inside?.within, event.outcome.step);
      return `  ${outcomeLine({ ...event.outcome, step }, paint)}`;
    }
  }
}

/** Of a profile that is done for each of many items only what failed is told. */
function isOfItem({ inside }: { readonly inside?: Inside }): boolean {
  return inside?.within.includes('[') === true;
}

function nameOf({ step, inside }: { readonly step: string; readonly inside?: Inside }): string {
  return nameIn(inside?.within, step);
}

/** `clean  OK  0.4s  12 -> 10 rows`, with the reason where there is one. */
export function outcomeLine(outcome: Outcome, paint: Paint, width = 0): string {
  const { step, status, reason } = outcome;
  const time =
    status === 'SKIPPED' || status === 'CACHED' ? '' : formatDuration(outcome.durationMs);
  const parts = [
    step.padEnd(width),
    paint.status(status) + ' '.repeat(Math.max(0, 9 - status.length)),
    time.padStart(7),
    rowsOf(outcome),
    outcome.items === undefined ? '' : itemsText(outcome.items.total, outcome.items.counts),
    reason === undefined ? '' : paint.dim(oneLine(reason)),
  ];
  return parts
    .filter((part, i) => i < 3 || part !== '')
    .join('  ')
    .trimEnd();
}

/** `120 -> 98 rows (3 rejected)`; empty where a step counts none. */
export function rowsOf({ rowsIn, rowsOut, rowsRejected }: Outcome): string {
  const rejected =
    rowsRejected === undefined || rowsRejected === 0 ? '' : ` (${rowsRejected} rejected)`;
  if (rowsIn === undefined && rowsOut === undefined) return rejected.trim();
  if (rowsIn === undefined) return `${rowsOut} rows${rejected}`;
  if (rowsOut === undefined) return `${rowsIn} rows read${rejected}`;
  return `${rowsIn} -> ${rowsOut} rows${rejected}`;
}

function oneLine(text: string): string {
  const line = text.split('\n')[0] ?? '';
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}

/** `1,203`. */
function countText(n: number): string {
  return n.toLocaleString('en-US');
}

function finishedText(counts: ItemCounts): string {
  const finished = totalOf(counts);
  return finished === 0 ? '' : `, ${countText(finished)} of them finished before`;
}

/** `1,203/10,000 items, 3 failed`. */
export function itemsText(total: number | undefined, counts: ItemCounts): string {
  const failed = failedOf(counts);
  const of = total === undefined ? '' : `/${countText(total)}`;
  const words = `${countText(totalOf(counts))}${of} items`;
  return failed === 0 ? words : `${words}, ${countText(failed)} failed`;
}
