import { expect, test } from '@jest/globals';

import { checkTable } from '../../src/kinds/check-table.ts';
import { withAttempt } from './harness.ts';

const TABLES = {
  people: `select * from (values (1, 'a', 10.0, 'x'), (2, null, 'nan'::double, 'y'), (2, 'c', -1.0, null)) t(id, name, "the score", "group")`,
  groups: `select * from (values ('x')) t(code)`,
};

const broken = async (rule: object, about: object = {}): Promise<string> => {
  let message = 'holds';
  await withAttempt({ tables: TABLES }, async ({ run }) => {
    await run(checkTable, { table: 'people', checks: [rule] }, about).catch((error: Error) => {
      message = error.message;
    });
  });
  return message;
};

test.each([
  [{ not_null: ['id'] }, 'holds'],
  [{ not_null: ['id', 'name'] }, 'not_null(id, name): 1 of 3 rows break it'],
  [{ unique: ['id'] }, 'unique(id): 2 of 3 rows break it'],
  [{ unique: ['id', 'group'] }, 'holds'],
  [{ accepted_values: { column: 'group', values: ['x', 'y'] } }, 'holds'],
  [{ accepted_values: { column: 'id', values: [1] } }, 'accepted_values(id): 2 of 3 rows break it'],
  [{ range: { column: 'the score', min: 0 } }, 'range(the score): 1 of 3 rows break it'],
  [{ range: { column: 'the score', max: 100 } }, 'range(the score): 1 of 3 rows break it'],
  [
    { relationships: { column: 'group', to: 'groups', field: 'code' } },
    'relationships(group -> groups.code): 1 of 3 rows break it',
  ],
  [{ row_count: { min: 3, max: 3 } }, 'holds'],
  [{ row_count: { min: 4 } }, 'row_count: 3 rows, at least 4 expected'],
  [{ name: 'my rule', sql: 'select * from people where id > 1' }, 'my rule: 2 of 3 rows break it'],
  [{ not_null: ['nmae'] }, "there is no column 'nmae'; the table has id, name, the score, group"],
])('%j: %s', async (rule, expected) => {
  expect(await broken(rule)).toContain(expected);
});

test('compares with the previous delivery where there was one', async () => {
  const rule = { row_count: { max_drop: 0.2 } };
  expect(await broken(rule)).toBe('holds');
  expect(await broken(rule, { previousRows: { people: 3 } })).toBe('holds');
  expect(await broken(rule, { previousRows: { people: 10 } })).toContain(
    '70 % fewer than the 10 of the previous delivery',
  );
});

test('a rule of severity warn lets the step pass, named, with the offending rows as an output', async () => {
  await withAttempt({ tables: TABLES }, async ({ run, rows }) => {
    const { outputs, warning, saidNow, failedChecks, values } = await run(checkTable, {
      table: 'people',
      checks: [{ severity: 'warn', not_null: ['name'] }, { not_null: ['id'] }],
    });
    expect(warning).toMatch(/^not_null\(name\): 1 of 3 rows break it; /);
    expect(saidNow).toMatch(/^offending rows: .*rejected\.jsonl$/);
    expect(failedChecks).toEqual(['not_null(name)']);
    expect(values).toEqual({ rows: 3, failed: 1 });
    expect(await rows(outputs?.['rejected'])).toHaveLength(1);
  });
});

test('an empty table breaks no rule but the count', async () => {
  await withAttempt({ tables: { people: 'select 1 as id where false' } }, async ({ run }) => {
    const { warning } = await run(checkTable, {
      table: 'people',
      checks: [{ not_null: ['id'] }, { unique: ['id'] }],
    });
    expect(warning).toBeUndefined();
    await expect(
      run(checkTable, { table: 'people', checks: [{ row_count: { min: 1 } }] }),
    ).rejects.toMatchObject({ code: 'CHECK_FAILED' });
  });
});

test('checks a table whose step has the name of what the check itself keeps', async () => {
  await withAttempt(
    { tables: { rejected: 'select 1 as id', offenders: 'select 1 as id' } },
    async ({ run }) => {
      const checks = [
        { not_null: ['id'] },
        { sql: 'select * from rejected, offenders where false' },
      ];
      expect((await run(checkTable, { table: 'rejected', checks })).values).toEqual({
        rows: 1,
        failed: 0,
      });
    },
  );
});
