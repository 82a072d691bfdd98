/** Which aggregates see the order of their rows. Those that do not are named, each shown by a test; all others may. */

/** Whatever they are given. */
const BLIND = new Set(
  `count count_star count_if countif min max bit_and bit_or bit_xor bitstring_agg bool_and bool_or approx_count_distinct
  histogram histogram_exact mad median quantile quantile_cont quantile_disc regr_count sum_no_overflow`.split(
    /\s+/,
  ),
);

/** Of whole numbers, decimals and intervals they are exact; of floating-point numbers each sum rounds otherwise. */
const EXACT_OF_EXACT = new Set(['sum', 'avg', 'mean']);

/** True if the result depends on the order of the rows. `type` is that of the first argument, where it is known. */
export function seesOrder(name: string, type: string | undefined): boolean {
  if (BLIND.has(name)) return false;
  if (!EXACT_OF_EXACT.has(name)) return true;
  return type === undefined || /^(FLOAT|DOUBLE|")/.test(type);
}

/** Aggregates that only need the type of their argument to be judged. */
export function isJudgedByType(name: string): boolean {
  return EXACT_OF_EXACT.has(name);
}
