/** Escapes and character classes of RE2, each walked over from its first character. Pure. */

/** Why a pattern is refused, in words. */
export class BadPattern extends Error {}

const CATEGORY = /^(Any|C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;
const POSIX =
  /^\[:\^?(alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;

/** Length of an escape outside of a class. */
export function escapeEnd(rest: string): number {
  if (/^\\[bBAzC]/.test(rest)) return 2;
  return setEnd(rest) ?? letterEnd(rest).length;
}

/** Length of a class such as `[^a-z\d]`. */
export function classEnd(text: string): number {
  let at = text.startsWith('[^') ? 2 : 1;
  const first = at;
  while (at < text.length && (text[at] !== ']' || at === first)) {
    const rest = text.slice(at);
    if (rest.startsWith('[:') && rest.includes(':]', 2)) {
      const known = POSIX.exec(rest);
      if (known === null) {
        throw new BadPattern(`${rest.slice(0, rest.indexOf(':]') + 2)} is no class of characters`);
      }
      at += known[0].length;
      continue;
    }
    const set = rest.startsWith('\\') ? setEnd(rest) : undefined;
    if (set !== undefined) {
      at += set;
      continue;
    }
    const low = letterEnd(rest);
    at += low.length;
    if (text[at] !== '-' || at + 1 >= text.length || text[at + 1] === ']') continue;
    const high = letterEnd(text.slice(at + 1));
    if (high.code < low.code) {
      throw new BadPattern(
        `the range ${text.slice(at - low.length, at + 1 + high.length)} is upside down`,
      );
    }
    at += 1 + high.length;
  }
  if (at >= text.length) throw new BadPattern('a [ without its ]');
  return at + 1;
}

/** Length of an escape that means several characters: \d, \pL, \p{Greek}. */
function setEnd(rest: string): number | undefined {
  if (/^\\[dDsSwW]/.test(rest)) return 2;
  if (!/^\\[pP]/.test(rest)) return undefined;
  const named = /^\\[pP](?:\{\^?([^}]*)\}|([^{]))/su.exec(rest);
  const name = named?.[1] ?? named?.[2];
  if (named === null || name === undefined || !isUnicodeClass(name)) {
    throw new BadPattern(`${named?.[0] ?? rest.slice(0, 3)} is no class of Unicode`);
  }
  return named[0].length;
}

function isUnicodeClass(name: string): boolean {
  if (CATEGORY.test(name)) return true;
  if (!/^[A-Z][A-Za-z_]{2,}$/.test(name)) return false;
  try {
    return new RegExp(`\\p{Script=${name}}`, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** One character, written as itself or by an escape. */
function letterEnd(rest: string): { readonly length: number; readonly code: number } {
  const code = rest.codePointAt(0) ?? 0;
  if (!rest.startsWith('\\')) return { length: code > 0xffff ? 2 : 1, code };
  const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
  if (octal !== null) return { length: octal[0].length, code: Number.parseInt(octal[1]!, 8) };
  const hex = /^\\x(?:\{([\da-fA-F]+)\}|([\da-fA-F]{2}))/.exec(rest);
  if (hex !== null) {
    const value = Number.parseInt(hex[1] ?? hex[2]!, 16);
    if (value <= 0x10ffff) return { length: hex[0].length, code: value };
  }
  const control = 'abtnvfr'.indexOf(rest[1] ?? ' ');
  if (control >= 0 && rest[1] !== 'b') return { length: 2, code: 7 + control };
  if (rest.length === 1) throw new BadPattern('it ends in a \\');
  if (/^\\[!-/:-@[-`{-~ ]/.test(rest)) return { length: 2, code: rest.charCodeAt(1) };
  if (/^\\[1-9]/.test(rest))
    throw new BadPattern(`it cannot refer back to a group (${rest.slice(0, 2)})`);
  throw new BadPattern(`the escape ${rest.slice(0, 2)} means nothing`);
}
