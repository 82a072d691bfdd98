/** Goes on with ordered runs whose orders an engine has forgotten with its database: nobody else would. */

import { driverState } from '../../store/run-records.ts';
import { resumeRun } from '../one/resume-run.ts';

import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';

export type Resuming = {
  /** Leaves what goes on open, and waits until it is left. */
  leave(): Promise<void>;
};

/** Begins with it, one run after another. */
export async function resumeForgotten(parts: Parts, tell: Tell): Promise<Resuming> {
  const suspend = new AbortController();
  const records = await parts.records();
  const open = await records.list({ where: (row) => row.open });
  const left = open.filter(
    (record) => record.ordered_by !== undefined && driverState(record) !== 'alive',
  );
  const work = (async () => {
    for (const { run_id: runId } of left.toReversed()) {
      if (suspend.signal.aborted) return;
      await resumeRun(parts, { runId }, { tell, suspend: suspend.signal, linger: 0 }).catch(
        (error: unknown) => {
          const text = `run ${runId} cannot be gone on with: ${(error as Error).message}`;
          tell({ type: 'said', text });
        },
      );
    }
  })();
  return {
    leave: async () => {
      suspend.abort();
      await work;
    },
  };
}
