import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { checkTable } from '../../../src/kinds/check-table.ts';
import { withAttempt } from '../harness.ts';

const ROWS = `select * from (values
  (3, 'nan'::double, 'c'), (1, -1.0, null), (2, '-inf', 'b'), (1, -1.0, null), (4, 0.5, 'd')
) t(id, score, name)`;

const CHECKS = [
  { severity: 'warn', name: 'named', not_null: ['name'] },
  { severity: 'warn', name: 'scored', range: { column: 'score', min: 0, max: 1 } },
  { severity: 'warn', name: 'few', range: { column: 'id', max: 3 }, at_most: 1 },
];

test('a row that breaks two rules is rejected once, and rows that at_most lets pass are among them', async () => {
  await withAttempt({ tables: { t: ROWS } }, async ({ run, rows }) => {
    const {
      rows: counted,
      values,
      outputs,
      failedChecks,
    } = await run(checkTable, { table: 't', checks: CHECKS });
    expect(counted).toEqual({ in: 5, rejected: 5 });
    expect(values).toEqual({ rows: 5, failed: 2 });
    expect(failedChecks).toEqual(['named', 'scored']);
    const kept = await rows(
      outputs?.['rejected'],
      'select rule, count(*)::integer as n from t group by rule order by rule',
    );
    expect(kept).toEqual([
      { rule: 'few', n: 1 },
      { rule: 'named', n: 2 },
      { rule: 'scored', n: 4 },
    ]);
  });
});

test('a warning keeps the rows in order as valid JSON, at most so many, and says where', async () => {
  await withAttempt({ tables: { t: ROWS } }, async ({ run }) => {
    const kept: string[] = [];
    const keepFile = async (path: string): Promise<string> => {
      kept.push(await readFile(path, 'utf8'));
      return '/kept/rejected.jsonl';
    };
    const options = { table: 't', checks: CHECKS.slice(0, 2), keep_rejected: 3 };
    const { warning, saidNow } = await run(checkTable, options, { keepFile });
    expect(saidNow).toBe('offending rows: /kept/rejected.jsonl');
    expect(warning).toBe(
      'named: 2 of 5 rows break it; expected no null in name; scored: 4 of 5 rows break it; expected score at least 0 and at most 1, found -inf, -1.0, nan',
    );
    const lines = kept[0]!
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const poor = { id: 1, score: -1, name: null };
    expect(lines).toEqual([
      { rule: 'named', offending_row: poor },
      { rule: 'named', offending_row: poor },
      { rule: 'scored', offending_row: poor },
      { rule: 'scored', offending_row: poor },
      { rule: 'scored', offending_row: { id: 2, score: '-inf', name: 'b' } },
    ]);
  });
});

test('a failure tells of the warnings beside it, and of conditions', async () => {
  await withAttempt({ tables: { t: ROWS } }, async ({ run }) => {
    const checks = [
      CHECKS[0],
      { name: 'ids', accepted_values: { column: 'id', values: [1, 2] } },
      { row_count: { max_drop: 0.1 } },
    ];
    await expect(
      run(checkTable, { table: 't', checks }, { previousRows: { t: 10 } }),
    ).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      failedChecks: ['named', 'ids', 'row_count'],
      message: expect.stringMatching(
        /^2 checks of 3 failed on t\nids: 2 of 5 rows break it; expected id one of 1, 2, found 3, 4\n {2}\{.*\n {2}\{.*\nrow_count: 5 rows, 50 % fewer.*\nand of severity warn:\nnamed: 2 of 5 .*\n {2}.*\n {2}.*\noffending rows: .*rejected\.jsonl$/,
      ) as unknown,
    });
  });
});

test('rules without names are told apart', async () => {
  await withAttempt({ tables: { t: ROWS } }, async ({ run }) => {
    const rule = { severity: 'warn', range: { column: 'id', max: 1 } };
    const { failedChecks } = await run(checkTable, {
      table: 't',
      checks: [rule, rule, { severity: 'warn', name: 'range(id) 3', not_null: ['name'] }, rule],
    });
    expect(failedChecks).toEqual(['range(id)', 'range(id) 2', 'range(id) 3', 'range(id) 4']);
  });
});

test('the same rows are the same bytes, with one thread and with four', async () => {
  const bytes = await Promise.all(
    [1, 4].map(async (threads) => {
      let content = Buffer.alloc(0);
      const many = 'select (i * 7919) % 100003 as id, i % 7 as part from range(200000) r(i)';
      await withAttempt({ tables: { t: many } }, async ({ run }) => {
        const { outputs } = await run(
          checkTable,
          {
            table: 't',
            checks: [
              { severity: 'warn', unique: ['id'] },
              { severity: 'warn', expression: 'part > 3' },
            ],
          },
          { limits: { memoryBytes: 2 ** 29, threads } },
        );
        content = await readFile(outputs!['rejected']!.path);
      });
      return content;
    }),
  );
  expect(bytes[0]!.equals(bytes[1]!)).toBe(true);
});
