/** Texts at every edge of the rules, and what a value must show for the text that stands in the file. */

import fc from 'fast-check';

const NUMBERS = [
  '0',
  '-0',
  '007',
  '1',
  '-1',
  '+1',
  '12.50',
  '12.5',
  '.5',
  '5.',
  '1e5',
  '1E5',
  '1e-7',
  '1.5e+300',
  '1e400',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '12345678901234567890',
  '1'.repeat(38),
  '1'.repeat(39),
  '0.1',
  '0.30000000000000004',
  '0.1000000000000000055',
  '0.123456789',
  '0.1234567891',
  '1,234',
  '1_000',
  '٣',
  'nan',
  'inf',
  '-Infinity',
  '0x10',
  '1.7976931348623157e308',
  '123456789012345678.12345',
];
const TIMES = [
  '2024-01-31',
  '2024-02-30',
  '31/12/23',
  '2024-1-5',
  '0000-01-01',
  '10000-01-01',
  'infinity',
  '2024-01-01 10:00',
  '2024-01-01T10:00:00',
  '2024-01-01 10:00:00.123456789',
  '2024-01-01T10:00:00Z',
  '2024-01-01T10:00:00+02:00',
  '2024-01-01 24:00:00',
  '2024-01-01 10:00:60',
  '10:00:00',
  '0044-03-15 (BC)',
  '2024-01-01 10:00:00.5',
];
const WORDS = [
  '',
  ' ',
  'a',
  "it's",
  '#x',
  '# note',
  'NA',
  'NULL',
  '\\N',
  'true',
  'FALSE',
  'yes',
  'é',
  '漢字',
  '😀',
  'a"b',
  '"',
  '""',
  ',',
  ';',
  '\t',
  '|',
  'a,b',
  'a\nb',
  'a\r\nb',
  '\r',
  'x\\',
  '\u00a0',
  '\u2028',
  'null',
  ' 1',
  '1 ',
];
const text = fc.oneof(
  fc.constantFrom(...WORDS, ...NUMBERS, ...TIMES),
  fc.constantFrom(...NUMBERS),
  fc.string({ unit: 'binary', maxLength: 6 }).map((s) => s.replaceAll('\0', '')),
);
/** Six texts of one column. */
export const column = fc.oneof(
  fc.array(fc.constantFrom(...NUMBERS.slice(0, 6), '3', '42'), { minLength: 6, maxLength: 6 }),
  fc.array(fc.constantFrom('1.5', '2.25', '10', '', '0.10'), { minLength: 6, maxLength: 6 }),
  fc.array(fc.constantFrom('0.30000000000000004', '1e-7', '2.5', ''), {
    minLength: 6,
    maxLength: 6,
  }),
  fc.array(fc.constantFrom(...TIMES.slice(0, 2), '2023-12-31', ''), { minLength: 6, maxLength: 6 }),
  fc.array(text, { minLength: 6, maxLength: 6 }),
);

const digits = (number: string): string => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  const all = (whole + fraction).replace(/^0+/, '');
  const significant = all.replace(/0+$/, '');
  const power = Number(exponent) - fraction.length + (all.length - significant.length);
  return significant === '' ? '0' : `${sign === '-' ? '-' : ''}${significant}e${power}`;
};

/** What a value of this type must show for the text that stands in the file. */
export function shownAs(type: string, given: string | null): string | null {
  if (given === null) return null;
  if (type === 'VARCHAR' || type === 'JSON') return given;
  if (given === '') return null;
  if (/BIGINT|DECIMAL|DOUBLE/.test(type)) return digits(given);
  if (type === 'BOOLEAN') return given.toLowerCase();
  if (type.includes('ZONE')) return instant(given);
  const plain = given.replace('T', ' ');
  return /:\d\d:\d\d/.test(plain) || !plain.includes(':') ? plain : `${plain}:00`;
}

/** What a value shows, in the form of `shownAs`. */
export const shown = (type: string, value: string | null): string | null => {
  if (value === null) return null;
  if (type.includes('ZONE')) return instant(value);
  return /BIGINT|DECIMAL|DOUBLE/.test(type) ? digits(value) : value;
};

/** A point in time with a zone, as the same instant in UTC. */
const instant = (time: string): string =>
  new Date(time.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();
