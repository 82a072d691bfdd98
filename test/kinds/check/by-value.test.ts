import { expect, test } from '@jest/globals';

import { column, judged } from './judged.ts';

const range = (min?: unknown, max?: unknown): object => ({
  range: {
    column: 'v',
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  },
});
const among = (...values: readonly unknown[]): object => ({
  accepted_values: { column: 'v', values },
});

const BIG = '9007199254740993';

test.each<[string, string, object, string]>([
  ['10 is above 9', column('10', '9'), range(9, 10), 'holds'],
  ['10000 is above 500', column('10000', '7'), range(0, 500), '1 of 2 rows'],
  [
    'one above 2^53 is seen',
    column(`${BIG}::bigint`),
    range(undefined, 9007199254740991),
    '1 of 1',
  ],
  ['a bound as text is exact', column(`${BIG}::bigint`), range(BIG, BIG), 'holds'],
  [
    'a bound as text, one less',
    column(`${BIG}::bigint`),
    range(undefined, '9007199254740992'),
    '1 of 1',
  ],
  [
    '38 digits',
    column('99999999999999999999999999999999999999::decimal(38,0)'),
    range('99999999999999999999999999999999999999'),
    'holds',
  ],
  [
    'beyond every value of the type',
    column('127::tinyint', '(-128)::tinyint'),
    range(-1000, 1000),
    'holds',
  ],
  ['below every value of the type', column('127::tinyint'), range(undefined, -1000), '1 of 1'],
  ['a fraction between whole numbers', column('1', '2'), range(1.5), '1 of 2'],
  ['more places than the column has', column('1.50::decimal(6,2)', '2.00'), range(1.504), '1 of 2'],
  ['more places, from above', column('1.50::decimal(6,2)'), range(undefined, 1.496), '1 of 1'],
  [
    'more digits than the column has',
    column('1.00::decimal(4,2)'),
    range(undefined, 1000),
    'holds',
  ],
  [
    '0.1 + 0.2 is more than 0.3',
    column('0.1::double + 0.2::double'),
    range(undefined, 0.3),
    '1 of 1',
  ],
  ['0.1 is 0.1 as a double', column('0.1::double'), range(0.1, 0.1), 'holds'],
  ['0.1 is 0.1 as a single', column('0.1::float'), range(0.1, 0.1), 'holds'],
  ['a double against a longer bound', column('9007199254740992::double'), range(BIG), '1 of 1'],
  ['-0.0 is 0', column('-0.0::double'), range(0, 0), 'holds'],
  ['infinity is above', column("'inf'::double"), range(undefined, 1e300), '1 of 1'],
  ['NaN is above everything', column("'nan'::double"), range(undefined, 1e300), '1 of 1'],
  ['an infinite bound', column("'inf'::double", '1'), range('-inf', 'inf'), 'holds'],
  ['dates', column("date '2024-02-29'"), range('2024-02-29', '2024-03-01'), 'holds'],
  [
    'a date is its first moment',
    column("date '2024-01-31'"),
    range('2024-01-31 00:00:01'),
    '1 of 1',
  ],
  [
    'a date in another year',
    column("date '2024-10-01'"),
    range(undefined, '2024-9-30'),
    'cannot be compared',
  ],
  [
    'timestamps to the microsecond',
    column("timestamp '2024-01-01 00:00:00.000001'"),
    range(undefined, '2024-01-01'),
    '1 of 1',
  ],
  [
    'nanoseconds of the bound',
    column("timestamp '2024-01-01 00:00:00.000001'"),
    range('2024-01-01T00:00:00.000001001'),
    '1 of 1',
  ],
  [
    'nanoseconds of the column',
    column("timestamp_ns '2024-01-01 00:00:00.000000002'"),
    range(undefined, '2024-01-01T00:00:00.000000001'),
    '1 of 1',
  ],
  [
    'a bound outside of nanoseconds',
    column("timestamp_ns '2024-01-01'"),
    range('0001-01-01', '9999-12-31'),
    'holds',
  ],
  ['seconds', column("timestamp_s '2024-01-01 00:00:01'"), range('2024-01-01 00:00:00.5'), 'holds'],
  [
    'zones',
    column("timestamptz '2024-01-01 00:30:00+02'"),
    range(undefined, '2023-12-31T23:00:00+00:00'),
    'holds',
  ],
  [
    'zones, other side',
    column("timestamptz '2024-01-01 00:30:00+02'"),
    range('2024-01-01T00:30:00+01:00'),
    '1 of 1',
  ],
  [
    'a bound without a zone is UTC',
    column("timestamptz '2024-01-01 00:30:00+02'"),
    range(undefined, '2023-12-31 22:30'),
    'holds',
  ],
  [
    'a zone against none',
    column("timestamp '2024-01-01'"),
    range('2024-01-01T00:00:00Z'),
    'cannot be compared',
  ],
  ['times', column("time '10:00'"), range('09:59:59', '10:00'), 'holds'],
  ['texts', column("'10'", "'9'"), range('1', '5'), '1 of 2'],
  [
    'text against a number',
    column("'10'"),
    range(0, 500),
    'cannot be compared; make the column a number',
  ],
  ['a number against a text', column('10'), range('ten'), 'cannot be compared; give a number'],
  ['a number against a date', column('20240131'), range('2024-01-31'), 'cannot be compared'],
  ['a date against a number', column("date '2024-01-31'"), range(20240131), 'cannot be compared'],
  ['a list has no order here', column('[1]'), range(1), 'expression'],
  ['nulls are left out', column('null::integer', '1'), range(1), 'holds'],

  ['1 and 2.5 as decimals', column('1.0::decimal(4,1)', '2.5'), among(1, 2.5), 'holds'],
  ['1.50 is 1.5', column('1.50::decimal(6,2)', '2.00'), among(1.5, 2), 'holds'],
  ['no decimal is 1.504', column('1.50::decimal(6,2)'), among(1.504), '1 of 1'],
  ['2^53 is not 2^53 + 1', column(`${BIG}::bigint`), among('9007199254740992'), '1 of 1'],
  ['0.1 + 0.2 is not 0.3', column('0.1::double + 0.2::double'), among(0.3), '1 of 1'],
  ['NaN where it is allowed', column("'nan'::double", '1'), among('nan', 1), 'holds'],
  ['true', column('true', 'false'), among(true), '1 of 2'],
  ['true as a text', column('true'), among('true'), 'cannot be compared'],
  ['a numeral in a column of text', column("'1'"), among(1), 'quote the value to compare texts'],
  ['a quoted numeral in a column of text', column("'1'", "'01'"), among('1'), '1 of 2'],
  ['an enum', column("'a'::enum('a', 'b')"), among('a'), 'holds'],
  ['dates', column("date '2024-01-31'"), among('2024-01-31T00:00'), 'holds'],
  [
    'a point in two zones',
    column("timestamptz '2024-01-01 00:00:00+02'"),
    among('2023-12-31T17:00:00-05:00'),
    'holds',
  ],
  [
    'uuids in any case',
    column("'914AC267-D871-4838-85D1-5F5173570073'::uuid"),
    among('914ac267-d871-4838-85D1-5f5173570073'),
    'holds',
  ],
])('%s: %s %j: %s', async (_, table, rule, expected) => {
  expect(await judged(table, rule)).toContain(expected);
});

