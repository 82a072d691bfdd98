/** The exit code of a finished run, of its summary or of its record: 0 done, 1 failed, 4 refused by a gate alone, 130 cancelled. Pure. */

import type { RunSummary } from './run-summary.ts';
import type { RunRecord } from './run-record.ts';

import { GATES } from './error-codes.ts';

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

/** As the command that made it exited, as far as its record tells. */
export function recordedExitCode({ status, steps, plan_sha256: planSha256 }: RunRecord): number {
  if (status === 'OK' || status === 'WARN') return 0;
  if (status === 'CANCELLED') return 130;
  if (status === 'BUDGET_EXCEEDED') return 4;
  if (planSha256 === '') return 2;
  const failed = steps.filter((step) => step.status === 'FAIL' || step.status === 'TIMEOUT');
  const isByGate = failed.length > 0 && failed.every(({ code = '' }) => GATES.has(code));
  return isByGate ? 4 : 1;
}
