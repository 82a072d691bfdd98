/** Follows a workflow to its end: from the worker's own events where it is ours, else by asking for its progress. */

import { WorkflowFailedError } from '@temporalio/client';

import { UserError } from '../../model/errors.ts';
import { eventsBetween } from '../../model/view.ts';

import type { WorkflowHandle } from '@temporalio/client';
import type { RunEvent } from '../../model/events.ts';
import type { RunSummary } from '../../model/run-summary.ts';
import type { RunView } from '../../model/view.ts';

export type FollowOptions = {
  readonly handle: WorkflowHandle;
  /** The view as the worker's events have made it so far; undefined: ask the workflow. */
  readonly ownView?: () => RunView | undefined;
  /** Called for each change where the workflow is asked. */
  readonly onEvent: (event: RunEvent, view: RunView) => void;
  /** Called once when nothing serves the task queue. */
  readonly onNoWorker: () => void;
  /** True if something polls the run's task queue. */
  readonly isServed: () => Promise<boolean>;
};

const ASK_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 5_000;
/** A workflow task tried this often will not get better by waiting. */
const STUCK_ATTEMPTS = 5;

/** The summary of the finished run. @throws UserError WORKFLOW_STUCK (exit 3) */
export async function follow(options: FollowOptions): Promise<RunSummary> {
  const { handle, ownView } = options;
  let view: RunView | undefined;
  const look = async (): Promise<RunView | undefined> => {
    if (ownView !== undefined) return ownView();
    const next = await handle.query<RunView>('progress').catch(() => undefined);
    if (next !== undefined) {
      for (const event of eventsBetween(view, next)) options.onEvent(event, next);
      view = next;
    }
    return view;
  };

  let stop: (() => void) | undefined;
  const stuck = new Promise<never>((_, reject) => {
    const asking = ownView === undefined ? setInterval(() => void look(), ASK_EVERY_MS) : undefined;
    let warned = false;
    const looking = setInterval(() => {
      void (async () => {
        const description = await handle.describe().catch(() => undefined);
        const attempt = description?.raw.pendingWorkflowTask?.attempt ?? 0;
        if (attempt >= STUCK_ATTEMPTS) {
          reject(
            new UserError(
              'WORKFLOW_STUCK',
              `the workflow task of run ${handle.workflowId} has failed ${attempt - 1} times in a row`,
              {
                exitCode: 3,
                hint: 'Look at the run in the Temporal UI or at its worker.log; `resume` starts it again with every finished step kept.',
              },
            ),
          );
        }
        if (
          !warned &&
          description?.raw.pendingWorkflowTask != null &&
          !(await options.isServed())
        ) {
          warned = true;
          options.onNoWorker();
        }
      })();
    }, LOOK_EVERY_MS);
    stop = () => {
      clearInterval(asking);
      clearInterval(looking);
    };
  });

  try {
    const summary = await Promise.race([handle.result() as Promise<RunSummary>, stuck]);
    await look();
    return summary;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return summaryOf(error, await look());
  } finally {
    stop?.();
  }
}

/** A failed workflow carries its summary; a cancelled or terminated one has only what was seen of it. */
function summaryOf(error: WorkflowFailedError, view: RunView | undefined): RunSummary {
  const details = (error.cause as { details?: readonly unknown[] } | undefined)?.details;
  const carried = details?.[0] as RunSummary | undefined;
  if (carried?.outcomes !== undefined) return carried;
  const outcomes = (view?.steps ?? []).flatMap((step) => step.outcome ?? []);
  return { status: 'CANCELLED', outcomes };
}
