/** Tells the delimiter of a file from its first line, so that a bad line further down is an error and not a new guess. Pure. */

import { badLine } from './bad-line.ts';

const CANDIDATES = [',', ';', '\t', '|'] as const;

type Place = {
  readonly file: string;
  readonly line: number;
  readonly quote: string | undefined;
  readonly header: boolean;
};

/**
 * The candidate that stands most often in the line, quoted parts left out; a comma where none does.
 * @throws StepError BAD_INPUT_DATA where two stand equally often, or, without a header, where two stand at all
 */
export function delimiterIn(first: string, { file, line, quote, header }: Place): string {
  if (/\.tsv(\.gz|\.zst)?$/i.test(file)) return '\t';
  const plain =
    quote === undefined
      ? first
      : first
          .split(quote)
          .filter((_, i) => i % 2 === 0)
          .join('');
  const counts = CANDIDATES.map((candidate) => plain.split(candidate).length - 1);
  const most = Math.max(...counts);
  if (most === 0) return ',';
  const best = CANDIDATES.filter((_, i) => (header ? counts[i] === most : counts[i] !== 0));
  if (best.length === 1) return best[0]!;
  const names = best.map((each) => (each === '\t' ? 'tab' : `'${each}'`)).join(' and ');
  throw badLine(file, line, `both ${names} stand in the first line`, {
    text: first,
    help: 'say which separates by `delimiter`',
  });
}
