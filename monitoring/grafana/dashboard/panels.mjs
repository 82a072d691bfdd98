/** Builders of the panels this dashboard uses: each takes what differs and fills in what Grafana wants to be told. */

import { plain } from './look.mjs';
import { everyMoment } from './queries.mjs';

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const UNSEEN = 'every interval';
const REF_IDS = [...'ABCDEFGHIJKLMNOP'];

/** One number, as of the end of the time range. */
export const stat = ({ expr, legend = '', noValue = '-', mappings = [], ...rest }) =>
  panel('stat', {
    ...rest,
    targets: [instant({ expr, legend })],
    defaults: { mappings, noValue, color: { mode: 'thresholds' } },
    options: {
      colorMode: 'background',
      graphMode: 'none',
      justifyMode: 'center',
      textMode: legend === '' ? 'value' : 'auto',
      wideLayout: false,
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
  });

/** Lines over time; `series` is a list of `{ expr, legend }`. Gaps stay gaps. */
export const lines = ({ series, overrides = [], custom = {}, legend = {}, ...rest }) =>
  panel('timeseries', {
    ...rest,
    overrides,
    targets: series.map((one, k) => range(one, k)),
    defaults: {
      min: 0,
      color: { mode: 'palette-classic-by-name' },
      custom: {
        drawStyle: 'line',
        lineInterpolation: 'stepAfter',
        lineWidth: 1,
        fillOpacity: 0,
        showPoints: 'auto',
        pointSize: 5,
        spanNulls: false,
        insertNulls: false,
        ...custom,
      },
    },
    options: {
      legend: {
        displayMode: 'table',
        placement: 'right',
        showLegend: true,
        calcs: ['lastNotNull', 'max'],
        ...legend,
      },
      tooltip: { mode: 'multi', sort: 'desc', hideZeros: true },
    },
  });

/**
 * Stacked bars over time: how many in each interval. Grafana derives the width of a bar from the distance of points, so an
 * unseen series has a point in every interval: else one event alone would fill the panel.
 */
export const bars = ({ series, overrides = [], legend = {}, ...rest }) =>
  lines({
    ...rest,
    series: [...series, { expr: everyMoment, legend: UNSEEN }],
    overrides: [
      ...overrides,
      {
        matcher: { id: 'byName', options: UNSEEN },
        properties: [{ id: 'custom.hideFrom', value: { legend: true, tooltip: true, viz: false } }],
      },
    ],
    maxDataPoints: 100,
    minInterval: '1m',
    custom: {
      drawStyle: 'bars',
      lineWidth: 0,
      fillOpacity: 80,
      showPoints: 'never',
      barAlignment: -1,
      stacking: { mode: 'normal', group: 'A' },
    },
    legend: { calcs: ['sum'], ...legend },
  });

/**
 * Rows of cells, one cell an interval; `mappings` names and colours the values. The width of a cell is the distance of the
 * first two points, so every interval must have a value.
 */
export const cells = ({ series, mappings, ...rest }) =>
  panel('status-history', {
    ...rest,
    maxDataPoints: 100,
    minInterval: '1m',
    targets: series.map((one, k) => range(one, k)),
    defaults: {
      mappings,
      color: { mode: 'thresholds' },
      custom: { fillOpacity: 80, lineWidth: 0 },
    },
    options: {
      showValue: 'never',
      rowHeight: 0.8,
      colWidth: 0.9,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
    },
  });

/** Horizontal stacked bars: a bar for each value of label `row`, its parts from label `part`. */
export const stacked = ({ expr, row, part, overrides, ...rest }) =>
  panel('barchart', {
    ...rest,
    overrides,
    targets: [table({ expr })],
    transformations: [
      {
        id: 'groupingToMatrix',
        options: { rowField: row, columnField: part, valueField: 'Value', emptyValue: 'null' },
      },
    ],
    defaults: {
      min: 0,
      color: { mode: 'palette-classic' },
      custom: { lineWidth: 0, fillOpacity: 80 },
    },
    options: {
      orientation: 'horizontal',
      stacking: 'normal',
      showValue: 'auto',
      xTickLabelRotation: 0,
      xTickLabelSpacing: 0,
      groupWidth: 0.8,
      barWidth: 0.9,
      barRadius: 0,
      fullHighlight: false,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'none' },
    },
  });

/**
 * A table with a row for each set of `labels` and a column for each expression, which must keep exactly these labels.
 * A column is `{ name, expr, unit?, mappings?, thresholds?, width?, links? }`; `labels` maps label to heading.
 */
export function rowsOf({ labels, columns, sortBy, labelLinks = {}, ...rest }) {
  const names = columns.map(({ name }) => name);
  const renameByName = { ...labels, Value: names[0] };
  names.forEach((name, k) => (renameByName[`Value #${REF_IDS[k]}`] = name));
  const order = [...Object.keys(labels), ...names.map((_, k) => `Value #${REF_IDS[k]}`)];
  return panel('table', {
    ...rest,
    targets: columns.map((column, k) => table(column, k)),
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(order.map((field, index) => [field, index])),
          renameByName,
        },
      },
      ...(sortBy === undefined ? [] : [{ id: 'sortBy', options: { fields: {}, sort: [sortBy] } }]),
    ],
    defaults: { custom: { align: 'auto', filterable: true } },
    overrides: [
      ...Object.entries(labelLinks).map(([name, links]) => override(name, { links })),
      ...columns.map((column) => override(column.name, column)),
    ],
    options: { showHeader: true, cellHeight: 'sm' },
  });
}

function override(name, { unit, decimals, mappings, thresholds, links, width }) {
  const coloured = mappings !== undefined || thresholds !== undefined;
  const properties = [
    ['unit', unit],
    ['decimals', decimals],
    ['mappings', mappings],
    ['thresholds', thresholds],
    ['links', links],
    ['custom.width', width],
    ['custom.cellOptions', coloured ? { type: 'color-text' } : undefined],
    ['color', coloured ? { mode: 'thresholds' } : undefined],
  ];
  return {
    matcher: { id: 'byName', options: name },
    properties: properties.flatMap(([id, value]) => (value === undefined ? [] : [{ id, value }])),
  };
}

function panel(type, { defaults, targets, minInterval, width, height, ...given }) {
  const { title, description, unit, decimals, overrides = [], options, transformations } = given;
  const { links, repeat, maxDataPoints } = given;
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    gridPos: { h: height, w: width },
    ...(repeat === undefined ? {} : { repeat, repeatDirection: 'h', maxPerRow: 3 }),
    ...(links === undefined ? {} : { links }),
    ...(minInterval === undefined ? {} : { interval: minInterval }),
    ...(maxDataPoints === undefined ? {} : { maxDataPoints }),
    fieldConfig: {
      defaults: {
        unit,
        ...(decimals === undefined ? {} : { decimals }),
        thresholds: given.thresholds ?? plain,
        ...defaults,
      },
      overrides,
    },
    options,
    targets,
    ...(transformations === undefined ? {} : { transformations }),
  };
}

const range = ({ expr, legend }, k = 0) => ({
  refId: REF_IDS[k],
  datasource: DATASOURCE,
  expr,
  legendFormat: legend,
  range: true,
  instant: false,
});

const instant = ({ expr, legend }) => ({
  refId: REF_IDS[0],
  datasource: DATASOURCE,
  expr,
  legendFormat: legend,
  range: false,
  instant: true,
});

const table = ({ expr }, k = 0) => ({
  refId: REF_IDS[k],
  datasource: DATASOURCE,
  expr,
  format: 'table',
  range: false,
  instant: true,
});
