/** The dashboard as a whole: its rows in reading order, its variables, annotations and links. */

import { placed } from './layout.mjs';
import { toRunbook, toTemporal } from './look.mjs';
import { tries } from './rows/tries.mjs';
import { data } from './rows/data.mjs';
import { durations } from './rows/durations.mjs';
import { eachStep } from './rows/each-step.mjs';
import { now } from './rows/now.mjs';
import { outcomes } from './rows/outcomes.mjs';
import { runs } from './rows/runs.mjs';
import { timeline } from './rows/timeline.mjs';
import { workers } from './rows/workers.mjs';
import { annotations, variables } from './variables.mjs';

export const dashboard = {
  uid: 'pipeline-overview',
  title: 'Pipeline overview',
  description:
    'Which step is slow, failing or silent, what ran when, and how the workers are. Made for builder_cli; needs its recording rules.',
  tags: ['builder_cli', 'pipelines'],
  schemaVersion: 42,
  version: 1,
  editable: false,
  graphTooltip: 1,
  fiscalYearStartMonth: 0,
  weekStart: '',
  timezone: 'browser',
  time: { from: 'now-24h', to: 'now' },
  timepicker: {},
  refresh: '1m',
  annotations: { list: annotations },
  templating: { list: variables },
  links: [
    { ...toRunbook('Runbook'), icon: 'doc' },
    { ...toTemporal(), icon: 'external link' },
  ],
  panels: placed([now, timeline, outcomes, durations, runs, tries, data, workers, eachStep]),
};
