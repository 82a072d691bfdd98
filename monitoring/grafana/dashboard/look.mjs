/** Colours, value mappings and links: one look for one meaning, wherever it appears. */

import { STATES } from './queries.mjs';

export const COLOUR = {
  good: 'green',
  notice: 'yellow',
  bad: 'red',
  calm: 'blue',
  quiet: 'text',
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
export const stateMappings = ({ none, running }) => [
  {
    type: 'value',
    options: {
      [STATES.none]: { index: 0, text: none, color: STATUS_COLOURS.SKIPPED },
      [STATES.ok]: { index: 1, text: 'OK', color: STATUS_COLOURS.OK },
      [STATES.failed]: { index: 2, text: 'FAILED', color: STATUS_COLOURS.FAIL },
      [STATES.running]: { index: 3, text: running, color: STATUS_COLOURS.CACHED },
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

/** A run in Temporal's UI; a run id is a workflow id. */
export const toTemporal = (runId) => ({
  title: "Run in Temporal's UI",
  url: `\${temporal_ui}/workflows/${runId}`,
  targetBlank: true,
});

/** A section of the runbook. */
export const toRunbook = (title, anchor = '') => ({
  title,
  url: `\${runbook}${anchor === '' ? '' : `#${anchor}`}`,
  targetBlank: true,
});

function colourOverrides(colours) {
  return Object.entries(colours).map(([name, color]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }],
  }));
}
