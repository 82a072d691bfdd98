/**
 * The numbers a person reads off the dashboards, for series that a new job, a short command or a restarting worker leaves
 * behind. The committed expressions are evaluated by promtool on series written down here.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';

import { expressionsOf, readDashboards } from './dashboard.ts';
import { prometheusTools } from './servers.ts';

import type { Values } from './dashboard.ts';

/** Values a minute apart, as promtool writes them: `0x2` is three times 0, `_x5` nothing for five minutes. */
type Series = Readonly<Record<string, string>>;
type Samples = Readonly<Record<string, number>>;

let promtool = '';
beforeAll(async () => ({ promtool } = await prometheusTools()));

/** Holds one expression of the dashboards, at a minute of the series, to exactly these samples. */
async function expectShown(
  place: string,
  {
    series,
    minute,
    values = {},
    shown,
  }: {
    readonly series: Series;
    readonly minute: number;
    readonly values?: Partial<Values>;
    readonly shown: Samples;
  },
): Promise<void> {
  const found = readDashboards()
    .flatMap((dashboard) => expressionsOf(dashboard, { __range: '1h', ...values }))
    .filter((expression) => expression.place.endsWith(place));
  expect(found.map((expression) => expression.place)).toHaveLength(1);
  const folder = await mkdtemp(join(tmpdir(), 'shown-'));
  try {
    const file = join(folder, 'shown.yml');
    const check = {
      rule_files: [],
      fuzzy_compare: true,
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: Object.entries(series).map(([name, text]) => ({
            series: name,
            values: text,
          })),
          promql_expr_test: [
            {
              expr: found[0]?.expr,
              eval_time: `${minute}m`,
              exp_samples: Object.entries(shown).map(([labels, value]) => ({ labels, value })),
            },
          ],
        },
      ],
    };
    await writeFile(file, stringify(check));
    const run = promisify(execFile)(promtool, ['test', 'rules', file]);
    const said = await run.then(
      () => 'as expected',
      (error: unknown) => (error as { stdout: string; stderr: string }).stdout + String(error),
    );
    expect(said).toBe('as expected');
  } finally {
    await rm(folder, { recursive: true });
  }
}

const runs = (status: string, instance = 'a:9099'): string =>
  `pipeline_run_status_total{job="d",profile="p",status="${status}",instance="${instance}"}`;
const mode = (name: string, instance = 'a:9099'): string =>
  `pipeline_exporter_info{mode="${name}",instance="${instance}"}`;

describe('a count is whole, and neither misses nor invents an event', () => {
  const long = { [mode('long-lived')]: '1x1600' };
  const cases: readonly [string, Series, number, number][] = [
    ['what a worker counted in the range', { [runs('OK')]: '4x99 5x9', ...long }, 105, 1],
    ['the first run of a new job', { [runs('OK')]: '_x99 1x9', ...long }, 105, 1],
    [
      'a worker that restarts counts before and after it',
      { [runs('OK')]: '1x30 3x29 0x9 2x9', ...long },
      75,
      4,
    ],
    [
      'two workers are summed',
      { [runs('OK')]: '4x99 5x9', [runs('OK', 'b:9099')]: '0x99 2x9' },
      105,
      3,
    ],
    ['a worker that went away', { [runs('OK')]: '0x99 2x9 _x30', ...long }, 130, 2],
    ['what was before the range is not in it', { [runs('OK')]: '0x10 3x200', ...long }, 200, 0],
    [
      'two scrapes of a short command, 0 and then 1',
      { [runs('FAIL')]: '0 1', [mode('one-shot')]: '1 1' },
      1,
      1,
    ],
    [
      'a short command on a port that counted 5 yesterday and 6 now is not six runs',
      { [runs('OK')]: '5x2 _x1440 6x2', [mode('one-shot')]: '1x2 _x1440 1x2' },
      1444,
      0,
    ],
  ];
  test.each(cases)('%s', async (_what, series, minute, count) => {
    await expectShown('> Runs > A', { series, minute, shown: { '{}': count } });
  });

  test('only failures are counted as failed runs', async () => {
    const series = {
      ...long,
      [runs('OK')]: '0 4',
      [runs('FAIL')]: '0 1',
      [runs('TIMEOUT')]: '0 1',
      [runs('CANCELLED')]: '0 1',
    };
    await expectShown('> Failed runs > A', { series, minute: 1, shown: { '{}': 2 } });
  });

  test('each interval has its own, and one without events draws nothing', async () => {
    const status =
      'pipeline_step_status_total{job="d",profile="p",step="s",status="FAIL",instance="a"}';
    const at = { series: { [status]: '0x9 1x9 2x20' }, values: { __interval: '10m' } };
    const place = 'Outcomes over time > A';
    await expectShown(place, { ...at, minute: 15, shown: { '{status="FAIL"}': 1 } });
    await expectShown(place, { ...at, minute: 25, shown: { '{status="FAIL"}': 1 } });
    await expectShown(place, { ...at, minute: 36, shown: {} });
  });
});

