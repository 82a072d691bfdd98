import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { withBinder } from '../../src/duckdb/bind-query.ts';

import type { BindRequest } from '../../src/model/binder.ts';

const TABLES: BindRequest['tables'] = [
  {
    name: 'orders',
    shape: {
      isAll: true,
      columns: [
        { name: 'id', type: 'BIGINT' },
        { name: 'Odd "name"', type: 'STRUCT(a INTEGER, b VARCHAR[])' },
        { name: 'later', type: undefined },
      ],
    },
  },
  {
    name: 'orders.rejected',
    shape: { isAll: false, columns: [{ name: 'rule', type: 'VARCHAR' }] },
  },
  { name: 'things', shape: undefined },
];
const asked = (text: string): BindRequest => ({
  text,
  binds: {},
  tables: TABLES,
  isComplete: true,
});

test('tells the columns of a result, and whether there may be more', async () => {
  await withBinder(async (binder) => {
    expect(await binder.bind(asked('select id + 1 as n, "Odd ""name""".a from orders'))).toEqual({
      shape: {
        isAll: true,
        columns: [
          { name: 'n', type: undefined },
          { name: 'a', type: undefined },
        ],
      },
    });
    expect(
      await binder.bind(asked('select upper(rule) as r, x from orders.rejected')),
    ).toMatchObject({
      shape: { isAll: true, columns: [{ name: 'r' }, { name: 'x' }] },
    });
    expect(await binder.bind(asked('select *, x from orders.rejected'))).toMatchObject({
      shape: { isAll: false },
    });
    expect(await binder.bind(asked('select * from things'))).toEqual({ shape: undefined });
    expect(await binder.bind(asked('select 1::bigint as n'))).toEqual({
      shape: { isAll: true, columns: [{ name: 'n', type: 'BIGINT' }] },
    });
  });
});

test('answers whatever stands in a query, and runs none of it', async () => {
  const sound = [
    'select id, count(*) from orders group by id order by id limit 3',
    "with c as (select * from orders) select * from c where later = 'é😀' -- end",
    'select rule, other from orders.rejected r join things t using (x) /* c */;',
    "select range(1000000000000), 1 // 0, error('never')",
  ];
  const damaged = fc
    .tuple(
      fc.constantFrom(...sound),
      fc.nat(80),
      fc.constantFrom(
        '',
        "'",
        '"',
        '(',
        ')',
        ';',
        '--',
        '/*',
        '$p1',
        '$$',
        '\0',
        '\n',
        'é',
        '😀',
        ' select ',
      ),
    )
    .map(([text, at, letter]) => text.slice(0, at) + letter + text.slice(at + 1));
  await withBinder(async (binder) => {
    await fc.assert(
      fc.asyncProperty(damaged, async (text) => {
        const bound = await binder.bind(asked(text));
        const byte = bound.problem?.byte ?? 0;
        expect(byte).toBeGreaterThanOrEqual(0);
        expect(byte).toBeLessThanOrEqual(Buffer.byteLength(text));
      }),
      { numRuns: 400 },
    );
  });
});

test.each([
  ['DECIMAL(10, 2)', true],
  ['varchar[]', true],
  ['TIMESTAMPTZ', true],
  ['DECMAL', false],
  ['DECIMAL(99)', false],
])('%s: an SQL type, %s', async (text, is) => {
  expect(await withBinder((binder) => binder.isType(text))).toBe(is);
});
