/** The record of a run: exists from the first moment, for failed runs too. Pure. */

import { nameIn } from './nested.ts';

import type { ChosenSteps, Scalar } from './plan.ts';
import type { FailedItem, ItemCounts, Outcome, RunStatus, Status } from './outcome.ts';
import type { OrderedBy } from './standing-order.ts';

export type StepRecord = {
  readonly id: string;
  readonly kind: string;
  readonly status: Status | 'WAITING' | 'RUNNING';
  readonly reason?: string;
  /** Machine-readable cause of a failure. */
  readonly code?: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly attempts: number;
  /** The attempt that decided. */
  readonly duration_ms?: number;
  /** Retries and waits included. */
  readonly elapsed_ms?: number;
  readonly rows_in?: number;
  readonly rows_out?: number;
  readonly rows_rejected?: number;
  /** Of a step with `foreach`: how many there are, how they ended, and the first of those that failed. */
  readonly items?: {
    readonly total?: number;
    readonly counts: ItemCounts;
    readonly failed?: readonly FailedItem[];
  };
  /** Of its result: what the next run compares with is found by it. */
  readonly fingerprint?: string;
  /** Of a profile that is a step: its own steps. */
  readonly steps?: readonly StepRecord[];
};

/** The part that goes into a delivery too. Times are ISO 8601 in UTC. */
export type PublicRecord = {
  readonly run_id: string;
  readonly job: string;
  readonly profile: string;
  /** Id of the partition; absent where the job is not cut. */
  readonly partition?: string;
  /** Steps that it was a run of alone, as they were asked for; absent for a run of the pipeline. */
  readonly only?: ChosenSteps;
  readonly status: RunStatus | 'RUNNING';
  readonly plan_sha256: string;
  readonly params: Readonly<Record<string, Scalar>>;
  readonly started_at: string;
  readonly finished_at?: string;
  readonly steps: readonly StepRecord[];
};

export type RunRecord = PublicRecord & {
  readonly state: 'open' | 'closed';
  readonly out?: string;
  /** The process that drives it, and that process' start. */
  readonly pid: number;
  readonly pid_born: string;
  /** Where that pid means something; absent in a record of an earlier version. */
  readonly pid_place?: { readonly host: string; readonly boot: string; readonly pidns: string };
  readonly generation: number;
  /** An earlier start of it ended badly: if it ends well now, that is a recovery. */
  readonly failed_before?: true;
  /** Absent until an engine was needed. */
  readonly engine?: { readonly kind: string; readonly address: string; readonly namespace: string };
  /** Hash of the workflow code it was started with; absent like `engine`, and in a record of an earlier version. */
  readonly bundle?: string;
  /** Task queue of its workflow and steps; absent like `engine`, and in a record of an earlier version. */
  readonly task_queue?: string;
  /** No process waits for its end: workers go on with it, and one of them records that. */
  readonly detached?: true;
  /** Task queue that its delivery waits in; absent like `engine`. */
  readonly deliver_queue?: string;
  /** Absolute paths, and parameters as given, to read the definition again. */
  readonly job_path: string;
  readonly profile_path: string;
  readonly given_params: readonly string[];
  /** State folder with its plan and logs, where that is not the one the store lies in. */
  readonly state_dir?: string;
  /** Tells it apart from a state folder of another machine that has the same path. */
  readonly state_id?: string;
  /** The schedule or backfill that it is a run of; absent where somebody asked for it alone. */
  readonly ordered_by?: OrderedBy;
  /** Why it did not deliver. */
  readonly error?: string;
};

/** The record in short, for lists. */
export function shortOf({
  run_id,
  status,
  state,
  started_at,
  finished_at,
}: RunRecord): Pick<RunRecord, 'run_id' | 'status' | 'state' | 'started_at' | 'finished_at'> {
  return {
    run_id,
    status,
    state,
    started_at,
    ...(finished_at === undefined ? {} : { finished_at }),
  };
}

/** The steps by their names in the run, those of a profile behind the step that it is. */
export function flatSteps(
  steps: readonly StepRecord[],
  within?: string,
): readonly { readonly name: string; readonly step: StepRecord }[] {
  return steps.flatMap((step) => {
    const name = nameIn(within, step.id);
    return [{ name, step }, ...flatSteps(step.steps ?? [], name)];
  });
}

/** A step's part of the record. */
export function stepRecordOf(outcome: Outcome): StepRecord {
  const { step, kind, status, reason, code, hint, attempts, durationMs, elapsedMs } = outcome;
  return {
    id: step,
    kind,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(code === undefined ? {} : { code }),
    ...(hint === undefined ? {} : { hint }),
    attempts,
    duration_ms: durationMs,
    elapsed_ms: elapsedMs,
    ...(outcome.rowsIn === undefined ? {} : { rows_in: outcome.rowsIn }),
    ...(outcome.rowsOut === undefined ? {} : { rows_out: outcome.rowsOut }),
    ...(outcome.rowsRejected === undefined ? {} : { rows_rejected: outcome.rowsRejected }),
    ...(outcome.items === undefined ? {} : { items: outcome.items }),
    ...(outcome.fingerprint === undefined ? {} : { fingerprint: outcome.fingerprint }),
    ...(outcome.inner === undefined ? {} : { steps: outcome.inner.map(stepRecordOf) }),
  };
}
