import { expect, test } from '@jest/globals';

import { checkTable } from '../../../src/kinds/check-table.ts';
import { withAttempt } from '../harness.ts';

/** Many rows that tie, in an order that threads may change. */
const TABLES = {
  t: 'select i, i % 3 as k, (i * 7919) % 100003 as v from range(200000) r(i)',
  u: 'select (i * 31) % 7 as k, chr(97 + (i % 26)::int) as name from range(200000) r(i)',
};

/** What is found with one thread and with four: one answer where it repeats. */
async function found(checks: readonly object[]): Promise<readonly unknown[]> {
  const answers = new Set<string>();
  await withAttempt({ tables: TABLES }, async ({ run, rows }) => {
    for (const threads of [1, 4, 8]) {
      const options = { table: 't', checks: checks.map((rule) => ({ severity: 'warn', ...rule })) };
      const limits = { threads, memoryBytes: 2 ** 28 };
      const { outputs, warning } = await run(checkTable, options, { limits });
      const kept = await rows(outputs?.['rejected'], 'select offending_row as r from t order by r');
      answers.add(JSON.stringify([warning, kept.map(({ r }) => r)]));
    }
  });
  return [...answers].map((text) => JSON.parse(text) as unknown);
}

test.each([
  ['a LIMIT at its top', { sql: 'select * from t order by k limit 5' }],
  ['a LIMIT without an order', { sql: 'select * from t limit 3' }],
  ['a row_number over ties', { sql: 'select * from t qualify row_number() over (order by k) = 7' }],
  [
    'first() in a subquery of a condition',
    { expression: "v < 100000 or (select first(name) from u) = 'b'" },
  ],
  [
    'a LIMIT in a subquery of a where',
    { where: 'v = (select v from t order by k limit 1)', expression: 'v < 0' },
  ],
])('what a check finds repeats with %s', async (_what, rule) => {
  const [answer, ...others] = await found([rule]);
  expect([others, JSON.stringify(answer)]).toEqual([[], expect.not.stringContaining('may differ')]);
});

test('what cannot be completed makes the check WARN, and names its place', async () => {
  const query =
    'select * from (select v, sum(v::double) over (order by k) as s from t) where s < 0';
  await withAttempt({ tables: TABLES }, async ({ run }) => {
    const { warning, failedChecks } = await run(checkTable, {
      table: 't',
      checks: [{ name: 'running', sql: query }],
    });
    expect([warning, failedChecks]).toEqual([
      expect.stringMatching(
        /^what is found may differ from run to run: check running: line 1, .*sum\(\) over/,
      ),
      undefined,
    ]);
  });
});

test('a failed check tells how many rows it rejected, and the values it has are known before', async () => {
  await withAttempt({ tables: TABLES }, async ({ run }) => {
    const failing = run(checkTable, {
      table: 't',
      checks: [{ range: { column: 'v', max: 9 } }, { range: { column: 'i', min: 1 } }],
    });
    await expect(failing).rejects.toMatchObject({ code: 'CHECK_FAILED', rowsRejected: 199981 });
  });
});