/** A gauge as two exporters of one store show it: the newest value, both alike. */
const shownByBoth = (name: string, values: string, step?: string): Series =>
  Object.fromEntries(
    ['a', 'b'].map((instance) => [
      `pipeline_${name}{job="d",profile="p"${step === undefined ? '' : `,step="${step}"`},instance="${instance}"}`,
      values,
    ]),
  );

describe('what failed, and what ended how', () => {
  const failing: Series = {
    ...shownByBoth('run_started_timestamp_seconds', '100x9'),
    ...shownByBoth('step_failed_timestamp_seconds', '110x9', 'never_worked'),
    ...shownByBoth('step_failed_timestamp_seconds', '120x9', 'broke'),
    ...shownByBoth('step_completed_timestamp_seconds', '20x9', 'broke'),
    ...shownByBoth('step_failed_timestamp_seconds', '20x9', 'recovered'),
    ...shownByBoth('step_completed_timestamp_seconds', '120x9', 'recovered'),
  };

  test('a step fails until it completes again', async () => {
    const shown = { '{job="d", profile="p"}': 2 };
    await expectShown('> Jobs > E', { series: failing, minute: 5, shown });
  });

  test('a profile that is a step of another makes no row of jobs, whatever becomes of its steps', async () => {
    const deep = '{job="d",profile="inner",step="deep",instance="a"}';
    const series = {
      ...failing,
      [`pipeline_step_failed_timestamp_seconds${deep}`]: '110x9',
      [`pipeline_step_last_duration_seconds${deep}`]: '99x9',
      [`pipeline_profile_step_p95_threshold_seconds${deep}`]: '9x9',
    };
    const shown = { '{job="d", profile="p"}': 2 };
    await expectShown('> Jobs > E', { series, minute: 5, shown });
    await expectShown('> Jobs > F', { series, minute: 5, shown: {} });
  });

  test('no failing job is 0 where runs are known, and nothing where none is', async () => {
    const series = shownByBoth('run_started_timestamp_seconds', '100x9');
    await expectShown('Failing jobs > A', { series, minute: 5, shown: { '{}': 0 } });
    await expectShown('Failing jobs > A', { series: {}, minute: 5, shown: {} });
  });

  test.each<[string, Series, number]>([
    ['OK', { run_completed_timestamp_seconds: '150x9' }, 1],
    [
      'failed',
      { run_failed_timestamp_seconds: '150x9', run_completed_timestamp_seconds: '50x9' },
      4,
    ],
    [
      'cancelled',
      { run_ended_timestamp_seconds: '150x9', run_completed_timestamp_seconds: '50x9' },
      3,
    ],
    [
      'without a known end',
      { run_failed_timestamp_seconds: '50x9', run_completed_timestamp_seconds: '60x9' },
      2,
    ],
    [
      'OK, although one that ran beside it failed before',
      { run_failed_timestamp_seconds: '140x9', run_completed_timestamp_seconds: '150x9' },
      1,
    ],
  ])('the last run is %s', async (_state, ends, state) => {
    const all = { run_started_timestamp_seconds: '100x9', ...ends };
    const series = Object.assign(
      {},
      ...Object.entries(all).map(([name, text]) => shownByBoth(name, text)),
    ) as Series;
    const shown = { '{job="d", profile="p"}': state };
    await expectShown('> Jobs > A', { series, minute: 5, shown });
  });
});

