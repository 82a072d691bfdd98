/** The kinds of panels these dashboards use: each takes what differs, and tells Grafana's builder the rest. */

import * as common from '@grafana/grafana-foundation-sdk/common';
import * as sdk from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as CellsPanel } from '@grafana/grafana-foundation-sdk/statushistory';
import { PanelBuilder as TextPanel, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { PanelBuilder as LinesPanel } from '@grafana/grafana-foundation-sdk/timeseries';

import { byName, plain } from './look.ts';
import { DATASOURCE } from './variables.ts';

import type { Override } from './look.ts';

type Links = readonly sdk.DashboardLinkBuilder[];

/** What every panel is told. `width` is of 24 columns, `height` in Grafana's units of 38 pixels. */
export type Common = {
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly unit?: string;
  readonly decimals?: number;
  readonly thresholds?: sdk.ThresholdsConfigBuilder;
  readonly links?: Links;
};

/** One line, bar or row of cells a series; the legend names labels: `{{step}}`. */
export type Series = { readonly expr: string; readonly legend: string };

const UNSEEN = 'every interval';
const REF_IDS = [...'ABCDEFGHIJKLMNOP'];

/** One number, as of the end of the time range. */
export const stat = ({
  expr,
  noValue = '-',
  mappings = [],
  ...rest
}: Common & { expr: string; noValue?: string; mappings?: sdk.ValueMapping[] }) =>
  basics(new StatPanel(), rest)
    .withTarget(instant(expr))
    .noValue(noValue)
    .mappings(mappings)
    .colorScheme(byThresholds())
    .colorMode(common.BigValueColorMode.Background)
    .graphMode(common.BigValueGraphMode.None)
    .justifyMode(common.BigValueJustifyMode.Center)
    .textMode(common.BigValueTextMode.Value)
    .wideLayout(false)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields(''));

type LinesOptions = Common & {
  readonly series: readonly Series[];
  readonly overrides?: readonly Override[];
  readonly calcs?: string[];
  /** Where the legend is: at the right of a wide panel. */
  readonly legend?: 'right' | 'bottom';
};

/** Lines over time. Gaps stay gaps. */
export const lines = ({
  series,
  overrides = [],
  calcs = ['lastNotNull', 'max'],
  legend = 'right',
  ...rest
}: LinesOptions) =>
  basics(new LinesPanel(), rest)
    .targets(series.map(range))
    .overrides([...overrides])
    .min(0)
    .colorScheme(new sdk.FieldColorBuilder().mode(sdk.FieldColorModeId.PaletteClassicByName))
    .drawStyle(common.GraphDrawStyle.Line)
    .lineInterpolation(common.LineInterpolation.StepAfter)
    .lineWidth(1)
    .showPoints(common.VisibilityMode.Never)
    .pointSize(5)
    .spanNulls(false)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(
          legend === 'right' ? common.LegendDisplayMode.Table : common.LegendDisplayMode.List,
        )
        .placement(
          legend === 'right' ? common.LegendPlacement.Right : common.LegendPlacement.Bottom,
        )
        .showLegend(true)
        .calcs(calcs),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );

/**
 * Stacked bars over time: how many in each interval. Grafana derives the width of a bar from the distance of points, so
 * an unseen series has a point in every interval: else one event alone would fill the panel.
 */
export const bars = ({
  everyMoment,
  series,
  overrides = [],
  ...rest
}: LinesOptions & { everyMoment: string }) =>
  lines({
    ...rest,
    series: [...series, { expr: everyMoment, legend: UNSEEN }],
    overrides: [
      ...overrides,
      byName(UNSEEN, { id: 'custom.hideFrom', value: { legend: true, tooltip: true, viz: false } }),
    ],
    calcs: ['sum'],
  })
    .maxDataPoints(100)
    .interval('1m')
    .drawStyle(common.GraphDrawStyle.Bars)
    .lineWidth(0)
    .fillOpacity(80)
    .showPoints(common.VisibilityMode.Never)
    .barAlignment(common.BarAlignment.Before)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));

/** Rows of cells, one cell an interval; `mappings` names and colours the values. Every interval must have a value. */
export const cells = ({
  series,
  mappings,
  ...rest
}: Common & { series: readonly Series[]; mappings: sdk.ValueMapping[] }) =>
  basics(new CellsPanel(), rest)
    .targets(series.map(range))
    .maxDataPoints(100)
    .interval('1m')
    .mappings(mappings)
    .colorScheme(byThresholds())
    .fillOpacity(80)
    .lineWidth(0)
    .showValue(common.VisibilityMode.Never)
    .rowHeight(0.8)
    .colWidth(0.9)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    );

/** Words and commands, in Markdown. */
export const text = ({ content, ...rest }: Common & { content: string }) =>
  basics(new TextPanel(), rest).mode(TextMode.Markdown).content(content);

/** What the builders of all kinds of panels have in common. */
type AnyPanel<Self> = {
  title(title: string): Self;
  description(description: string): Self;
  datasource(datasource: common.DataSourceRef): Self;
  span(columns: number): Self;
  height(units: number): Self;
  links(links: sdk.DashboardLinkBuilder[]): Self;
  unit(unit: string): Self;
  decimals(decimals: number): Self;
  thresholds(thresholds: sdk.ThresholdsConfigBuilder): Self;
};

/** Tells a panel what every panel is told. */
export function basics<Panel extends AnyPanel<Panel>>(panel: Panel, given: Common): Panel {
  const { title, description, width, height, unit = 'none', decimals, links = [] } = given;
  const told = panel
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .span(width)
    .height(height)
    .unit(unit)
    .thresholds(given.thresholds ?? plain);
  if (links.length > 0) told.links([...links]);
  return decimals === undefined ? told : told.decimals(decimals);
}

/** Coloured by the thresholds of the panel. */
export const byThresholds = () => new sdk.FieldColorBuilder().mode(sdk.FieldColorModeId.Thresholds);

const query = (expr: string, k: number) =>
  new DataqueryBuilder()
    .refId(REF_IDS[k] ?? '')
    .datasource(DATASOURCE)
    .expr(expr);

const range = ({ expr, legend }: Series, k = 0) => query(expr, k).legendFormat(legend).range();

const instant = (expr: string) => query(expr, 0).instant();

/** A query whose answer is a table: a column a label, and the value. */
export const tableQuery = (expr: string, k: number) =>
  query(expr, k).format(PromQueryFormat.Table).instant();

/** What Grafana calls the value of the query number `k` once several are merged. */
export const valueOf = (k: number): string => `Value #${REF_IDS[k]}`;
