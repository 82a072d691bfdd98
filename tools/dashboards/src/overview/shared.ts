/** What the rows of the overview share. */

import { makeQueries } from '../queries.ts';
import { OVERVIEW_FILTERS } from '../variables.ts';

/** Expressions narrowed by the variables of the overview. */
export const q = makeQueries(OVERVIEW_FILTERS);

/** Labels of a run, and of a step. */
export const RUN = ['job', 'profile'];
export const STEP = [...RUN, 'step'];

/** What fires now of the shipped rules. Those about workers have no job that could be chosen. */
export const firing = (metric: string, ...more: readonly string[]) =>
  ['profile=""', `${OVERVIEW_FILTERS.run.join(', ')}`]
    .map(
      (whose) =>
        `${metric}{${['alertname=~"Pipeline.+"', 'alertname!="PipelineWatchdog"', whose, ...more].join(', ')}}`,
    )
    .join('\nor ');