describe('the timeline', () => {
  const place = 'What ran when? > Recent run timeline > A';
  // Cells of five minutes, a scrape each minute: what Grafana makes of it.
  const values = { job: 'd', __interval: '5m', __interval_ms: '300000', __rate_interval: '6m' };
  const cell = '{job="d", profile="p", step="s"}';

  test('says in each interval whether a step completed, failed, or neither', async () => {
    const series = {
      ...shownByBoth('step_completed_timestamp_seconds', '_x2 120x30', 's'),
      ...shownByBoth('step_failed_timestamp_seconds', '_x12 720x20', 's'),
      ...shownByBoth('profile_step_timeout_seconds', '60x60', 's'),
    };
    await expectShown(place, { series, values, minute: 5, shown: { [cell]: 1 } });
    await expectShown(place, { series, values, minute: 10, shown: { [cell]: 0 } });
    await expectShown(place, { series, values, minute: 15, shown: { [cell]: 4 } });
    await expectShown(place, { series, values, minute: 20, shown: { [cell]: 0 } });
  });

  test('a completion that is scraped in the next interval is in one of them', async () => {
    const series = {
      ...shownByBoth('step_completed_timestamp_seconds', '30x10 598x20', 's'),
      ...shownByBoth('profile_step_timeout_seconds', '60x60', 's'),
    };
    await expectShown(place, { series, values, minute: 10, shown: { [cell]: 0 } });
    await expectShown(place, { series, values, minute: 15, shown: { [cell]: 1 } });
    await expectShown(place, { series, values, minute: 20, shown: { [cell]: 0 } });
  });

  test('does not take the return of Prometheus for a completion', async () => {
    const series = {
      ...shownByBoth('step_completed_timestamp_seconds', '_x2 120x5 _x40 120x9', 's'),
      ...shownByBoth('profile_step_timeout_seconds', '60x60', 's'),
    };
    await expectShown(place, { series, values, minute: 50, shown: { [cell]: 0 } });
  });
});

describe('durations', () => {
  const of = 'job="one",profile="p",step="s",instance="a"';
  const bucket = (le: string): string => `pipeline_step_duration_seconds_bucket{${of},le="${le}"}`;
  const series = {
    [bucket('1.6')]: '0x60 0x60',
    [bucket('3.2')]: '0x60 9x60',
    [bucket('+Inf')]: '0x60 9x60',
    [`pipeline_step_last_duration_seconds{${of}}`]: '2x120',
  };
  const values = { window: '6h' };
  const percentiles = 'Pipeline overview > Which steps? > Step duration percentiles (P50, P95)';

  test('a percentile lies in its bucket', async () => {
    const shown = { '{job="one", profile="p", step="s"}': 2.4 };
    await expectShown(`${percentiles} > A`, { series, values, minute: 65, shown });
  });

  test('a window without an execution draws nothing, not NaN', async () => {
    await expectShown(`${percentiles} > B`, { series, values, minute: 50, shown: {} });
  });
});

test('the mark of a run stands at its start, in milliseconds', async () => {
  const series = shownByBoth('run_started_timestamp_seconds', '1700000000.5x9');
  const shown = { '{job="d", profile="p"}': 1700000000500 };
  await expectShown('annotation Run started', { series, minute: 5, shown });
});

test('alerts on workers are counted whatever is chosen, those on another profile are not', async () => {
  const alert = (labels: string): string =>
    `ALERTS{alertname="PipelineX",alertstate="firing",severity="critical",${labels}}`;
  const series = {
    ...shownByBoth('run_started_timestamp_seconds', '1x9'),
    [alert('job="d",profile="p",step="s"')]: '1x9',
    [alert('job="d",profile="q",step="s"')]: '1x9',
    [alert('job="builder",instance="a:9099"')]: '1x9',
    'ALERTS{alertname="Other",alertstate="firing",severity="critical"}': '1x9',
    'ALERTS{alertname="PipelineX",alertstate="firing",severity="info"}': '1x9',
    'ALERTS{alertname="PipelineX",alertstate="pending",severity="critical"}': '1x9',
  };
  const values = { job: 'd', profile: 'p' };
  await expectShown('Alerts firing > A', { series, values, minute: 5, shown: { '{}': 2 } });
});

test('an exporter that went away is shown as down, not as gone', async () => {
  const series = {
    'up{job="builder",instance="a"}': '1x5 0x9',
    'pipeline_exporter_info{job="builder",instance="a",mode="long-lived"}': '1x5',
  };
  const shown = { '{instance="a", mode="long-lived"}': 0 };
  await expectShown('> Exporters > A', { series, minute: 9, shown });
});
