import { expect, test } from '@jest/globals';

import { collectFiles } from '../../src/kinds/collect-files.ts';
import { execCommand } from '../../src/kinds/exec-command.ts';

const troubleOf = (options: Readonly<Record<string, unknown>>): string | undefined => {
  const found = collectFiles.schema.safeParse({ from: 'a.csv', ...options });
  return found.success
    ? undefined
    : found.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
};

test.each([
  [{ thousands: '.' }, "thousands: '.' stands before the fraction already; give what stands"],
  [{ thousands: ',', decimal: ',' }, "thousands: ',' stands before the fraction already"],
  [{ decimal: '1' }, "decimal: '1' may be a part of a number itself"],
  [{ thousands: 'e' }, "thousands: 'e' may be a part of a number itself"],
  [{ delimiter: '"' }, `delimiter: '"' quotes already`],
  [{ csv: { delimiter: "'", quote: "'" } }, `delimiter: ''' quotes already`],
  [{ delimiter: '\n' }, 'delimiter: a line end cannot be it'],
  [{ delimiter: '\\', escape: '\\' }, 'escape: '],
  [{ comment: '"' }, 'comment: '],
  [{ true_values: ['x'], false_values: ['x'] }, "false_values: 'x' means true already"],
  [{ date_format: '%d/%m' }, "date_format: '%d/%m': it has no year"],
  [{ date_format: 'dd/mm/yyyy' }, "date_format: 'dd/mm/yyyy': it has no year"],
  [{ date_format: '%Y' }, "date_format: '%Y': it has no day"],
  [{ date_format: '%d/%m/%Y %z' }, 'a date has no zone'],
  [{ timestamp_format: '%d.%m.%Y %I:%M' }, '%p must stand beside it'],
  [{ timestamp_format: '%d.%m.%Y %q' }, '%q is none of'],
])('%j: two meanings, or none, are refused', (options, message) => {
  expect(troubleOf(options)).toContain(message);
});

test.each([
  { thousands: '.', decimal: ',' },
  { thousands: "'" },
  { delimiter: '"', quote: 'none' },
  { comment: '//' },
  { date_format: '%d. %B %Y' },
  { date_format: '%Y-%j' },
  { timestamp_format: '%m/%d/%y %I:%M %p' },
])('%j is understood', (options) => {
  expect(troubleOf(options)).toBeUndefined();
});

test('the outputs of a command are held to the same', () => {
  const outputs = { t: { path: 't.csv', thousands: '.' } };
  const found = execCommand.schema.safeParse({ shell: 'true', outputs });
  expect(found.error?.issues.map(({ path }) => path.join('.'))).toEqual(['outputs.t.thousands']);
});
