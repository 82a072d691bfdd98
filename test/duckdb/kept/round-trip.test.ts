import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { exportDataset } from '../../../src/kinds/export-dataset.ts';
import { transformSql } from '../../../src/kinds/transform-sql.ts';
import { withAttempt } from '../../kinds/harness.ts';

import type { Attempt } from '../../kinds/harness.ts';
import type { StepInputs } from '../../../src/model/attempt-inputs.ts';
import type { StepReturn } from '../../../src/kinds/contract.ts';

/** Types and texts of values at their edges. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  BOOLEAN: ['true', 'false'],
  TINYINT: ['-128', '127', '0'],
  UTINYINT: ['255', '0'],
  SMALLINT: ['-32768', '32767'],
  USMALLINT: ['65535'],
  INTEGER: ['-2147483648', '2147483647'],
  UINTEGER: ['4294967295'],
  BIGINT: ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
  UBIGINT: ['18446744073709551615', '0'],
  HUGEINT: [
    '99999999999999999999999999999999999999',
    '-99999999999999999999999999999999999999',
    '1',
    '9007199254740993',
  ],
  UHUGEINT: ['99999999999999999999999999999999999999', '0'],
  BIGNUM: ['-123456789012345678901234567890123456789012345678901234567890', '0', '7'],
  'DECIMAL(4,1)': ['-999.9', '0.1'],
  'DECIMAL(18,9)': ['123456789.123456789'],
  'DECIMAL(38,10)': ['1234567890123456789012345678.1234567891', '-0.0000000001'],
  FLOAT: ['0.1', 'nan', 'inf', '-inf', '3.4028235e38'],
  DOUBLE: ['0.1', '0.30000000000000004', 'nan', 'inf', '-inf', '1e300', '5e-324', '5'],
  VARCHAR: [
    '',
    ' ',
    'a',
    'NULL',
    'null',
    "it''s",
    '"',
    ',',
    'a\nb',
    'é😀',
    '\\',
    'nan',
    'tag',
    '[1, 2]',
    "{''a'': 1}",
  ],
  BLOB: ['\\x00\\xFF', '', 'abc', '\\x5C\\x27'],
  BIT: ['1', '0', '10101', '0000000000000001'],
  UUID: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000'],
  DATE: [
    '2024-02-29',
    '0044-03-15 (BC)',
    'infinity',
    '-infinity',
    '4000-01-01 (BC)',
    '5881580-07-10',
  ],
  TIME: ['00:00:00', '23:59:59.999999', '24:00:00'],
  TIME_NS: ['12:34:56.123456789', '00:00:00'],
  'TIME WITH TIME ZONE': [
    '12:34:56+02',
    '12:34:56.123456-15:59:59',
    '00:00:00+00',
    '23:59:59+15:59:59',
  ],
  TIMESTAMP: [
    '2024-01-01 00:00:00.123456',
    'infinity',
    '-infinity',
    '290000-01-01 00:00:00',
    '0001-01-01 (BC) 00:00:00',
  ],
  TIMESTAMP_S: ['2024-01-01 00:00:00', '290000-01-01 00:00:00', 'infinity'],
  TIMESTAMP_MS: ['2024-01-01 00:00:00.123', '-infinity'],
  TIMESTAMP_NS: ['2024-01-01 00:00:00.123456789', '1677-09-22 00:00:00', 'infinity'],
  'TIMESTAMP WITH TIME ZONE': ['2024-01-01 00:00:00+02', 'infinity', '1900-01-01 00:00:00.5+00'],
  INTERVAL: [
    '14 months -3 days 00:00:00.0005',
    '-1 month',
    '100000 years',
    '1 month',
    '30 days',
    '-00:00:00.000001',
    '-5 days 12:00:00',
    '720:00:00',
    '0 days',
    '1 month -30 days',
    '1000000:00:00.5',
    '-2147483648 months -2147483648 days',
  ],
  "ENUM('a', 'b, c', 'it''s')": ['a', 'b, c', "it''s"],
};
const NAMES = Object.keys(EDGES);

/** A type and how to write a value of it. */
type Made = { readonly type: string; readonly value: string };

const plain = fc.constantFrom(...NAMES).chain((type) =>
  fc
    .option(fc.constantFrom(...(EDGES[type] ?? [])), { nil: undefined, freq: 6 })
    .map((text): Made => ({
      type,
      value: text === undefined ? `cast(null as ${type})` : `cast('${text}' as ${type})`,
    })),
);

/** The engine's parser has no words for a list of lists of an enumeration. */
const isNameable = ({ type }: Made): boolean => !type.includes('ENUM');

