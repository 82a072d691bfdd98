/** A status history after Grafana's: a row a series, a cell a point. Its drawing is not in the packages; its values are. */

import { dateTimeFormat, formattedValueToString, getFieldDisplayName } from '@grafana/data';
import { VizLegend } from '@grafana/ui';

import type { DataFrame, DisplayValue, GrafanaTheme2, TimeRange } from '@grafana/data';

const AXIS_PX = 24;
const LEGEND_PX = 26;

export function Cells({
  data,
  theme,
  timeRange,
  width,
  height,
  options,
}: {
  readonly data: DataFrame[];
  readonly theme: GrafanaTheme2;
  readonly timeRange: TimeRange;
  readonly width: number;
  readonly height: number;
  readonly options: any;
}) {
  const rows = data.map((frame) => {
    const field = frame.fields[1]!;
    const shown = (value: unknown): DisplayValue | undefined =>
      value === null ? undefined : field.display?.(value);
    return {
      name: getFieldDisplayName(field, frame, data),
      times: frame.fields[0]!.values as readonly number[],
      cells: (field.values as readonly unknown[]).map(shown),
    };
  });
  const longest = Math.max(...rows.map(({ name }) => name.length));
  const left = Math.min(width / 3, longest * 6.6 + 10);
  const rowPx = (height - AXIS_PX - LEGEND_PX) / Math.max(rows.length, 1);
  const [fromMs, toMs] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  const xOf = (timeMs: number) => left + ((timeMs - fromMs) / (toMs - fromMs)) * (width - left);
  const ticks = Array.from({ length: 13 }, (_, k) => fromMs + (k * (toMs - fromMs)) / 12);
  const meanings = new Map<string, string>();
  for (const { cells } of rows) {
    for (const cell of cells)
      if (cell) meanings.set(formattedValueToString(cell), cell.color ?? '');
  }
  return (
    <div>
      <svg width={width} height={height - LEGEND_PX} fill={theme.colors.text.primary} fontSize={12}>
        {rows.map(({ name, times, cells }, row) => (
          <g key={name}>
            <text x={left - 8} y={(row + 0.5) * rowPx + 4} textAnchor="end">
              {name}
            </text>
            {cells.map((cell, k) => {
              if (cell === undefined) return null;
              const cellPx = xOf(times[1] ?? toMs) - xOf(times[0] ?? fromMs);
              return (
                <rect
                  key={times[k]}
                  x={xOf(times[k]!) - cellPx / 2}
                  y={row * rowPx + (1 - options.rowHeight) * 0.5 * rowPx}
                  width={cellPx * options.colWidth}
                  height={rowPx * options.rowHeight}
                  fill={cell.color}
                  fillOpacity={0.8}
                />
              );
            })}
          </g>
        ))}
        {ticks.slice(1, -1).map((timeMs) => (
          <text key={timeMs} x={xOf(timeMs)} y={height - LEGEND_PX - 6} textAnchor="middle">
            {dateTimeFormat(timeMs, { format: 'HH:mm', timeZone: 'utc' })}
          </text>
        ))}
      </svg>
      <VizLegend
        placement={options.legend.placement}
        displayMode={options.legend.displayMode}
        items={[...meanings].map(([label, color]) => ({ label, color, yAxis: 1 }))}
      />
    </div>
  );
}
