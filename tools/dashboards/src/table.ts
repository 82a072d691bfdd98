/** A table with a row for each set of labels, and a column for each expression. */

import {
  TableCellHeight,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';

import { byName } from './look.ts';
import { basics, tableQuery, valueOf } from './panels.ts';

import type {
  DashboardLinkBuilder,
  ThresholdsConfigBuilder,
  ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Override } from './look.ts';
import type { Common } from './panels.ts';

export type Column = {
  readonly name: string;
  /** Must keep exactly the labels of the table. */
  readonly expr: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly mappings?: ValueMapping[];
  readonly thresholds?: ThresholdsConfigBuilder;
  readonly width?: number;
  readonly links?: readonly DashboardLinkBuilder[];
  /** How a coloured value is shown; a gauge runs from 0 to `max`. */
  readonly as?: 'text' | 'background' | 'gauge';
  readonly max?: number;
};

/** Name of the only column of a table that shows labels alone. */
export const UNSEEN = 'unseen';

/** A label: its heading, and how wide it is. */
export type LabelColumn = {
  readonly name: string;
  readonly width?: number;
  readonly links?: readonly DashboardLinkBuilder[];
};

export type TableOptions = Common & {
  readonly labels: Readonly<Record<string, LabelColumn>>;
  readonly columns: readonly Column[];
  /** Columns to sort by, the greatest first. */
  readonly sortBy: readonly string[];
  /** Whether each column can be filtered, which its heading needs room for. */
  readonly filterable?: boolean;
};

/** Rows of `labels`, with `columns` joined to them. */
export function rowsOf({ labels, columns, sortBy, filterable = false, ...rest }: TableOptions) {
  const fields = [...Object.keys(labels), ...columns.map((_, k) => valueOf(k))];
  const names = Object.fromEntries(
    Object.entries(labels).map(([label, { name }]) => [label, name]),
  );
  columns.forEach(({ name }, k) => (names[valueOf(k)] = name));
  // A single query is not numbered.
  if (columns.length === 1) names['Value'] = columns[0]?.name ?? '';
  const unseen = columns.some(({ name }) => name === UNSEEN);
  const hidden = unseen ? { Value: true } : {};
  return basics(new PanelBuilder(), rest)
    .targets(columns.map(({ expr }, k) => tableQuery(expr, k)))
    .transformations([
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true, ...hidden },
          indexByName: Object.fromEntries(fields.map((field, index) => [field, index])),
          renameByName: names,
        },
      },
    ])
    .overrides([...Object.values(labels).flatMap(labelOverride), ...columns.map(columnOverride)])
    .showHeader(true)
    .cellHeight(TableCellHeight.Sm)
    .filterable(filterable)
    .sortBy(sortBy.map((name) => new TableSortByFieldStateBuilder().displayName(name).desc(true)));
}

function labelOverride({ name, width, links = [] }: LabelColumn): readonly Override[] {
  const properties = [
    ...(links.length === 0 ? [] : [{ id: 'links', value: links.map((link) => link.build()) }]),
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
  ];
  return properties.length === 0 ? [] : [byName(name, ...properties)];
}

function columnOverride(column: Column): Override {
  const { name, unit, decimals, mappings, thresholds, links, width, as = 'text', max } = column;
  const coloured = mappings !== undefined || thresholds !== undefined;
  const properties = [
    ['unit', unit],
    ['decimals', decimals],
    ['min', max === undefined ? undefined : 0],
    ['max', max],
    ['mappings', mappings],
    ['thresholds', thresholds?.build()],
    ['links', links?.map((link) => link.build())],
    ['custom.width', width],
    ['custom.cellOptions', coloured ? CELLS[as] : undefined],
    ['color', coloured ? { mode: 'thresholds' } : undefined],
  ] as const;
  return byName(
    name,
    ...properties.flatMap(([id, value]) => (value === undefined ? [] : [{ id, value }])),
  );
}

const CELLS = {
  text: { type: 'color-text' },
  background: { type: 'color-background', mode: 'basic' },
  gauge: { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' },
} as const;
