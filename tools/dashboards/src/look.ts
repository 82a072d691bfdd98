/** Colours, names of values and links: one look for one meaning, wherever it appears. */

import {
  DashboardLinkBuilder,
  MappingType,
  ThresholdsConfigBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

import { STATES } from './queries.ts';

export const COLOUR = {
  good: 'green',
  notice: 'yellow',
  bad: 'red',
  calm: 'blue',
  quiet: 'text',
  grey: '#8e8e8e',
  hardly: 'rgba(128, 128, 128, 0.15)',
} as const;

/** One colour a status, of steps and of runs. */
export const STATUS_COLOURS = {
  OK: COLOUR.good,
  WARN: COLOUR.notice,
  CACHED: COLOUR.calm,
  SKIPPED: COLOUR.grey,
  FAIL: COLOUR.bad,
  TIMEOUT: 'orange',
  CANCELLED: 'purple',
  BUDGET_EXCEEDED: 'dark-red',
} as const;

type Property = dashboard.DynamicConfigValue;
export type Override = {
  readonly matcher: { readonly id: string; readonly options: string };
  readonly properties: Property[];
};

export const byName = (name: string, ...properties: Property[]): Override => ({
  matcher: { id: 'byName', options: name },
  properties,
});

export const byPattern = (pattern: string, ...properties: Property[]): Override => ({
  matcher: { id: 'byRegexp', options: pattern },
  properties,
});

/** Series named after statuses, each in its colour. */
export const statusColours: readonly Override[] = Object.entries(STATUS_COLOURS).map(
  ([name, fixedColor]) => byName(name, { id: 'color', value: { mode: 'fixed', fixedColor } }),
);

const named = (
  values: readonly (readonly [number, string, string])[],
): dashboard.ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      values.map(([value, text, color], index) => [value, { index, text, color }]),
    ),
  },
];

/** What the values of `runState` and `stepState` are called. */
export const stateMappings = ({
  none = 'none yet',
  noneColour = COLOUR.grey,
}: { none?: string; noneColour?: string } = {}) =>
  named([
    [STATES.failed, 'FAILED', COLOUR.bad],
    [STATES.cancelled, 'cancelled', STATUS_COLOURS.CANCELLED],
    [STATES.running, 'running', COLOUR.calm],
    [STATES.ok, 'OK', COLOUR.good],
    [STATES.none, none, noneColour],
  ]);

/** A value that only says that something is so. */
export const flag = (text: string) => named([[1, text, COLOUR.calm]]);

export const upOrDown = named([
  [0, 'down', COLOUR.bad],
  [1, 'up', COLOUR.good],
]);

/** Thresholds from `[from, colour]` pairs; the first one's `from` is null. */
export const thresholds = (...steps: (readonly [number | null, string])[]) =>
  new ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));

export const plain = thresholds([null, COLOUR.quiet]);
export const calm = thresholds([null, COLOUR.calm]);
export const badAbove = (value: number) => thresholds([null, COLOUR.good], [value, COLOUR.bad]);
export const noticeAbove = (value: number) =>
  thresholds([null, COLOUR.quiet], [value, COLOUR.notice]);

/** Uids of the two dashboards. */
export const OVERVIEW = 'pipeline-overview';
export const JOB = 'pipeline-job';

/** The page of a job; keeps the time range. */
export const toJob = (job: string, profile: string, step?: string) =>
  link(
    step === undefined ? 'Page of this job' : 'This step on the page of its job',
    `/d/${JOB}?\${__url_time_range}&\${datasource:queryparam}&var-job=${job}&var-profile=${profile}` +
      (step === undefined ? '' : `&var-step=${step}`),
  );

/** Temporal's UI, or a run in it; a run id is a workflow id. */
export const toTemporal = (runId?: string) =>
  link(
    runId === undefined ? 'Temporal UI' : 'Run in the Temporal UI',
    `\${temporal_ui}/workflows${runId === undefined ? '' : `/${runId}`}`,
  ).targetBlank(true);

/** The runbook, or a paragraph of it. */
export const toRunbook = (title: string, anchor?: string) =>
  link(title, `\${runbook}${anchor === undefined ? '' : `#${anchor}`}`).targetBlank(true);

/** What Prometheus says about an alert: its description, its labels, its links. */
export const toAlert = (name: string) =>
  link('What Prometheus says', `\${prometheus_ui}/alerts?search=${name}`).targetBlank(true);

/** The link back to the overview. */
export const toOverview = () =>
  link('All jobs', `/d/${OVERVIEW}?\${__url_time_range}&\${datasource:queryparam}`);

const link = (title: string, url: string) =>
  new DashboardLinkBuilder(title)
    .type(dashboard.DashboardLinkType.Link)
    .icon('external link')
    .url(url);
