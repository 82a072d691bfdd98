/** What Temporal's UI and its lists show of a run beside its history. */

import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';

import { SEARCHED } from '../model/searched.ts';

import type { RunEvent } from '../model/events.ts';
import type { Outcome, RunStatus, Status } from '../model/outcome.ts';

const STATUS = defineSearchAttributeKey(SEARCHED.status, SearchAttributeType.KEYWORD);
/** Steps that are named of those that run, and of those that did not end well. */
const MOST_NAMED = 20;

/** Where the run can be searched for at all. */
export function showStatus(status: RunStatus): void {
  if (workflowInfo().typedSearchAttributes.get(STATUS) === undefined) return;
  upsertSearchAttributes([{ key: STATUS, value: status }]);
}

/** Keeps the details of the workflow: how many steps have ended how, what runs, what went wrong. */
export function makeDetails(steps: number): (events: readonly RunEvent[]) => void {
  const ended = new Map<Status, number>();
  const running = new Set<string>();
  const troubles: Outcome[] = [];
  return (events) => {
    for (const event of events) {
      if (event.type === 'step_started') running.add(event.step);
      if (event.type === 'attempt_ended') running.delete(event.step);
      if (event.type !== 'step_ended') continue;
      const { outcome } = event;
      running.delete(outcome.step);
      ended.set(outcome.status, (ended.get(outcome.status) ?? 0) + 1);
      if (outcome.reason !== undefined && outcome.status !== 'SKIPPED') troubles.push(outcome);
    }
    setCurrentDetails(textOf(steps, ended, [...running], troubles));
  };
}

/** Markdown, as the UI wants it. */
function textOf(
  steps: number,
  ended: ReadonlyMap<Status, number>,
  running: readonly string[],
  troubles: readonly Outcome[],
): string {
  const count = [...ended.values()].reduce((sum, n) => sum + n, 0);
  const counts = [...ended].map(([status, n]) => `${n} ${status}`).join(', ');
  const lines = [`**${count} of ${steps} steps ended**${counts === '' ? '' : `: ${counts}`}`];
  if (running.length > 0) lines.push(`running: ${named(running).join(', ')}`);
  const last = troubles.slice(-MOST_NAMED);
  for (const { step, status, reason } of last) lines.push(`- ${step} ${status}: ${reason}`);
  return lines.join('\n\n');
}

function named(steps: readonly string[]): readonly string[] {
  if (steps.length <= MOST_NAMED) return steps;
  return [...steps.slice(0, MOST_NAMED), `${steps.length - MOST_NAMED} more`];
}
