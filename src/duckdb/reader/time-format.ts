/**
 * A format of strptime, read for what it means: which texts it takes, and of which type the value is. DuckDB takes fewer
 * digits of a year than `%Y` says and fills in what a format leaves out; here a text is of a format or it is not. Pure.
 */

import { quoteText } from '../session.ts';

/** What a part of a date is; `text`: a name or a mark that is no digit. */
type Part = { readonly digits?: readonly [number, number]; readonly text?: string };

const TWO: Part = { digits: [1, 2] };
const PARTS: Readonly<Record<string, Part>> = Object.freeze({
  Y: { digits: [4, 4] },
  G: { digits: [4, 4] },
  y: { digits: [2, 2] },
  m: TWO,
  d: TWO,
  H: TWO,
  I: TWO,
  M: TWO,
  S: TWO,
  U: TWO,
  W: TWO,
  V: TWO,
  j: { digits: [1, 3] },
  u: { digits: [1, 1] },
  w: { digits: [1, 1] },
  g: { digits: [1, 3] },
  f: { digits: [1, 6] },
  n: { digits: [1, 9] },
  a: { text: '\\pL+\\.?' },
  A: { text: '\\pL+\\.?' },
  b: { text: '\\pL+\\.?' },
  B: { text: '\\pL+\\.?' },
  p: { text: '[AaPp][Mm]' },
  z: { text: '(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)' },
  Z: { text: '[A-Za-z][A-Za-z0-9_/+-]*' },
});

type Token = { readonly letter: string } | { readonly literal: string };

function tokensOf(format: string): readonly Token[] {
  return [...format.matchAll(/%(-?)([A-Za-z%])|[^%]|%/g)].map(([all, , letter]) =>
    letter === undefined || letter === '%' ? { literal: all[0] ?? '' } : { letter },
  );
}

const lettersOf = (format: string): ReadonlySet<string> =>
  new Set(tokensOf(format).flatMap((token) => ('letter' in token ? [token.letter] : [])));

/** What no value can be made of without a guess; undefined: the format says all. `of`: a day, or a point in time. */
export function formatTrouble(format: string, of: 'date' | 'timestamp'): string | undefined {
  const letters = lettersOf(format);
  const has = (...some: readonly string[]): boolean => some.some((letter) => letters.has(letter));
  const unknown = [...letters].find((letter) => PARTS[letter] === undefined);
  if (unknown !== undefined) return `%${unknown} is none of ${Object.keys(PARTS).join(' ')}`;
  if (!has('Y', 'y', 'G')) return 'it has no year (%Y, or %y of two digits)';
  const isDay =
    (has('d') && has('m', 'b', 'B')) ||
    has('j') ||
    (has('G', 'Y', 'y') && has('V', 'U', 'W') && has('u', 'w', 'a', 'A'));
  if (!isDay) return 'it has no day (%d and %m, or %j)';
  if (of === 'date' && has('z', 'Z')) return 'a date has no zone; give it as `timestamp_format`';
  if (has('I') && !has('p')) return '%I is an hour of twelve, so %p must stand beside it';
  return undefined;
}

/** Which type a point in time of this format is. */
export function typeOfFormat(
  format: string,
): 'TIMESTAMP' | 'TIMESTAMP_NS' | 'TIMESTAMP WITH TIME ZONE' {
  const letters = lettersOf(format);
  if (letters.has('z') || letters.has('Z')) return 'TIMESTAMP WITH TIME ZONE';
  return letters.has('n') ? 'TIMESTAMP_NS' : 'TIMESTAMP';
}

/** A regular expression for the texts of a format. Digits that touch others are as many as there can be. */
function patternOf(format: string): string {
  const tokens = tokensOf(format);
  const digitsAt = (i: number): boolean => {
    const token = tokens[i];
    if (token === undefined) return false;
    return 'letter' in token
      ? PARTS[token.letter]?.digits !== undefined
      : /[0-9]/.test(token.literal);
  };
  return tokens
    .map((token, i) => {
      if (!('letter' in token)) return token.literal.replaceAll(/[.*+?^$()[\]{}|\\/]/g, '\\$&');
      const { digits: [least, most] = [0, 0], text } = PARTS[token.letter] ?? {};
      if (text !== undefined) return text;
      const touches = digitsAt(i - 1) || digitsAt(i + 1);
      const isFraction = 'gfn'.includes(token.letter);
      return `[0-9]{${touches && !isFraction ? most : least},${most}}`;
    })
    .join('');
}

/** SQL: the value of a text in a format, NULL where it is of another. */
export function byFormat(text: string, format: string): string {
  return `case when regexp_full_match(${text}, ${quoteText(patternOf(format))}) then try_strptime(${text}, ${quoteText(format)}) end`;
}
