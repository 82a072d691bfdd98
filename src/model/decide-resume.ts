/**
 * Decides what `resume`, and `run-profile` on an unfinished run, do with a recorded run. Pure: who asks has looked at
 * the record, at who owns it, and at the workflow, if it can be seen.
 *
 * 1. A run that somebody may still drive is never touched.
 * 2. A workflow is gone on with only if nothing about it has changed and it gets on: same engine, plan and code.
 * 3. In every other case it is ended, and the run starts again under its own id; the store keeps what was finished.
 */

import type { RunStatus } from './outcome.ts';

/** Who drives the run, as far as can be seen from here. `where` names it for a message. */
export type RunOwner =
  | { readonly state: 'alive' | 'dead'; readonly where: string }
  /** Infinity: without a lease nobody can tell. */
  | { readonly state: 'unknown'; readonly where: string; readonly leaseEndsInMs: number };

/** An engine, as two starts of one can be told to be the same. */
export type EngineId = {
  readonly kind: 'embedded' | 'service';
  readonly address: string;
  readonly namespace: string;
};

/** What the journal says of the run. */
export type RecordedRun = {
  readonly id: string;
  readonly state: 'open' | 'closed';
  readonly status: RunStatus | 'RUNNING';
  readonly owner: RunOwner;
  readonly engine: EngineId | undefined;
  readonly planSha256: string;
  /** Hash of the workflow code it was started with; undefined where the record is older than that. */
  readonly bundle: string | undefined;
  /** Its delivery is made by others, who know only the lock of the process that started it. */
  readonly isDeliveredElsewhere?: boolean;
};

/** What the engine says of the run's workflow. */
export type SeenWorkflow =
  | { readonly state: 'absent' | 'unreachable' }
  | {
      readonly state: 'open';
      /** How often its current workflow task has been tried; 0 without one. */
      readonly taskAttempts: number;
    }
  | {
      readonly state: 'closed';
      readonly how: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed out';
    };

/** What would be run now. */
export type CurrentPlan = {
  readonly engine: EngineId['kind'];
  readonly address: string;
  readonly namespace: string;
  readonly planSha256: string;
  readonly bundle: string;
};

export type ResumeDecision =
  | {
      readonly do: 'refuse';
      readonly code: 'NOTHING_TO_RESUME' | 'OUT_BUSY' | 'ENGINE_UNREACHABLE';
      readonly why: string;
    }
  /** Wait for the workflow that is there; its result may be there already. */
  | { readonly do: 'attach' }
  /** Start the run's workflow again, after ending one that is still open. */
  | { readonly do: 'restart'; readonly endFirst: boolean; readonly why: string };

/** A workflow task that was tried this often does not get better by waiting. */
export const STUCK_TASK_ATTEMPTS = 5;

/** One answer for every state of record, workflow and plan. */
export function decideResume(
  record: RecordedRun,
  workflow: SeenWorkflow,
  plan: CurrentPlan,
): ResumeDecision {
  const busy = whyBusy(record);
  if (busy !== undefined) return { do: 'refuse', code: 'OUT_BUSY', why: busy };
  if (record.state === 'closed' && (record.status === 'OK' || record.status === 'WARN')) {
    const why = `run ${record.id} ended ${record.status}; nothing is left to do`;
    return { do: 'refuse', code: 'NOTHING_TO_RESUME', why };
  }
  if (workflow.state === 'unreachable') {
    const why = `what became of run ${record.id} cannot be asked: its engine does not answer`;
    return { do: 'refuse', code: 'ENGINE_UNREACHABLE', why };
  }
  const endFirst = workflow.state === 'open';
  const restart = (why: string): ResumeDecision => ({ do: 'restart', endFirst, why });

  if (record.state === 'closed') return restart(`it ended ${record.status}`);
  const changed = whatChanged(record, plan);
  if (changed !== undefined) return restart(changed);
  switch (workflow.state) {
    case 'absent':
      return restart('its workflow is not there');
    case 'closed':
      // Its command died between the workflow's end and the record of it: the result waits there.
      if (workflow.how === 'completed') return { do: 'attach' };
      return restart(`its workflow was ${WORDS[workflow.how]}`);
    case 'open':
      if (workflow.taskAttempts >= STUCK_TASK_ATTEMPTS) {
        return restart(`its workflow task has failed ${workflow.taskAttempts - 1} times in a row`);
      }
      if (record.isDeliveredElsewhere === true) {
        return restart('its delivery would be made under the lock of the command that is gone');
      }
      return { do: 'attach' };
  }
}

const WORDS = Object.freeze({
  failed: 'ended as failed',
  cancelled: 'cancelled',
  terminated: 'terminated',
  'timed out': 'ended by a time limit',
});

/** Who goes on with an open run, or may; undefined: nobody. */
export function whyBusy({ id, state, owner }: RecordedRun): string | undefined {
  if (state === 'closed') return undefined;
  switch (owner.state) {
    case 'alive':
      return `run ${id} is going on in ${owner.where}`;
    case 'unknown':
      if (owner.leaseEndsInMs <= 0) return undefined;
      if (owner.leaseEndsInMs === Number.POSITIVE_INFINITY) {
        return `run ${id} is held by ${owner.where}, which cannot be seen from here`;
      }
      return `run ${id} is held by ${owner.where}, which cannot be seen from here; it counts as alive for another ${Math.ceil(owner.leaseEndsInMs / 1000)} s unless it answers`;
    case 'dead':
      return undefined;
  }
}

/** Why the workflow that is there is not the one that would be started now; undefined where it is. */
function whatChanged(record: RecordedRun, plan: CurrentPlan): string | undefined {
  // The embedded engine's workflows are served by their own command alone, and that one is dead.
  if (plan.engine === 'embedded') return 'the command that served it is gone';
  const { engine } = record;
  if (engine === undefined) return 'its command ended before it had an engine';
  const isSame =
    engine.kind === plan.engine &&
    engine.address === plan.address &&
    engine.namespace === plan.namespace;
  if (!isSame) return `it ran on ${engine.address}, namespace ${engine.namespace}`;
  if (record.planSha256 !== plan.planSha256) return 'its definition has changed';
  if (record.bundle !== plan.bundle) return 'builder_cli has changed';
  return undefined;
}
