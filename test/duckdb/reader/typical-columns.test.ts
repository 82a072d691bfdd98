import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { readColumn } from './read.ts';

/** The table of docs/exact.md: name, values, type. */
const page = await readFile(new URL('../../../docs/exact.md', import.meta.url), 'utf8');
const lines = page
  .slice(page.indexOf('sixty columns'), page.indexOf('end of columns'))
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2);
const columns = lines.map((line) => {
  const [, name = '', values = '', type = ''] = line.split('|');
  const texts = [...values.matchAll(/`([^`]*)`|empty/g)].map(([, text = '']) => text);
  return [name.trim(), texts, type.trim()] as const;
});

test('the table has sixty columns and more', () => {
  expect(columns.length).toBeGreaterThanOrEqual(60);
});

test.each(columns)('%s: %j is %s', async (_name, texts, type) => {
  const given = texts.map((text) => (text.includes(',') ? `"${text}"` : text));
  const found = await readColumn(given);
  expect(found.type).toBe(type);
  if (type !== 'VARCHAR') return;
  expect(found.values).toEqual(texts.map((text) => (text === '' ? null : text)));
});

test('a type does not depend on where in the file an odd value stands', async () => {
  const many = Array.from({ length: 30_000 }, (_, n) => String(n));
  const odd = [
    ['x', 'VARCHAR'],
    ['12345678901234567890', 'DECIMAL(38,0)'],
    ['1.25', 'DECIMAL(18,2)'],
    ['007', 'VARCHAR'],
    ['0.30000000000000004', 'DOUBLE'],
  ] as const;
  for (const [value, type] of odd) {
    expect((await readColumn([...many, value])).type).toBe(type);
    expect((await readColumn([value, ...many])).type).toBe(type);
  }
});

test.each([
  [{ decimal: ',' }, ['12,50', '9'], 'DECIMAL(18,2)', ['12.50', '9.00']],
  [{ decimal: ',', thousands: '.' }, ['1.234,5', '12'], 'DECIMAL(18,1)', ['1234.5', '12.0']],
  [{ thousands: ',' }, ['1,234', '5'], 'BIGINT', ['1234', '5']],
  [{ thousands: ',' }, ['12,34', '5'], 'VARCHAR', ['12,34', '5']],
  [{ decimal: ',' }, ['1.5', '2'], 'VARCHAR', ['1.5', '2']],
  [{ thousands: "'" }, ["1'234'567", '5'], 'BIGINT', ['1234567', '5']],
  [{ date_format: '%d/%m/%Y' }, ['31/12/2023', '1/2/2024'], 'DATE', ['2023-12-31', '2024-02-01']],
  [{ date_format: '%d/%m/%Y' }, ['31/12/23'], 'VARCHAR', ['31/12/23']],
  [{ date_format: '%d/%m/%Y' }, ['12/31/2023'], 'VARCHAR', ['12/31/2023']],
  [
    { timestamp_format: '%d.%m.%Y %H:%M' },
    ['31.12.2023 10:30'],
    'TIMESTAMP',
    ['2023-12-31 10:30:00'],
  ],
  [
    { true_values: ['yes'], false_values: ['no'] },
    ['yes', 'no', 'true'],
    'BOOLEAN',
    ['true', 'false', 'true'],
  ],
  [{ null_values: ['NA'] }, ['NA', '', '1.5'], 'DECIMAL(18,1)', [null, null, '1.5']],
  [{ null_values: { only: ['NA'] } }, ['NA', '', 'x'], 'VARCHAR', [null, '', 'x']],
  [{ infer: false }, ['1', '2'], 'VARCHAR', ['1', '2']],
] as const)('%j: %j is %s', async (options, texts, type, values) => {
  const given = texts.map((text) => (text.includes(',') ? `"${text}"` : text));
  expect(await readColumn(given, options)).toEqual({ type, values });
});
