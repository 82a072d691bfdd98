/** Random choices that a seed decides, so that a case can be had again. Pure. */

export type Random = {
  /** From 0 to below `end`, whole. */
  below(end: number): number;
  of<T>(list: readonly [T, ...T[]]): T;
};

/** Choices of a seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const below = (end: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * end);
  };
  return { below, of: (list) => list[below(list.length)] ?? list[0] };
}
