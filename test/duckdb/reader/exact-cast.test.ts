/** The quick question of a cast against its whole rule, over every short text of the characters that matter. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { castOrFail, exactCast, plainCast } from '../../../src/duckdb/reader/exact-cast.ts';
import { readingOf } from '../../../src/duckdb/reader/reading.ts';
import { quoteText, withSession } from '../../../src/duckdb/session.ts';
import { readFiles } from './read.ts';

import type { Session } from '../../../src/duckdb/session-port.ts';

const NUMBERS = ['0', '1', '9', '+', '-', '.', ',', 'e', '_', ' ', '\t', 'n', 'a', 'i', 'f', 'x'];
const TIMES = ['2024-01-31', '0000-01-01', ' ', 'T', '10:30', ':60', ':00', '.5', '.1234567', 'Z'];
const WORDS = ['true', 'False', 't', '1', 'y', ' ', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'];

/** Every text of up to `length` of the pieces, as a query of one column `s`. */
function textsOf(pieces: readonly string[], length: number): string {
  const piece = `(select unnest(['', ${pieces.map(quoteText).join(', ')}]) as s)`;
  const from = Array.from({ length }, (_, i) => `${piece} as p${i}`).join(', ');
  const joined = Array.from({ length }, (_, i) => `p${i}.s`).join(' || ');
  return `select distinct ${joined} as s from ${from}`;
}

async function inSession(work: (session: Session) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-cast-'));
  const limits = { memoryBytes: 512 * 1024 * 1024, threads: 2 };
  const { signal } = new AbortController();
  try {
    await withSession({ folder, limits, signal, inputs: {}, sources: [] }, work);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each([
  ['BIGINT', NUMBERS, 5],
  ['UTINYINT', NUMBERS, 4],
  ['DECIMAL(4,2)', NUMBERS, 5],
  ['DECIMAL(3,0)', NUMBERS, 4],
  ['DOUBLE', NUMBERS, 5],
  ['FLOAT', NUMBERS, 5],
  ['BOOLEAN', WORDS, 3],
  ['UUID', WORDS, 3],
  ['DATE', TIMES, 4],
  ['TIMESTAMP', TIMES, 5],
  ['TIMESTAMP_NS', TIMES, 5],
  ['TIME', TIMES, 5],
] as const)(
  'the quick question takes no text as %s that the whole rule does not, and gives its value',
  (type, pieces, length) =>
    inSession(async (session) => {
      for (const notation of [{}, { decimal: ',', thousands: '.' }]) {
        const { quick, holds, value } = exactCast(type, 's', readingOf(notation).notation);
        if (quick === undefined) continue;
        const source = `select s, ${plainCast(type, 's')} as p from (${textsOf(pieces, length)})`;
        const asked = `${quick('p')} as q`;
        const texts = `(select *, ${asked} from (${source}) offset 0)`;
        // What prints the text again is the text, however odd.
        const wrong = `p::varchar is distinct from s and ((${holds}) is not true or (${value}) is distinct from p)`;
        expect(
          await session.rows(
            `select s, p::varchar as p from ${texts} where q and (${wrong}) limit 5`,
          ),
        ).toEqual([]);
        expect(await session.count(`select count(*) from ${texts} where q`)).toBeGreaterThan(0);
      }
    }),
);

const WORD_LISTS = readingOf({
  true_values: 'a b c d e f g h'.split(' '),
  false_values: 'i j k l m n o p'.split(' '),
}).notation;

test.each(['BIGINT', 'DECIMAL(18,2)', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIMESTAMP', 'UUID'])(
  'a cast to %s goes through no join, also where words are given for it',
  (type) =>
    inSession(async (session) => {
      const cast = castOrFail(exactCast(type, 's', WORD_LISTS), 's', type, 'mark');
      const plan = await session.rows(
        `explain select ${cast} from (select unnest(['x', 'y']) as s)`,
      );
      expect(JSON.stringify(plan)).not.toMatch(/JOIN/);
    }),
);

test('where a point groups digits, a declared decimal is not read as if it were the other point', async () => {
  const text = 'a;b\n1.234;1.234\n5,5;5,5\n';
  const columns = { a: 'DECIMAL(10,3)', b: 'DOUBLE' };
  const { rows } = await readFiles({ 'a.csv': text }, { decimal: ',', thousands: '.', columns });
  expect(rows).toEqual([
    ['1234.000', '1234.0'],
    ['5.500', '5.5'],
  ]);
});

test('where a point groups digits, an inferred binary number is not read as if it were the other point', async () => {
  const text = 'a\n1.234\n0,1234567891\n';
  const { types, rows } = await readFiles(
    { 'a.csv': text },
    { decimal: ',', thousands: '.', delimiter: ';' },
  );
  expect(types).toEqual({ a: 'DOUBLE' });
  expect(rows).toEqual([['1234.0'], ['0.1234567891']]);
});
