/** What a Prometheus answers, as plain data. Pure. */

/** One series of an answer. `labels` without the name. A range's answer has the value of its last point. */
export type Series = {
  readonly name: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly values: readonly number[];
};

/** Series as plain data for an `expect`: the values of some labels, joined, to the value of the series. */
export type Table = Readonly<Record<string, number>>;

export type Metric = Readonly<Record<string, string>>;
type Point = readonly [number, string];
export type Answer = { readonly resultType: string; readonly result: unknown };

/** What Prometheus answered, instant or range. */
export function seriesOf({ resultType, result }: Answer): readonly Series[] {
  if (resultType === 'scalar') {
    const value = Number((result as Point)[1]);
    return [{ name: undefined, labels: {}, value, values: [value] }];
  }
  const rows = result as readonly { metric: Metric; value?: Point; values?: readonly Point[] }[];
  return rows.map(({ metric, value, values = value === undefined ? [] : [value] }) => {
    const { __name__: name, ...labels } = metric;
    const numbers = values.map(([, text]) => numberOf(text));
    return { name, labels, value: numbers.at(-1) ?? Number.NaN, values: numbers };
  });
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

/** By the values of some labels; `-` for one that is not there. */
export function tableOf(series: readonly Series[], by: readonly string[]): Table {
  return sorted(
    Object.fromEntries(
      series.map(({ labels, value }) => [by.map((l) => labels[l] ?? '-').join(' '), value]),
    ),
  );
}

/** The same in the order of its keys. */
export function sorted(table: Table): Table {
  return Object.fromEntries(Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
