/** What `check.table` says of one rule on a small table called `t`. */

import { checkTable } from '../../../src/kinds/check-table.ts';
import { withAttempt } from '../harness.ts';

import type { StepContext } from '../../../src/kinds/contract.ts';

/** `holds`, or the first line that tells of the rule. `tables` are queries by name. */
export async function judged(
  tables: Readonly<Record<string, string>> | string,
  rule: object,
  about: Partial<StepContext> = {},
): Promise<string> {
  let said = 'holds';
  const given = typeof tables === 'string' ? { t: tables } : tables;
  await withAttempt({ tables: given }, async ({ run }) => {
    const options = { table: 't', checks: [{ name: 'rule', ...rule }] };
    await run(checkTable, options, about).then(
      ({ warning }) => {
        said = warning ?? 'holds';
      },
      (error: Error & { code?: string }) => {
        const line = error.message.split('\n').find((each) => each.startsWith('rule: '));
        said = error.code === 'CHECK_FAILED' ? line!.slice(6) : `${error.code}: ${error.message}`;
      },
    );
  });
  return said;
}

/** A table `t` with one column `v` of these SQL values. */
export function column(...values: readonly string[]): string {
  return `select * from (values ${values.map((value) => `(${value})`).join(', ')}) t(v)`;
}
