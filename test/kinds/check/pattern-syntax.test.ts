import { expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';

import { patternTrouble } from '../../../src/kinds/check/pattern-syntax.ts';

const PIECES = [
  ...Array.from('ab0-^$.|()[]{}*+?,:\\é😀 '),
  ...[
    '(?:',
    '(?i)',
    '(?-s:',
    '(?P<n>',
    '(?<n>',
    '(?=',
    '(?!',
    '(?)',
    '(?i-',
    '(?P<',
    '[^',
    '[:alpha:]',
    '[[:alpha:]]',
  ],
  ...[
    '[[:foo:]]',
    '[:',
    ':]',
    '\\d',
    '\\W',
    '\\b',
    '\\B',
    '\\A',
    '\\z',
    '\\Z',
    '\\C',
    '\\Q',
    '\\E',
    '\\pL',
    '\\p{Greek}',
  ],
  ...[
    '\\p{^Lu}',
    '\\p{Nope}',
    '\\P',
    '\\1',
    '\\01',
    '\\12',
    '\\8',
    '\\x41',
    '\\x{1F600}',
    '\\x{110000}',
    '\\xZ',
    '\\n',
    '\\-',
    '\\_',
  ],
  ...[
    '{2}',
    '{2,}',
    '{1,3}',
    '{3,1}',
    '{,3}',
    '{1000}',
    '{1001}',
    '{02}',
    '{30}',
    '{40}',
    'a-z',
    'z-a',
    '*?',
    '++',
    '??',
  ],
];

test('says of every pattern what the engine says of it', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const compiles = async (pattern: string): Promise<string | undefined> =>
      connection
        .run(`select regexp_matches(x, '${pattern.replaceAll("'", "''")}') from (select 'x' as x)`)
        .then(
          () => undefined,
          (error: Error) => error.message,
        );
    const pattern = fc
      .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 7 })
      .map((pieces) => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(pattern, async (text) => {
        const said = await compiles(text);
        // Only the engine knows how large a program gets.
        if (said?.includes('pattern too large')) return;
        expect({ text, refused: patternTrouble(text) !== undefined, said }).toEqual({
          text,
          refused: said !== undefined,
          said,
        });
      }),
      { numRuns: 4000 },
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});

test.each([
  ['^[A-Z]{3}$', undefined],
  ['(?=a)', 'look ahead'],
  ['(a)\\1', 'refer back'],
  ['(?<year>\\d{4})', '(?P<name> )'],
  ['a{1001}', 'goes to 1000'],
  ['(a', 'without its )'],
  ['[a', 'without its ]'],
  ['*a', 'nothing stands before *'],
])('%s: %s', (pattern, why) => {
  if (why === undefined) expect(patternTrouble(pattern)).toBeUndefined();
  else expect(patternTrouble(pattern)).toContain(why);
});
