/** What the rows of the page of a job share. */

import { makeQueries } from '../queries.ts';
import { JOB_FILTERS } from '../variables.ts';

/** Expressions narrowed by the variables of this page. */
export const q = makeQueries(JOB_FILTERS);

/** Outcomes of steps and of their items by status, and attempts by result. */
export const steps = (statuses: string) =>
  q.select('pipeline_step_status_total', `status=~"${statuses}"`);
export const attempts = (results: string) =>
  q.select('pipeline_step_attempts_total', `result=~"${results}"`);

export const items = (statuses: string) =>
  q.select('pipeline_step_items_total', `status=~"${statuses}"`);

/** Headings of rows of steps. */
export const STEP_LABELS = { profile: { name: 'Profile', width: 110 }, step: { name: 'Step' } };

/** The gauges of durations that several panels show. */
export const last = q.gauge('step_last_duration_seconds');
export const usual = q.gauge('step_usual_duration_seconds');
export const threshold = q.gauge('profile_step_p95_threshold_seconds');
export const limit = q.gauge('profile_step_timeout_seconds');