const { any } = fc.letrec<{ any: Made; nested: Made }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: plain },
    tie('nested'),
  ),
  nested: fc.oneof(
    fc.tuple(tie('any'), fc.boolean()).map(([of, isNull]) => ({
      type: `${of.type}[]`,
      value: isNull ? `[${of.value}, null]` : `[${of.value}]`,
    })),
    tie('any').map((of) => ({
      type: `${of.type}[2]`,
      value: `array_value(${of.value}, ${of.value})`,
    })),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => ({
      type: `STRUCT(a ${a.type}, "b ""c" ${b.type})`,
      value: `struct_pack(a := ${a.value}, "b ""c" := ${b.value})`,
    })),
    tie('any').map((of) => ({
      type: `MAP(VARCHAR, ${of.type})`,
      value: `map {'k, =': ${of.value}}`,
    })),
    fc.tuple(tie('any').filter(isNameable), fc.boolean()).map(([of, isFirst]) => ({
      type: `UNION(n ${of.type}, "tag" VARCHAR)`,
      value: isFirst
        ? `cast(union_value(n := ${of.value}) as UNION(n ${of.type}, "tag" VARCHAR))`
        : `cast(union_value("tag" := 'x') as UNION(n ${of.type}, "tag" VARCHAR))`,
    })),
  ),
}));

async function asInput(
  attempt: Attempt,
  sql: string,
): Promise<{ made: StepReturn; inputs: StepInputs }> {
  const made = await attempt.run(transformSql, { sql });
  const { path = '', rows = 0, restores } = made.outputs?.['table'] ?? {};
  const table = {
    path,
    sha256: 'x',
    bytes: 0,
    format: 'parquet' as const,
    rows,
    ...(restores === undefined ? {} : { restores }),
  };
  return { made, inputs: { t: { outputs: { table }, values: {} } } };
}

