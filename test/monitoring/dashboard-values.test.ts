/**
 * The numbers a person reads off the dashboard, for series that a short command, a restarting worker or an edited profile
 * leaves behind. The committed expressions are evaluated by promtool on series written down here.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';

import { expressionsOf, readDashboard } from './dashboard.ts';
import { prometheusTools } from './servers.ts';

import type { Values } from './dashboard.ts';

/** Values a minute apart, as promtool writes them: `0x2` is three times 0, `_x5` nothing for five minutes. */
type Series = Readonly<Record<string, string>>;
type Samples = Readonly<Record<string, number>>;

let promtool = '';
beforeAll(async () => ({ promtool } = await prometheusTools()));

/** Holds one expression of the dashboard, at a minute of the series, to exactly these samples. */
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
  const found = expressionsOf(readDashboard(), { __range: '1h', ...values }).filter((expression) =>
    expression.place.endsWith(place),
  );
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

describe('a count is whole, and neither misses nor invents an event', () => {
  const cases: readonly [string, Series, number, number][] = [
    ['two scrapes of a short command, 0 and then 1, are one run', { [runs('FAIL')]: '0 1' }, 1, 1],
    ['a first run that was over before the first scrape is one', { [runs('FAIL')]: '1 1' }, 3, 1],
    [
      'yesterday 5, today 6, nothing in between: one run',
      { [runs('OK')]: '5x2 _x1440 6x2' },
      1444,
      1,
    ],
    ['yesterday 5, today still 5: none', { [runs('OK')]: '5x2 _x1440 5x2' }, 1444, 0],
    [
      'a worker that restarts counts before and after it',
      { [runs('OK')]: '1x30 3x29 0x9 2x9' },
      75,
      4,
    ],
    ['a worker that restarted while nobody looked', { [runs('OK')]: '7x20 _x70 2x5' }, 95, 2],
    [
      'two workers are summed',
      { [runs('OK')]: '4x99 5x9', [runs('OK', 'b:9099')]: '0x99 2x9' },
      105,
      3,
    ],
    ['what was before the range is not in it', { [runs('OK')]: '0x10 3x200' }, 200, 0],
  ];
  test.each(cases)('%s', async (_what, series, minute, count) => {
    await expectShown('> Runs > A', { series, minute, shown: { '{}': count } });
  });

  test('only failures are counted as failed runs', async () => {
    const series = {
      [runs('OK')]: '0 4',
      [runs('FAIL')]: '0 1',
      [runs('TIMEOUT')]: '0 1',
      [runs('CANCELLED')]: '0 1',
    };
    await expectShown('Failed runs > A', { series, minute: 1, shown: { '{}': 2 } });
  });

  test('each interval has its own, and one without events draws nothing', async () => {
    const status =
      'pipeline_step_status_total{job="d",profile="p",step="s",status="FAIL",instance="a"}';
    const at = { series: { [status]: '0x9 1x9 2x20' }, values: { __interval: '10m' } };
    await expectShown('Outcomes over time > A', {
      ...at,
      minute: 15,
      shown: { '{status="FAIL"}': 1 },
    });
    await expectShown('Outcomes over time > A', {
      ...at,
      minute: 25,
      shown: { '{status="FAIL"}': 1 },
    });
    await expectShown('Outcomes over time > A', { ...at, minute: 36, shown: {} });
  });
});

const newest = (name: string, step?: string): string =>
  `pipeline:${name}:newest{job="d",profile="p"${step === undefined ? '' : `,step="${step}"`}}`;

describe('what failed, and what ended how', () => {
  const failing: Series = {
    [newest('run_started_timestamp_seconds')]: '100x9',
    [newest('step_failed_timestamp_seconds', 'never_worked')]: '110x9',
    [newest('step_failed_timestamp_seconds', 'broke')]: '120x9',
    [newest('step_completed_timestamp_seconds', 'broke')]: '20x9',
    [newest('step_failed_timestamp_seconds', 'recovered')]: '20x9',
    [newest('step_completed_timestamp_seconds', 'recovered')]: '120x9',
    [newest('step_failed_timestamp_seconds', 'removed')]: '20x9',
    'pipeline:step_removed_timestamp_seconds{job="d",profile="p",step="removed"}': '20x9',
  };

  test('a step fails until it completes again; one that the profile no longer has does not', async () => {
    await expectShown('Failing steps > A', { series: failing, minute: 5, shown: { '{}': 2 } });
  });

  test('no failing step is 0 where runs are known, and nothing where none is', async () => {
    const series = { [newest('run_started_timestamp_seconds')]: '100x9' };
    await expectShown('Failing steps > A', { series, minute: 5, shown: { '{}': 0 } });
    await expectShown('Failing steps > A', { series: {}, minute: 5, shown: {} });
  });

  test.each<[string, Series, number]>([
    ['OK', { run_completed_timestamp_seconds: '150x9' }, 1],
    [
      'failed',
      { run_failed_timestamp_seconds: '150x9', run_completed_timestamp_seconds: '50x9' },
      2,
    ],
    [
      'without a known end',
      { run_failed_timestamp_seconds: '50x9', run_completed_timestamp_seconds: '60x9' },
      3,
    ],
    [
      'OK, although one that ran beside it failed before',
      { run_failed_timestamp_seconds: '140x9', run_completed_timestamp_seconds: '150x9' },
      1,
    ],
  ])('the last run is %s', async (_state, ends, state) => {
    const series = Object.fromEntries(
      Object.entries({ run_started_timestamp_seconds: '100x9', ...ends }).map(([name, text]) => [
        newest(name),
        text,
      ]),
    );
    const shown = { '{job="d", profile="p"}': state };
    await expectShown('Last run of each job and profile > A', { series, minute: 5, shown });
  });
});

