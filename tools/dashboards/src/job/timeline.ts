/** What ran when: cells of steps over time, the last runs, and how to get to a log. */

import { COLOUR, stateMappings, toTemporal } from '../look.ts';
import { cells, lines, text } from '../panels.ts';
import { STATES } from '../queries.ts';
import { UNSEEN, rowsOf } from '../table.ts';
import { q } from './shared.ts';

export const timeline = cells({
  title: 'Recent run timeline',
  description:
    'A row a step, a cell an interval: green where the step completed (OK, WARN or CACHED), red where it failed, faint where it did neither. The table above has the exact times.',
  width: 24,
  height: 11,
  series: [
    {
      expr: [
        `0 * (${q.happened('step_failed_timestamp_seconds')}) + ${STATES.failed}`,
        `or 0 * (${q.happened('step_completed_timestamp_seconds')}) + ${STATES.ok}`,
        `or 0 * ${q.known}`,
      ].join('\n'),
      legend: '{{step}} ({{profile}})',
    },
  ],
  mappings: stateMappings({ none: 'nothing', noneColour: COLOUR.hardly }),
});

export const commands = text({
  title: 'To the log',
  description: 'What to type where the pipeline runs, to see why a step failed.',
  width: 6,
  height: 9,
  content: [
    'Where the pipeline runs (`--state-dir` if its state is elsewhere):',
    '',
    '```',
    'builder_cli runs',
    'builder_cli status RUN',
    'builder_cli logs RUN --step STEP',
    'builder_cli resume RUN',
    '```',
    '',
    '`RUN` is an id of *Recent runs*; without it: the newest. In the stack: `docker compose exec pipeline-worker` before it.',
  ].join('\n'),
});

export const recent = rowsOf({
  title: 'Recent runs',
  description:
    "The last runs of this job, the newest first. A run id opens the run in Temporal's UI, if that Temporal is the one of this stack.",
  width: 8,
  height: 9,
  labels: {
    run_id: { name: 'Run', links: [toTemporal('${__value.raw}')] },
    profile: { name: 'Profile', width: 110 },
  },
  sortBy: ['Run'],
  columns: [
    {
      name: UNSEEN,
      expr: `max by (run_id, profile) (${q.select('pipeline_run_info')})`,
    },
  ],
});

const gained = (part: 'sum' | 'count') =>
  `sum by (job, profile) (rate(${q.select(`pipeline_run_duration_seconds_${part}`)}[$window]))`;

export const runDurations = lines({
  title: 'Run duration',
  description:
    'How long the last run took, however it ended, and the exact mean of those that ended OK or WARN in the percentile window.',
  unit: 's',
  width: 10,
  height: 9,
  legend: 'bottom',
  series: [
    { expr: q.gauge('run_last_duration_seconds'), legend: '{{profile}} last' },
    {
      expr: `${gained('sum')}\n/\n(${gained('count')} > 0)`,
      legend: '{{profile}} mean',
    },
  ],
});
