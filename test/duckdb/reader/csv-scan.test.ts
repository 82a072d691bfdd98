/** The quick look at a file: what it finds depends on the bytes alone, not on how they come. */

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { makeCsvParser } from '../../../src/duckdb/reader/csv-records.ts';
import { makeScanner } from '../../../src/duckdb/reader/csv-scan.ts';
import { readingOf } from '../../../src/duckdb/reader/reading.ts';

import type { Scan } from '../../../src/duckdb/reader/csv-scan.ts';

const ABOUT = { quote: '"', maxLineBytes: 60 };

function scanOf(chunks: readonly Uint8Array[], delimiter: string): Scan {
  const scanner = makeScanner({ ...ABOUT, delimiter });
  for (const chunk of chunks) scanner.push(chunk);
  return scanner.end();
}

const piece = fc.constantFrom(
  ...['a', 'word', ' ', 'é', '漢', '\u0001', '~', '0123456789', 'x'.repeat(25)],
  ...[',', ',', ',', '\t', '"', '""', '"a, b"', '"a\nb"', '\n', '\n', '\r\n', '\r'],
);
const line = fc.constantFrom('a,b,c\n', 'long text,"quoted, ""so""",3\n', ',,\n', '"x",,é\n');
const text = fc.oneof(
  fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
  fc
    .array(fc.oneof({ weight: 9, arbitrary: line }, piece), { maxLength: 30 })
    .map((all) => all.join('')),
);

test('bytes in chunks of any length and place are found to be what they are one by one', () => {
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(',', '\t'),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      fc.nat({ max: 3 }),
      (body, delimiter, lengths, shift) => {
        const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(body)]).subarray(shift);
        const singles = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
        const chunks: Uint8Array[] = [];
        for (let at = 0, n = 0; at < bytes.length; n += 1) {
          const length = lengths[n % lengths.length]!;
          chunks.push(bytes.subarray(at, at + length));
          at += length;
        }
        const expected = scanOf(singles, delimiter);
        const seen = expected.isPlain ? expected : { isPlain: false };
        expect(scanOf(chunks, delimiter)).toMatchObject(seen);
        expect(scanOf([bytes], delimiter)).toMatchObject(seen);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a file that is found plain has the records that the exact parser finds', () => {
  let plain = 0;
  fc.assert(
    fc.property(text, (body) => {
      const scan = scanOf([Buffer.from(body)], ',');
      if (!scan.isPlain) return;
      plain += 1;
      const { dialect } = readingOf({ delimiter: ',' });
      const parser = makeCsvParser({ file: 'a.csv', dialect, maxLineBytes: ABOUT.maxLineBytes });
      const records = [...parser.push(body), ...parser.end()];
      expect(records).toHaveLength(scan.records);
      const [first] = records;
      expect(records.map(({ fields }) => fields.length)).toEqual(
        records.map(() => first?.fields.length),
      );
    }),
    { numRuns: 2000 },
  );
  expect(plain).toBeGreaterThan(50);
});
