/** What a panel shows: its queries asked of Prometheus as Grafana's data source asks, then its own transformations. */

import {
  FieldType,
  rangeUtil,
  renderLegendFormat,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

import type { DataFrame } from '@grafana/data';
import type { Drawing, PanelModel, Target } from './model.ts';

/** The frames of a panel. @throws Error with what Prometheus says of a query */
export async function answersOf(
  panel: PanelModel,
  asked: Omit<Drawing, 'dashboard'> & { readonly widthPx: number },
): Promise<DataFrame[]> {
  const { fromMs, toMs, scrapeMs, widthPx } = asked;
  const range = { from: fromMs, to: toMs } as any;
  const low = panel.interval ?? `${scrapeMs}ms`;
  const { intervalMs } = rangeUtil.calculateInterval(
    { ...range, from: { valueOf: () => fromMs }, to: { valueOf: () => toMs } },
    panel.maxDataPoints ?? Math.round(widthPx),
    low,
  );
  const stepMs = Math.max(intervalMs, scrapeMs);
  const values: Record<string, string> = {
    ...asked.values,
    __interval: `${stepMs}ms`,
    __interval_ms: String(stepMs),
    __rate_interval: `${Math.max(stepMs + scrapeMs, 4 * scrapeMs)}ms`,
    __range: `${Math.round((toMs - fromMs) / 1000)}s`,
  };
  const frames = await Promise.all(
    panel.targets.map(async (target) => {
      const expr = target.expr.replaceAll(
        /\$(?:\{(\w+)\}|(\w+))/g,
        (whole, a?: string, b?: string) => {
          const value = values[a ?? b ?? ''];
          if (value === undefined) throw new Error(`unknown variable ${whole}`);
          return value;
        },
      );
      if (target.format === 'table')
        return [
          tableOf(
            target,
            panel.targets.length,
            await ask('query', { query: expr, time: toMs / 1000 }, asked),
          ),
        ];
      if (target.instant === true)
        return linesOf(target, await ask('query', { query: expr, time: toMs / 1000 }, asked));
      // Aligned to the step, as the data source does.
      const start = Math.floor(fromMs / stepMs) * stepMs;
      const end = Math.floor(toMs / stepMs) * stepMs;
      const points = { query: expr, start: start / 1000, end: end / 1000, step: stepMs / 1000 };
      return linesOf(target, await ask('query_range', points, asked), { start, end, stepMs });
    }),
  );
  return lastValueFrom(transformDataFrame(panel.transformations ?? [], frames.flat()));
}

type Result = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
};

async function ask(
  path: string,
  query: Readonly<Record<string, string | number>>,
  { prometheus }: Pick<Drawing, 'prometheus'>,
): Promise<readonly Result[]> {
  const body = new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, String(value)]),
  );
  const answer = await fetch(`${prometheus}/api/v1/${path}`, { method: 'POST', body });
  const { status, error, data } = await answer.json();
  if (status !== 'success') throw new Error(`${error} in ${query['query']}`);
  return data.result;
}

/** A frame for each series, named by its legend. A point in every step, null where there is none: a gap. */
function linesOf(
  { legendFormat = '', refId }: Target,
  results: readonly Result[],
  steps?: { readonly start: number; readonly end: number; readonly stepMs: number },
): DataFrame[] {
  return results.map(({ metric, value, values = value === undefined ? [] : [value] }) => {
    const found = new Map(values.map(([timeS, text]) => [Math.round(timeS * 1000), Number(text)]));
    const times: number[] = [];
    if (steps === undefined) times.push(...found.keys());
    else for (let t = steps.start; t <= steps.end; t += steps.stepMs) times.push(t);
    const name =
      legendFormat === '' ? JSON.stringify(metric) : renderLegendFormat(legendFormat, metric);
    return toDataFrame({
      refId,
      fields: [
        {
          name: 'Time',
          type: FieldType.time,
          values: times,
          config: steps && { interval: steps.stepMs },
        },
        {
          name: 'Value',
          type: FieldType.number,
          labels: { ...metric },
          values: times.map((t) => found.get(t) ?? null),
          config: { displayNameFromDS: name },
        },
      ],
    });
  });
}

/** One frame: a column for the time, for each label, and for the value. */
function tableOf({ refId }: Target, queries: number, results: readonly Result[]): DataFrame {
  const labels = [...new Set(results.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return toDataFrame({
    refId,
    fields: [
      {
        name: 'Time',
        type: FieldType.time,
        values: results.map(({ value }) => (value?.[0] ?? 0) * 1000),
      },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        values: results.map(({ metric }) => metric[label] ?? ''),
      })),
      {
        name: queries === 1 ? 'Value' : `Value #${refId}`,
        type: FieldType.number,
        values: results.map(({ value }) => Number(value?.[1])),
      },
    ],
  });
}
