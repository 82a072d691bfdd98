/** Which executions of workflows a worker serves: a tag alone would let an order be given again. */

import type { RunRecord } from '../model/run-record.ts';

/** A workflow execution as the server names it. */
export type Execution = {
  readonly workflowId: string;
  readonly runId: string;
  /** Known where the workflow itself speaks. */
  readonly parent?: { readonly workflowId: string; readonly runId: string } | undefined;
};

/** Whether this start of a run is going on in this execution. */
export type IsOpen = (
  execution: Execution,
  run: { readonly id: string; readonly generation: number },
) => Promise<boolean>;

/** The one execution that this process starts itself. */
export function ownExecution(): {
  readonly isOpen: IsOpen;
  /** Calls `start`, and from then on serves what it started. */
  begin<T extends { readonly firstExecutionRunId?: string }>(start: () => Promise<T>): Promise<T>;
} {
  let tell: (runId: string | undefined) => void;
  const started = new Promise<string | undefined>((resolve) => (tell = resolve));
  /** Executions of workflows that it started, and those of theirs: each speaks before its first activity is scheduled. */
  const children = new Set<string>();
  return {
    // The first steps may come before the answer that names the execution.
    isOpen: async ({ workflowId, runId, parent }, { id }) => {
      const own = await started;
      if (workflowId === id) return runId === own;
      if (!isChildOf(workflowId, id)) return false;
      if (parent !== undefined && (parent.runId === own || children.has(parent.runId))) {
        children.add(runId);
      }
      return children.has(runId);
    },
    begin: async (start) => {
      try {
        const handle = await start();
        tell(handle.firstExecutionRunId);
        return handle;
      } catch (error) {
        tell(undefined);
        throw error;
      }
    },
  };
}

/** Ids of runs have no slash: what begins like this was started by the run's own workflow. */
function isChildOf(workflowId: string, id: string): boolean {
  return workflowId.startsWith(`${id}/`);
}

/** The runs that are recorded as open in the state folder, in their latest start. */
export function recordedRuns(read: (runId: string) => Promise<RunRecord | undefined>): IsOpen {
  return async ({ workflowId }, { id, generation }) => {
    if (workflowId !== id && !isChildOf(workflowId, id)) return false;
    const record = await read(id).catch(() => undefined);
    return record?.state === 'open' && record.generation === generation;
  };
}
