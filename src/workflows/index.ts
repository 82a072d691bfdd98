/** Deterministic entry of the workflow bundle. May import @temporalio/workflow, the model, and types. */

export { backfill, backfill as batch } from './backfill.ts';
export { forEach } from './for-each.ts';
export { runProfile } from './run-profile.ts';
export { runScheduled } from './run-scheduled.ts';
