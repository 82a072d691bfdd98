/** The one sentence that says why a run did not deliver. Pure. */

import type { RunSummary } from './run-summary.ts';

/** Names the first failing step, its attempt and cause; for people in Temporal's UI and the terminal. */
export function failureMessage(summary: RunSummary): string {
  const { status, outcomes, deliveryFailure, refusal } = summary;
  if (refusal !== undefined) return refusal.message;
  if (deliveryFailure !== undefined) return `delivery failed: ${deliveryFailure.message}`;
  if (status === 'CANCELLED') return 'the run was cancelled';
  const worst = outcomes.filter((o) => o.status === status);
  const first = worst[0];
  if (first === undefined) return 'the wall-clock budget of the job ended';
  const more = worst.length > 1 ? ` (and ${worst.length - 1} more)` : '';
  const attempt = first.attempts > 0 ? ` in attempt ${first.attempts}` : '';
  return `step '${first.step}' ended ${status}${attempt}${more}: ${first.reason ?? 'no reason given'}`;
}
