/** Letters that look like others: why a name that reads right is not known. Pure. */

import type { Problem } from '../model/errors.ts';

/** What each looks like. */
const LOOKS: Readonly<Record<string, string>> = Object.freeze(
  Object.fromEntries([
    ...pairs('аеорсухіјѕһԁԛԝкмтвн', 'aeopcyxijshdqwkmtbh'),
    ...pairs('АВЕЅЗІЈКМНОРСТХУ', 'ABES3IJKMHOPCTXY'),
    ...pairs('αορνικτυχ', 'aopviktux'),
    ...pairs('ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'),
    ...pairs('‘’‚“”„‐‑–—−：；，．', `'''"""-----:;,.`),
    ...pairs('\u00a0\u2007\u202f\u3000', '    '),
  ]),
);
const NAMES: Readonly<Record<string, string>> = Object.freeze({
  '\u200b': 'a blank of no width',
  '\u200c': 'a sign of no width',
  '\u200d': 'a sign of no width',
  '\u2060': 'a sign of no width',
  '\ufeff': 'a byte order mark',
});
const QUOTED = /'([^']{1,200})'|"([^"]{1,200})"/g;

function pairs(odd: string, plain: string): readonly (readonly [string, string])[] {
  const letters = Array.from(plain);
  return Array.from(odd).map((letter, i) => [letter, letters[i]!] as const);
}

/** A word of another alphabet is no slip: only a mixture is. */
function oddLetterIn(quoted: string): string | undefined {
  if (!/[A-Za-z]/.test(quoted)) return undefined;
  return Array.from(quoted).find(
    (letter) => Object.hasOwn(LOOKS, letter) || Object.hasOwn(NAMES, letter),
  );
}

/** The problem, with a word on the first letter of what it quotes that looks like another one. */
export function withOddLetter(problem: Problem): Problem {
  const quoted = [...problem.message.matchAll(QUOTED)].map(([, one, two]) => one ?? two ?? '');
  const odd = quoted.map(oddLetterIn).find((letter) => letter !== undefined);
  if (odd === undefined) return problem;
  const code = `U+${odd.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  const looks = LOOKS[odd];
  const word =
    looks === undefined
      ? `It holds ${NAMES[odd]} (${code})`
      : `It holds '${odd}' (${code}), which looks like ${looks === ' ' ? 'a blank' : `'${looks}'`} and is not`;
  return { ...problem, hint: problem.hint === undefined ? `${word}.` : `${problem.hint} ${word}.` };
}
