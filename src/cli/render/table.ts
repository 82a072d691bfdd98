/** A table for a terminal: columns as wide as their cells; what does not fit is cut from those that may be cut. Pure. */

/** A cell of a text, and how it is painted once it has its width. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const GAP = '  ';
const LEAST = 8;

/** The lines of a table, its heads first. `width`: of the terminal. `cuttable`, `right`: heads of columns of names and the like, and of numbers. */
export function tableLines(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  {
    width,
    cuttable,
    right = [],
  }: {
    readonly width: number;
    readonly cuttable: readonly string[];
    readonly right?: readonly string[];
  },
): readonly string[] {
  const all = [heads, ...rows];
  const widths = heads.map((_, i) => Math.max(...all.map((row) => textOf(row[i]).length)));
  const free = heads.flatMap((head, i) => (cuttable.includes(head) ? [i] : []));
  while (sum(widths) + GAP.length * (heads.length - 1) > width) {
    const widest = Math.max(...free.map((i) => widths[i]!));
    if (widest <= LEAST) break;
    widths[free.find((i) => widths[i] === widest)!]! -= 1;
  }
  return all.map((row) =>
    row
      .map((cell, i) => {
        const text = cut(textOf(cell), widths[i]!);
        const isRight = right.includes(heads[i] ?? '');
        const padded = isRight ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
        return typeof cell === 'string' ? padded : cell.paint(padded);
      })
      .join(GAP)
      .trimEnd(),
  );
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
