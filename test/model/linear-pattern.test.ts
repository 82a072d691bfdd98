import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { linearPattern } from '../../src/model/linear-pattern.ts';

function matches(pattern: string, text: string): boolean {
  const read = linearPattern(pattern);
  if (read.wrong !== undefined) throw new Error(read.wrong);
  return read.test(text);
}

test.each([
  ['^(a+)+$', `${'a'.repeat(5000)}!`],
  ['^(a|a)*b$', 'a'.repeat(5000)],
  ['^(.*)*x$', 'y'.repeat(5000)],
  ['(x+x+)+y', 'x'.repeat(5000)],
])('answers %s at once, however long the text', (pattern, text) => {
  const before = performance.now();
  expect(matches(pattern, text)).toBe(false);
  expect(performance.now() - before).toBeLessThan(5000);
});

test.each(['(?=a)', '(?<!b)c', String.raw`(a)\1`, '(a{1,1000}){1,1000}'])(
  'refuses %s',
  (pattern) => {
    expect(linearPattern(pattern).wrong).toMatch(/bounded time/);
  },
);

test('says of what is no pattern that it is none', () => {
  expect(linearPattern('(a').wrong).toBe('it is not a regular expression');
});

test('answers as the language does, for patterns of every part', () => {
  const atom = fc.constantFrom(
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    String.raw`\d`,
    String.raw`\w`,
    String.raw`\p{L}`,
    'é',
    String.raw`\.`,
  );
  const part = fc
    .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}', '{2,}', '*?', '{0}'))
    .map((both) => both.join(''));
  const sequence = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''));
  const grouped = fc
    .tuple(
      fc.constantFrom('(', '(?:', '(?<n>'),
      sequence,
      sequence,
      fc.constantFrom(')', ')*', ')+', '){1,3}'),
    )
    .map(([open, a, b, close]) => `${open}${a}|${b}${close}`);
  const whole = fc
    .tuple(
      fc.constantFrom('', '^', String.raw`\b`),
      fc.oneof(sequence, grouped),
      sequence,
      fc.constantFrom('', '$', String.raw`\B`),
    )
    .map((parts) => parts.join(''));
  const text = fc
    .array(fc.constantFrom('a', 'b', '1', '.', 'é', ' ', '-'), { maxLength: 7 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(whole, text, (pattern, value) => {
      expect(matches(pattern, value)).toBe(new RegExp(pattern, 'u').test(value));
    }),
    { numRuns: 2000 },
  );
});
