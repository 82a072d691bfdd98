/** The one JSON document that `--json` prints for a run. Pure. */

import type { RunRecord } from '../../model/run-record.ts';
import type { RunSummary } from '../../model/run-summary.ts';

/** The run's record with what only the ending knows: exit code, causes, delivered files. */
export function resultJson(
  record: RunRecord,
  summary: RunSummary,
  exitCode: number,
): Record<string, unknown> {
  const { delivery, deliveryFailure } = summary;
  return {
    ...record,
    exit_code: exitCode,
    ...(delivery === undefined ? {} : { delivery }),
    ...(deliveryFailure === undefined ? {} : { delivery_error: deliveryFailure.message }),
    problems: [
      ...summary.outcomes
        .filter((o) => o.code !== undefined)
        .map(({ step, status, code, reason, hint, log }) => ({
          step,
          status,
          code,
          reason,
          hint,
          log,
        })),
      ...(deliveryFailure === undefined
        ? []
        : [
            {
              code: deliveryFailure.code,
              reason: deliveryFailure.message,
              hint: deliveryFailure.hint,
            },
          ]),
    ],
  };
}
