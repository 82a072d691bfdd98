import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';

import { compareExact, exactNumber } from '../../../src/kinds/check/exact-number.ts';
import { comparedAs, isAbove, isBelow, landingOf } from '../../../src/kinds/check/landing.ts';
import { pairOf } from '../../../src/kinds/check/pair.ts';

import type { DuckDBConnection } from '@duckdb/node-api';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const answer = async (sql: string): Promise<readonly unknown[]> =>
  (await connection.runAndReadAll(sql)).getRowsJson()[0] ?? [];

const digits = (most: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[1-9][0-9]{0,${most - 1}}$`));
/** Numbers near each other more often than chance would have it. */
const numeral = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(digits(18), digits(38), fc.constantFrom('0', '9007199254740992', '9007199254740993')),
    fc.oneof(
      fc.constant(''),
      digits(12).map((text) => `.${text}`),
      fc.constantFrom('.5', '.05'),
    ),
  )
  .map((parts) => parts.join(''));

const TYPES = [
  'TINYINT',
  'UBIGINT',
  'BIGINT',
  'HUGEINT',
  'UHUGEINT',
  'DECIMAL(4,2)',
  'DECIMAL(18,3)',
  'DECIMAL(38,0)',
  'DECIMAL(38,20)',
  'DOUBLE',
];

test('a bound lies below, at or above a number as their digits do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TYPES), numeral, numeral, async (type, text, bound) => {
      const [stored] = await answer(`select cast(try_cast('${text}' as ${type}) as varchar)`);
      if (stored === null) return;
      const landing = landingOf(bound, 'v', type);
      if ('unlike' in landing) throw new Error(landing.unlike);
      const column = comparedAs('v', type);
      const [below, above] = await answer(
        `select ${isBelow(column, landing)}, ${isAbove(column, landing)} from (select cast('${text}' as ${type}) as v)`,
      );
      const order = compareExact(exactNumber(String(stored))!, exactNumber(bound)!);
      expect({ type, stored, bound, below, above }).toEqual({
        type,
        stored,
        bound,
        below: order < 0,
        above: order > 0,
      });
    }),
    { numRuns: 800 },
  );
});

test('two columns are equal where their digits are', async () => {
  const two = fc.oneof(
    fc.tuple(numeral, numeral),
    numeral.map((text) => [text, text] as [string, string]),
  );
  const types = fc.tuple(fc.constantFrom(...TYPES), fc.constantFrom(...TYPES));
  await fc.assert(
    fc.asyncProperty(types, two, async ([left, right], [a, b]) => {
      const [one, other] = await answer(
        `select cast(try_cast('${a}' as ${left}) as varchar), cast(try_cast('${b}' as ${right}) as varchar)`,
      );
      if (one === null || other === null) return;
      const pair = pairOf({ name: 'a', type: left }, { name: 'b', type: right });
      if ('unlike' in pair) throw new Error(pair.unlike);
      const [equal] = await answer(
        `select coalesce(${pair.left('a')} = ${pair.right('b')}, false) from (select cast('${a}' as ${left}) as a, cast('${b}' as ${right}) as b)`,
      );
      const order = compareExact(exactNumber(String(one))!, exactNumber(String(other))!);
      expect({ left, right, one, other, equal }).toEqual({
        left,
        right,
        one,
        other,
        equal: order === 0,
      });
    }),
    { numRuns: 800 },
  );
});
