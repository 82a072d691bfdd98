import { expect, test } from '@jest/globals';

import { withSession } from '../../src/duckdb/session.ts';
import { withAttempt } from '../kinds/harness.ts';

import type { Scalar } from '../../src/model/plan.ts';

test.each<[Scalar, string, string]>([
  [5, 'INTEGER', '5'],
  [-(2 ** 31), 'INTEGER', '-2147483648'],
  [2 ** 31, 'BIGINT', '2147483648'],
  [Number.MAX_SAFE_INTEGER, 'BIGINT', '9007199254740991'],
  [1e20, 'DOUBLE', '1e+20'],
  [-(2 ** 63), 'DOUBLE', '-9.223372036854776e+18'],
  [1.5, 'DOUBLE', '1.5'],
  [true, 'BOOLEAN', 'true'],
  ['a', 'VARCHAR', 'a'],
])('binds %p as %s', async (value, type, text) => {
  await withAttempt({}, async ({ roots }) => {
    const ctx = {
      folder: roots[1] ?? '',
      limits: { threads: 1, memoryBytes: 2 ** 28 },
      signal: new AbortController().signal,
      inputs: {},
      sources: [],
    };
    const binds = { v: value };
    const told = await withSession(ctx, async (session) => [
      // Apart: the engine breaks on a text that is both asked for its type and cast.
      ...(await session.rows({ text: 'select typeof($v) as type', binds })),
      ...(await session.rows({ text: 'select $v::varchar as text', binds })),
    ]);
    expect(told).toEqual([{ type }, { text }]);
    const endless = { text: 'select $v', binds: { v: Number.POSITIVE_INFINITY } };
    await expect(withSession(ctx, (session) => session.rows(endless))).rejects.toMatchObject({
      code: 'BAD_VALUE',
    });
  });
});