describe('the timeline', () => {
  const place = 'Recent run timeline > A';
  const values = { __interval: '5m', __interval_ms: '300000' };
  const cell = '{job="d", profile="p", step="s"}';

  test('says in each interval whether a step completed, failed, or neither', async () => {
    const series = {
      [newest('step_completed_timestamp_seconds', 's')]: '_x2 120x30',
      [newest('step_failed_timestamp_seconds', 's')]: '_x12 720x20',
      [newest('profile_step_timeout_seconds', 's')]: '60x60',
    };
    await expectShown(place, { series, values, minute: 5, shown: { [cell]: 1 } });
    await expectShown(place, { series, values, minute: 10, shown: { [cell]: 0 } });
    await expectShown(place, { series, values, minute: 15, shown: { [cell]: 2 } });
    await expectShown(place, { series, values, minute: 20, shown: { [cell]: 0 } });
  });

  test('does not take the return of Prometheus for a completion', async () => {
    const series = { [newest('step_completed_timestamp_seconds', 's')]: '_x2 120x5 _x40 120x9' };
    await expectShown(place, { series, values, minute: 50, shown: {} });
  });
});

describe('durations', () => {
  const bucket = (le: string): string =>
    `pipeline_step_duration_seconds_bucket{profile="p",step="s",le="${le}",instance="a"}`;
  const series = {
    [bucket('1.6')]: '0x60 0x60',
    [bucket('3.2')]: '0x60 9x60',
    [bucket('+Inf')]: '0x60 9x60',
    'pipeline_step_duration_seconds_sum{profile="p",step="s",instance="a"}': '0x60 18x60',
    'pipeline_step_duration_seconds_count{profile="p",step="s",instance="a"}': '0x60 9x60',
    'pipeline:profile_step_timeout_seconds:newest{job="one",profile="p",step="s"}': '60x120',
    'pipeline:profile_step_timeout_seconds:newest{job="two",profile="p",step="s"}': '60x120',
  };
  const values = { window: '20m' };

  test('a percentile lies in its bucket, and each job of the profile has a row', async () => {
    const shown = {
      '{job="one", profile="p", step="s"}': 2.4,
      '{job="two", profile="p", step="s"}': 2.4,
    };
    await expectShown('Slowest steps > D', { series, values, minute: 65, shown });
  });

  test('a mean is exact', async () => {
    const shown = { '{profile="p", step="s"}': 2 };
    await expectShown('Each step on its own > $step > C', { series, values, minute: 65, shown });
  });

  test.each([
    'Step duration: P50, P95 and threshold > A',
    'Slowest steps > B',
    'Slowest steps > E',
  ])('%s: a window without an execution draws nothing, not NaN', async (place) => {
    await expectShown(place, { series, values, minute: 110, shown: {} });
  });
});

describe('without the recording rules', () => {
  const live = (name: string, step?: string): string =>
    `pipeline_${name}{job="d",profile="p"${step === undefined ? '' : `,step="${step}"`},instance="a"}`;
  const series = {
    [live('run_started_timestamp_seconds')]: '100x5',
    [live('step_failed_timestamp_seconds', 's')]: '110x5',
    [live('profile_step_p95_threshold_seconds', 's')]: '30x5',
  };

  test('what a command said that has gone is still shown', async () => {
    await expectShown('Failing steps > A', { series, minute: 30, shown: { '{}': 1 } });
  });

  test('and with them, a setting that is no longer recorded is not', async () => {
    const place = 'Slowest steps > F';
    const shown = { '{job="d", profile="p", step="s"}': 30 };
    await expectShown(place, { series, minute: 3, shown });
    const recorded = { ...series, [newest('run_started_timestamp_seconds')]: '100x5' };
    await expectShown(place, { series: recorded, minute: 3, shown: {} });
  });
});

test('the mark of a run stands at its start, in milliseconds', async () => {
  const series = { [newest('run_started_timestamp_seconds')]: '1700000000.5x9' };
  const shown = { '{job="d", profile="p"}': 1700000000500 };
  await expectShown('annotation Run started', { series, minute: 5, shown });
});

test('alerts on workers are counted whatever is chosen, those on another profile are not', async () => {
  const alert = (labels: string): string =>
    `ALERTS{alertname="PipelineX",alertstate="firing",severity="critical",${labels}}`;
  const series = {
    [newest('run_started_timestamp_seconds')]: '1x9',
    [alert('job="d",profile="p",step="s"')]: '1x9',
    [alert('job="d",profile="q",step="s"')]: '1x9',
    [alert('job="builder",instance="a:9099"')]: '1x9',
    [alert('profile="p",step="s"')]: '1x9',
    'ALERTS{alertname="Other",alertstate="firing",severity="critical"}': '1x9',
    'ALERTS{alertname="PipelineX",alertstate="firing",severity="info"}': '1x9',
    'ALERTS{alertname="PipelineX",alertstate="pending",severity="critical"}': '1x9',
  };
  const values = { job: 'd', profile: 'p' };
  await expectShown('Alerts firing > A', { series, values, minute: 5, shown: { '{}': 3 } });
});

test('only exporters of this product are counted as up', async () => {
  const series = {
    'up{job="builder",instance="a:9099"}': '1x9',
    'up{job="builder",instance="b:9099"}': '0x9',
    'up{job="prometheus",instance="localhost:9090"}': '1x9',
    'pipeline_build_info{job="builder",instance="a:9099",version="1"}': '1x9',
    'pipeline_build_info{job="builder",instance="b:9099",version="1"}': '1x3',
  };
  await expectShown('Exporters up > A', { series, minute: 9, shown: { '{}': 1 } });
});
