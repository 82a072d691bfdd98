/** Colours, value mappings and links: one look for one meaning, wherever it appears. */

import { STATES } from './queries.mjs';

export const COLOUR = {
  good: 'green',
  notice: 'yellow',
  bad: 'red',
  calm: 'blue',
  quiet: 'text',
  hardly: 'rgba(128, 128, 128, 0.15)',
};

/** One colour a status, of steps and of runs. */
const STATUS_COLOURS = {
  OK: 'green',
  WARN: 'yellow',
  CACHED: 'blue',
  SKIPPED: '#8e8e8e',
  FAIL: 'red',
  TIMEOUT: 'orange',
  CANCELLED: 'purple',
  BUDGET_EXCEEDED: 'dark-red',
};

/** One colour a result of an attempt. */
const RESULT_COLOURS = {
  ok: 'green',
  fail: 'red',
  timeout: 'orange',
  cancelled: 'purple',
  lost: 'dark-red',
};

export const statusColours = colourOverrides(STATUS_COLOURS);
export const resultColours = colourOverrides(RESULT_COLOURS);

/** What the values of `stepState` and `runState` are called. */
export const stateMappings = ({ none, noneColour = STATUS_COLOURS.SKIPPED, running }) => [
  {
    type: 'value',
    options: {
      [STATES.none]: { index: 0, text: none, color: noneColour },
      [STATES.ok]: { index: 1, text: 'OK', color: STATUS_COLOURS.OK },
      [STATES.failed]: { index: 2, text: 'FAILED', color: STATUS_COLOURS.FAIL },
      [STATES.running]: { index: 3, text: running, color: STATUS_COLOURS.CACHED },
      [STATES.cancelled]: { index: 4, text: 'cancelled', color: STATUS_COLOURS.CANCELLED },
    },
  },
];

/** A value that only says that something is so. */
export const flagMapping = (text) => [
  { type: 'value', options: { 1: { index: 0, text, color: COLOUR.calm } } },
];

/** Thresholds from `[from, colour]` pairs; the first one's `from` is null. */
export const thresholds = (...steps) => ({
  mode: 'absolute',
  steps: steps.map(([value, color]) => ({ color, value })),
});

export const plain = thresholds([null, COLOUR.quiet]);
export const badAbove = (value) => thresholds([null, COLOUR.good], [value, COLOUR.bad]);

/** The same dashboard for one step; keeps the time range and the other variables. */
export const toStep = (job, profile, step) => ({
  title: 'Only this step',
  url: `/d/pipeline-overview?\${__url_time_range}&\${datasource:queryparam}&var-job=${job}&var-profile=${profile}&var-step=${step}`,
});

/** Temporal's UI, or a run in it; a run id is a workflow id. */
export const toTemporal = (runId) =>
  elsewhere(
    runId === undefined ? 'Temporal UI' : 'Run in the Temporal UI',
    `\${temporal_ui}/workflows${runId === undefined ? '' : `/${runId}`}`,
  );

/** The runbook, or a section of it. */
export const toRunbook = (title, anchor) =>
  elsewhere(title, `\${runbook}${anchor === undefined ? '' : `#${anchor}`}`);

/** What Prometheus says about an alert: its description, its labels, its links. */
export const toAlert = (name) =>
  elsewhere('What Prometheus says', `\${prometheus_ui}/alerts?search=${name}`);

/** A link out of Grafana, in the form that a dashboard, a panel and a field all take. */
const elsewhere = (title, url) => ({
  type: 'link',
  title,
  url,
  tooltip: '',
  icon: 'external link',
  tags: [],
  targetBlank: true,
  asDropdown: false,
  includeVars: false,
  keepTime: false,
});

function colourOverrides(colours) {
  return Object.entries(colours).map(([name, color]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }],
  }));
}
