/** The page of one job: which step failed or is slow, what it did before, and where its log is. */

import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';

import { pageOf } from '../dashboard.ts';
import { COLOUR, JOB, toOverview, toRunbook, toTemporal } from '../look.ts';
import { DATASOURCE, addresses, datasource, job, profile, step, window } from '../variables.ts';
import { durations, lastDurations } from './durations.ts';
import { now, stepTable } from './now.ts';
import { outcomes, outcomesOverTime, rows, checks } from './outcomes.ts';
import { q } from './shared.ts';
import { timeline, commands, recent, runDurations } from './timeline.ts';

/** A mark at the time the metric says, not at the time it was scraped. */
const mark = (name: string, metric: string, colour: string) =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(colour)
    .target(
      new DataqueryBuilder()
        .refId('Anno')
        .expr(`1000 * ${q.gauge(metric)}`)
        .range()
        .interval('1m'),
    )
    .titleFormat(name)
    .textFormat('{{job}} / {{profile}}')
    .tagKeys('job,profile')
    .useValueForTime(true);

export const jobPage = pageOf({
  uid: JOB,
  title: 'Pipeline job',
  description: 'One job: which step failed or is slow, what it did before, and where its log is.',
  variables: [datasource(), job(true), profile(), step(), window(), ...addresses()],
  annotations: [
    mark('Run started', 'run_started_timestamp_seconds', COLOUR.calm),
    mark('Run completed', 'run_completed_timestamp_seconds', COLOUR.good),
    mark('Run failed', 'run_failed_timestamp_seconds', COLOUR.bad),
  ],
  links: [toOverview(), toRunbook('Runbook'), toTemporal()],
  rows: [
    { title: 'How is it?', panels: [...now, stepTable] },
    { title: 'What ran when?', panels: [timeline, recent, runDurations, commands] },
    { title: 'Which step is slow?', panels: [durations, lastDurations] },
    { title: 'Which step fails?', panels: [outcomes, outcomesOverTime] },
    { title: 'Is the data as expected?', panels: [rows, checks] },
  ],
});