test.each<[string, string, string, string]>([
  ['whole numbers of other widths', '1::tinyint', '1::ubigint', 'holds'],
  ['2^53 + 1 and its double', `${BIG}::bigint`, '9007199254740992::double', '1 of 1'],
  ['2^53 and its double', '9007199254740992::bigint', '9007199254740992::double', 'holds'],
  ['pandas ids', '7.0::double', '7::bigint', 'holds'],
  ['a fraction is no whole number', '7.4::double', '7::bigint', '1 of 1'],
  ['0.1 as double and decimal', '0.1::double', '0.10::decimal(6,2)', 'holds'],
  ['0.305 is not 0.31', '0.305::double', '0.31::decimal(6,2)', '1 of 1'],
  ['0.1 + 0.2 and 0.3', '0.1::double + 0.2::double', '0.3::decimal(2,1)', '1 of 1'],
  ['NaN is no whole number', "'nan'::double", '1::bigint', '1 of 1'],
  ['NaN and NaN', "'nan'::double", "'nan'::float", 'holds'],
  ['0.1 as single and double', '0.1::float', '0.1::double', 'holds'],
  ['decimals of other scales', '1.50::decimal(6,2)', '1.5::decimal(20,10)', 'holds'],
  ['decimals too wide for each other', '1e30::decimal(38,2)', '1::decimal(38,30)', '1 of 1'],
  ['a text and a number', "'01'", '1', 'cannot be compared'],
  ['a date and its first moment', "date '2024-01-01'", "timestamp '2024-01-01'", 'holds'],
  [
    'two zones',
    "timestamptz '2024-01-01 00:00:00+02'",
    "timestamptz '2023-12-31 22:00:00+00'",
    'holds',
  ],
  [
    'with a zone and without',
    "timestamptz '2024-01-01 00:00:00+00'",
    "timestamp '2024-01-01'",
    'cannot be compared',
  ],
  ['microseconds and nanoseconds', "timestamp '2024-01-01'", "timestamp_ns '2024-01-01'", 'holds'],
])('a relationship finds %s: %s, %s: %s', async (_, left, right, expected) => {
  const tables = { t: column(left), o: `select ${right} as w` };
  const rule = { relationships: { column: 'v', to: 'o', field: 'w' } };
  expect(await judged(tables, rule)).toContain(expected);
});
