/** The exit code of a finished run: 0 done, 1 failed, 4 refused by a gate alone, 130 cancelled. Pure. */

import type { RunSummary } from './run-summary.ts';

/** Failures that all ask for one exit code get it; a mixture is 1. */
export function exitCode({ status, outcomes, deliveryFailure }: RunSummary): number {
  if (status === 'OK' || status === 'WARN') return 0;
  if (status === 'CANCELLED') return 130;
  if (status === 'BUDGET_EXCEEDED') return 4;
  const failed = outcomes.filter((o) => o.status === 'FAIL' || o.status === 'TIMEOUT');
  const codes = new Set(failed.map((o) => o.exitCode ?? 1));
  if (deliveryFailure !== undefined) codes.add(deliveryFailure.exitCode ?? 1);
  const [only = 1] = codes;
  return codes.size === 1 ? only : 1;
}
