/** The one JSON document that `--json` prints for a run. Pure. */

import type { RunRecord } from '../../model/run-record.ts';
import type { RunSummary } from '../../model/run-summary.ts';

/** The run's record with what only the ending knows: exit code, causes, delivered files. */
export function resultJson(
  record: RunRecord,
  summary: RunSummary,
  exitCode: number,
): Record<string, unknown> {
  return {
    ...record,
    exit_code: exitCode,
    ...(summary.delivery === undefined ? {} : { delivery: summary.delivery }),
    ...(summary.deliveryError === undefined ? {} : { delivery_error: summary.deliveryError }),
    problems: summary.outcomes
      .filter((o) => o.code !== undefined)
      .map((o) => ({ step: o.step, status: o.status, code: o.code, reason: o.reason, log: o.log })),
  };
}