test('a value of any type comes to the next step as the value and type that it was', async () => {
  await withAttempt({}, async (attempt) => {
    await fc.assert(
      fc.asyncProperty(fc.array(any, { minLength: 4, maxLength: 10 }), async (columns) => {
        const list = columns.map(({ value }, i) => `${value} as c${i}`);
        const { inputs } = await asInput(attempt, `select ${list.join(', ')}, 1 as one`);
        const told = columns.map(
          ({ value }, i) =>
            `typeof(c${i}) = typeof(${value}) as t${i}, cast(c${i} as varchar) is not distinct from cast(${value} as varchar) as v${i}`,
        );
        const back = await attempt.run(
          transformSql,
          { sql: `select ${told.join(', ')} from t` },
          { inputs },
        );
        const [row] = await attempt.rows(back.outputs?.['table']);
        const wrong = Object.entries(row ?? {})
          .filter(([, isRight]) => isRight !== true)
          .map(([name]) => [name, columns[Number(name.slice(1))]]);
        expect([row !== undefined, wrong]).toEqual([true, []]);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
}, 120_000);

test('every edge of every type comes to the next step, alone and in lists', async () => {
  await withAttempt({}, async (attempt) => {
    for (const [type, texts] of Object.entries(EDGES)) {
      const values = texts.map((text) => `cast('${text}' as ${type})`);
      const sql = `select unnest([${values.join(', ')}]) as x, [${values.join(', ')}, null] as l`;
      const { made, inputs } = await asInput(attempt, sql);
      expect(made.outputs?.['table']?.columns?.[0]?.type).toBe(
        (
          await attempt
            .run(transformSql, { sql: 'select typeof(x) as t from t limit 1' }, { inputs })
            .then(async ({ outputs }) => attempt.rows(outputs?.['table']))
        )[0]?.['t'],
      );
      const back = await attempt.run(
        transformSql,
        {
          sql: `select list_sort(list(x::varchar)) = list_sort(any_value(list_filter(l::varchar[], lambda e: e is not null))) as same, '${type.replaceAll("'", "''")}' as type from t`,
        },
        { inputs },
      );
      expect(await attempt.rows(back.outputs?.['table'])).toEqual([{ same: true, type }]);
    }
  });
}, 60_000);

test('every edge of every type is exported as Parquet, CSV and JSON Lines that read as it was', async () => {
  await withAttempt({}, async (attempt) => {
    for (const [type, all] of Object.entries(EDGES)) {
      // JSON has no word for them.
      const texts = all.filter((text) => !/FLOAT|DOUBLE/.test(type) || !/nan|inf/.test(text));
      const values = texts.map((text) => `cast('${text}' as ${type})`);
      const { inputs } = await asInput(
        attempt,
        `select unnest([${values.join(', ')}]) as x, 1 as one`,
      );
      const { outputs } = await attempt.run(
        exportDataset,
        { from: 't', formats: ['parquet', 'csv', 'jsonl'] },
        { inputs },
      );
      const texted = await attempt.run(
        transformSql,
        { sql: 'select x::varchar as x from t' },
        { inputs },
      );
      const wanted = (await attempt.rows(texted.outputs?.['table']))
        .map(({ x }) => String(x))
        .toSorted();
      const stored = await attempt.rows(
        outputs?.['parquet'],
        `select cast(cast(x as ${type}) as varchar) as x, typeof(x) as t from t`,
      );
      expect([type, stored.map(({ x }) => String(x)).toSorted()]).toEqual([type, wanted]);
      expect(new Set(stored.map(({ t }) => t))).toEqual(
        new Set([outputs?.['parquet']?.columns?.[0]?.type]),
      );
      const csv = outputs?.['csv']?.path ?? '';
      const read = await attempt.rows(
        outputs?.['parquet'],
        `select cast(cast(x as ${type}) as varchar) as x from read_csv('${csv}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', auto_detect = false, allow_quoted_nulls = false, columns = {x: 'VARCHAR', one: 'VARCHAR'})`,
      );
      expect([type, read.map(({ x }) => String(x)).toSorted()]).toEqual([type, wanted]);
      const lines = (await readFile(outputs?.['jsonl']?.path ?? '', 'utf8')).trim().split('\n');
      expect(lines).toHaveLength(texts.length);
      for (const line of lines) JSON.parse(line);
      // Numbers as they stand: a parser would make doubles of them.
      const written = lines.map((line) => /^\{"x":(.*),"one":1\}$/s.exec(line)?.[1] ?? '');
      const shown = written.map((text) =>
        text.startsWith('"') ? (JSON.parse(text) as string) : text,
      );
      const quoted = shown.map((text) => `'${text.replaceAll("'", "''")}'`);
      const json = await attempt.rows(
        outputs?.['parquet'],
        `select cast(cast(unnest([${quoted.join(', ')}]) as ${type}) as varchar) as x`,
      );
      expect([type, json.map(({ x }) => String(x)).toSorted()]).toEqual([type, wanted]);
    }
  });
}, 120_000);

test.each([
  [
    'select 170141183460469231731687303715884105727::hugeint as big',
    /column 'big' holds a whole number of more than 38 digits/,
  ],
  [
    'select [340282366920938463463374607431768211455::uhugeint] as "b c"',
    /column 'b c' holds a whole number/,
  ],
  [
    'select to_microseconds(9223372036854775807) as i',
    /column 'i' holds an interval that its text does not give back/,
  ],
  ["select 'POINT (1 2)'::geometry as place", /column 'place' is of type GEOMETRY/],
])('refuses what cannot be passed on, before anything is written: %s', async (sql, message) => {
  await withAttempt({}, async (attempt) => {
    await expect(attempt.run(transformSql, { sql })).rejects.toMatchObject({
      code: 'VALUE_NOT_KEPT',
      message: expect.stringMatching(message),
    });
  });
});

test('a sum of whole numbers is exported as a whole number, and passed on as Parquet without being written again', async () => {
  await withAttempt({}, async (attempt) => {
    const { inputs } = await asInput(
      attempt,
      'select sum(x) as s from (values (9007199254740992), (3)) t(x)',
    );
    const { outputs } = await attempt.run(
      exportDataset,
      { from: 't', formats: ['parquet', 'csv', 'jsonl'] },
      { inputs },
    );
    expect(outputs?.['parquet']?.path).toBe(inputs['t']?.outputs['table']?.path);
    expect(outputs?.['parquet']?.columns).toEqual([{ name: 's', type: 'DECIMAL(38,0)' }]);
    expect(await readFile(outputs?.['csv']?.path ?? '', 'utf8')).toBe('s\n9007199254740995\n');
    expect(await readFile(outputs?.['jsonl']?.path ?? '', 'utf8')).toBe('{"s":9007199254740995}\n');
  });
});

test('a table whose types Parquet lacks has the same bytes with 1, 2 and 8 threads and little memory', async () => {
  await withAttempt({}, async ({ run }) => {
    for (const order of ['', 'order by k', 'order by k limit 200000 offset 5']) {
      const sql = `select i % 10 as k, sum(i) over (partition by i) as s, to_days((i % 60)::integer - 30) as d,
        [i::hugeint] as l, timetz '10:00:00+02' as t from range(300000) t(i) ${order}`;
      const found = new Set<string>();
      for (const threads of [1, 2, 8]) {
        for (const megabytes of [200, 1024]) {
          const limits = { threads, memoryBytes: megabytes * 1024 * 1024 };
          const { outputs } = await run(transformSql, { sql }, { limits });
          const bytes = await readFile(outputs?.['table']?.path ?? '');
          found.add(createHash('sha256').update(bytes).digest('hex'));
        }
      }
      expect(found.size).toBe(1);
    }
  });
}, 120_000);

test('a table whose types Parquet lacks stays in the order of its query', async () => {
  await withAttempt({}, async (attempt) => {
    const { inputs } = await asInput(
      attempt,
      'select i, i::hugeint as h from range(300000) t(i) order by (i * 7919) % 100003, i desc',
    );
    const { outputs } = await attempt.run(
      exportDataset,
      { from: 't', formats: ['csv'] },
      { inputs },
    );
    const ids = (await readFile(outputs?.['csv']?.path ?? '', 'utf8')).trim().split('\n').slice(1);
    const keys = ids.map((line) => Number(line.split(',')[0]));
    const place = (i: number): number => ((i * 7919) % 100_003) * 1e6 - i;
    expect(keys.length).toBe(300_000);
    expect(keys.every((key, i) => i === 0 || place(keys[i - 1] ?? 0) < place(key))).toBe(true);
  });
});
