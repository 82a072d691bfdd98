/** One panel: its field options applied by @grafana/data, then drawn by the component that Grafana draws it with. */

import { applyFieldOverrides, cacheFieldDisplayNames, getFieldDisplayValues } from '@grafana/data';
import { BigValue } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { marked } from 'marked';
// Grafana's own panel of time series; it is in the package without being among its exports.
import { TimeSeries } from 'grafana-time-series';

import { Cells } from './cells.tsx';
import { optionsOf } from './options.ts';

import type { DataFrame, GrafanaTheme2, TimeRange } from '@grafana/data';
import type { PanelModel } from './model.ts';

export type PanelProps = {
  readonly panel: PanelModel;
  readonly frames: DataFrame[];
  readonly theme: GrafanaTheme2;
  readonly timeRange: TimeRange;
  readonly width: number;
  readonly height: number;
  /** Told what cannot be drawn as it should. */
  complain(what: string): void;
};

const asItIs = (text: string): string => text;

export function Panel(props: PanelProps) {
  const { panel, frames, theme, timeRange, width, height, complain } = props;
  const { options, fieldConfig } = panel;
  if (panel.type === 'text') {
    return (
      <div
        className="markdown-html"
        dangerouslySetInnerHTML={{ __html: marked.parse(options.content) as string }}
      />
    );
  }
  const data = applyFieldOverrides({
    data: frames,
    fieldConfig,
    fieldConfigRegistry: optionsOf(panel),
    replaceVariables: asItIs,
    theme,
    timeZone: 'utc',
  });
  cacheFieldDisplayNames(data);
  if (data.every(({ length }) => length === 0) && panel.type !== 'stat') {
    return <div style={{ textAlign: 'center', paddingTop: height / 2 - 20 }}>No data</div>;
  }
  switch (panel.type) {
    case 'stat': {
      const [shown] = getFieldDisplayValues({
        fieldConfig,
        reduceOptions: options.reduceOptions,
        replaceVariables: asItIs,
        theme,
        data,
        timeZone: 'utc',
      });
      const value = shown?.display ?? {
        text: fieldConfig.defaults.noValue ?? 'No data',
        numeric: Number.NaN,
      };
      return (
        <BigValue
          value={value}
          {...{ theme, width, height }}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode}
          textMode={options.textMode}
        />
      );
    }
    case 'table':
      if (data.length !== 1) complain(`${data.length} tables instead of one`);
      return (
        <TableNG
          data={data[0] as DataFrame}
          {...{ width, height, timeRange }}
          noHeader={!options.showHeader}
          cellHeight={options.cellHeight}
          sortBy={options.sortBy}
          showTypeIcons={options.showTypeIcons}
          resizable={false}
          fieldConfig={fieldConfig}
          enableVirtualization={false}
        />
      );
    case 'timeseries':
      return (
        <TimeSeries
          frames={data}
          structureRev={1}
          timeZone="utc"
          legend={options.legend}
          {...{ width, height, timeRange, options }}
        />
      );
    case 'status-history':
      return <Cells {...{ data, theme, timeRange, width, height, options }} />;
    default:
      complain(`nothing here draws a panel of type ${panel.type}`);
      return null;
  }
}
