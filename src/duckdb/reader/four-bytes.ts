/** Bytes looked at four at a time, as one number of 32 bits: where a byte stands among them costs no branch for each. Pure. */

const ONES = 0x01010101;
const LOWS = 0x7f7f7f7f;
const TOPS = ~LOWS;

/** The bytes as numbers of four, from the first that lies on a multiple of four; what is left over at either end is not among them. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const skipped = -bytes.byteOffset & 3;
  const count = Math.max(0, (bytes.length - skipped) >> 2);
  return new Int32Array(bytes.buffer, count === 0 ? 0 : bytes.byteOffset + skipped, count);
}

/** Four times the same byte. */
export function fourOf(byte: number): number {
  return Math.imul(byte, ONES);
}

/** Whether one of the four bytes is one of those three that `a`, `b` and `c` hold. */
export function holdsOne(word: number, a: number, b: number, c: number): boolean {
  return (topWhereZero(word ^ a) | topWhereZero(word ^ b) | topWhereZero(word ^ c)) !== 0;
}

/** Zero if no byte is zero. */
function topWhereZero(word: number): number {
  return (word - ONES) & ~word & TOPS;
}

/** How many of the four bytes are the one that `four` holds. */
export function countOf(word: number, four: number): number {
  const zeroWhereSame = word ^ four;
  if (topWhereZero(zeroWhereSame) === 0) return 0;
  const topWhereOther = ((zeroWhereSame & LOWS) + LOWS) | zeroWhereSame;
  return Math.imul((~topWhereOther >>> 7) & ONES, ONES) >>> 24;
}
