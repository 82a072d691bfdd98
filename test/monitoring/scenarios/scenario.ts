/** A scenario: what happens to a pipeline, and what Prometheus then knows. It fails if Prometheus knows anything else. */

import type { Script } from '../harness/stage.ts';

export type Scenario = Script & {
  /** A sentence that is true when it passes. */
  readonly name: string;
};

/** The increase a whole counter shows over the scenario, gone processes included. */
export const lastOf = (selector: string): string => `last_over_time(${selector}[10m])`;

/** Outcomes that happened, for a table by step and status. */
export const OUTCOMES = `${lastOf('pipeline_step_status_total')} > 0`;
/** Attempts that happened, for a table by step and result. */
export const ATTEMPTS = `${lastOf('pipeline_step_attempts_total')} > 0`;
/** The first alert that the specification suggests, as it stands there. */
export const FAILING_NOW = 'rate(pipeline_step_status_total{status="FAIL"}[5m]) > 0';
