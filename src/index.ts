/** The library. The CLI is this with flags; it imports nothing else of what runs things. */

import { KINDS } from './kinds/index.ts';
import { openProject as open } from './run/project.ts';

import type { Project } from './run/project.ts';
import type { ProjectOptions } from './run/project-options.ts';

export { KINDS } from './kinds/index.ts';
export { z } from 'zod';
export { defineStep } from './kinds/contract.ts';
export { StepError } from './model/step-error.ts';
export { UserError } from './model/errors.ts';
export { DefinitionError } from './run/definitions/definition-error.ts';
export { RunLeftOpen } from './run/one/left-open.ts';
export { findStateDir } from './run/definitions/state-dir.ts';

export type {
  AnyStepDefinition,
  StepContext,
  StepDefinition,
  StepReturn,
} from './kinds/contract.ts';
export type { ChosenSteps } from './model/plan.ts';
export type { RunEvent } from './model/events.ts';
export type { Outcome, RunStatus, Status } from './model/outcome.ts';
export type { Plan, PlanStep } from './model/plan.ts';
export type { RunRecord } from './model/run-record.ts';
export type { RunSummary } from './model/run-summary.ts';
export type { RunView } from './model/view.ts';
export type { BackfillRow, BatchRow, Choice, ManyRow, PartitionStatus } from './model/backfill.ts';
export type {
  BackfillRecord,
  BatchItem,
  BatchRecord,
  ManyRecord,
} from './run/many/many-records.ts';
export type { BackfillReport, BatchReport, ManyReport } from './run/many/many-report.ts';
export type { ManyEnded } from './run/many/drive-many.ts';
export type { BackfillEnded, BackfillRequest } from './run/many/run-backfill.ts';
export type { BatchEnded, BatchRequest } from './run/many/run-batch.ts';
export type { RunRequest } from './run/one/begin-run.ts';
export type {
  DefinitionRequest,
  DefinitionSource,
  Documents,
} from './run/definitions/definition-source.ts';
export type { PlanBody } from './model/plan.ts';
export type { InferredColumns, InferredTable } from './run/definitions/inferred-columns.ts';
export type { PartitionMatrix, PartitionRow, PartitionsRequest } from './run/many/partitions.ts';
export type { Explanation, ExplainRequest, Foreseen, Verdict } from './run/one/explain.ts';
export type { Entry, Fact, JournalChanges, JournalCursor, Store } from './run/journal.ts';
export type { ProjectEvent, RunClosed, RunEnded } from './run/project-events.ts';
export type { RunFilter, ShownStatus } from './run/one/matching-runs.ts';
export type { PruneReport, PruneRow } from './run/prune/prune-report.ts';
export type { PruneRequest } from './run/prune/prune.ts';
export type { EngineChoice, MetricsChoice } from './run/project-options.ts';
export type { Project, RunOptions } from './run/project.ts';

/** As for `run/project.ts`, with the built-in kinds unless others are given. */
export type OpenOptions = Omit<ProjectOptions, 'kinds'> & Partial<Pick<ProjectOptions, 'kinds'>>;

/** Opens a project: a state folder and the runs in it. Nothing is created or started before it is needed. */
export function openProject(options: OpenOptions): Project {
  return open({ kinds: KINDS, ...options });
}
