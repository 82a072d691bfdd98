/** Sets of whole numbers as ranges: `0-16,18,20-99` as text, `[from, to]` pairs in order as data. Pure. */

export type Ranges = readonly (readonly [from: number, to: number])[];

/** The text of numbers in rising order. */
export function rangesText(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; i += 1) {
    const from = numbers[i]!;
    let to = from;
    while (numbers[i + 1] === to + 1) {
      to += 1;
      i += 1;
    }
    parts.push(from === to ? `${from}` : `${from}-${to}`);
  }
  return parts.join(',');
}

/** The numbers of such a text. */
export function numbersIn(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** The set with one more number; undefined if it was in it. */
export function withNumber(ranges: Ranges, n: number): Ranges | undefined {
  let low = 0;
  let high = ranges.length;
  // The first range that begins behind n.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]![0] > n) high = middle;
    else low = middle + 1;
  }
  const before = ranges[low - 1];
  const after = ranges[low];
  if (before !== undefined && before[1] >= n) return undefined;
  const joins = before !== undefined && before[1] === n - 1;
  const meets = after !== undefined && after[0] === n + 1;
  const from = joins ? before[0] : n;
  const to = meets ? after[1] : n;
  return [
    ...ranges.slice(0, joins ? low - 1 : low),
    [from, to] as const,
    ...ranges.slice(meets ? low + 1 : low),
  ];
}
