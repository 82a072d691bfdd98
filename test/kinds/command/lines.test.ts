import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { makeLines } from '../../../src/kinds/command/lines.ts';

function linesOf(...pieces: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const sink = makeLines((line) => lines.push(line));
  for (const piece of pieces) sink.push(piece);
  sink.end();
  return lines;
}

test.each<[string, readonly string[], readonly string[]]>([
  ['a line in pieces', ['o', 'ne\ntw', 'o\n'], ['one', 'two']],
  ['a line without an end', ['one\ntwo'], ['one', 'two']],
  ['empty lines', ['\n\na\n'], ['', '', 'a']],
  ['nothing', ['', ''], []],
  ['lines as on Windows, cut in the middle', ['one\r', '\ntwo\r\n'], ['one', 'two']],
  ['a progress bar: its last state', ['10%\r50%\r100%\n'], ['100%']],
  ['colours', ['\u001b[31mred\u001b[0m\n'], ['red']],
  ['control characters', ['a\u0000b\u0007\tc\n'], ['a\ufffdb\ufffd\tc']],
])('gives %s', (_what, pieces, expected) => {
  expect(linesOf(...pieces)).toEqual(expected);
});

test('gives a very long line in pieces, and keeps none of it waiting', () => {
  const lines: number[] = [];
  const sink = makeLines((line) => lines.push(line.length));
  sink.push('x'.repeat(20_000));
  expect(lines).toEqual([8_000, 8_000]);
  sink.push('y\n');
  expect(lines).toEqual([8_000, 8_000, 4_001]);
});

test('gives the same lines however they came', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '\n', '\r', '\t'), { maxLength: 9 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(text), (pieces) => {
      expect(linesOf(...pieces)).toEqual(linesOf(pieces.join('')));
    }),
  );
});
