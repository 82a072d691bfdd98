/** What a run's workflow looks like from here, and the engine and code it would be run with now. */

import type { EngineId, SeenWorkflow } from '../../model/decide-resume.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';

export type Seen = {
  readonly workflow: SeenWorkflow;
  readonly engine: {
    readonly engine: EngineId['kind'];
    readonly address: string;
    readonly namespace: string;
    readonly bundle: string;
  };
  /** With the embedded engine a restart is the rule. */
  readonly isWorthTelling: boolean;
};

const CLOSED = Object.freeze({
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  CANCELED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
} as const);

/** Asks the service. @throws UserError with exit code 3 if there is none to ask */
export async function seeWorkflow(parts: Parts, record: RunRecord, tell: Tell): Promise<Seen> {
  if (await parts.isEmbedded()) {
    // Not worth a start of the engine: a workflow that may be open is ended before its run starts again.
    const isThere = record.state === 'open' && record.engine !== undefined;
    return {
      workflow: isThere ? { state: 'open', taskAttempts: 0 } : { state: 'absent' },
      engine: { engine: 'embedded', address: '', namespace: '', bundle: '' },
      isWorthTelling: false,
    };
  }
  const link = await parts.link(tell);
  const { address, namespace } = link.engine;
  return {
    workflow: await describe(),
    engine: {
      engine: 'service',
      address,
      namespace,
      bundle: link.modules.worker.workflowBundleHash(),
    },
    isWorthTelling: record.state === 'open',
  };

  async function describe(): Promise<SeenWorkflow> {
    const { WorkflowNotFoundError } = await import('@temporalio/client');
    try {
      const handle = (await link.client()).workflow.getHandle(record.run_id);
      const { status, raw } = await handle.describe();
      const how = CLOSED[status.name as keyof typeof CLOSED];
      if (how !== undefined) return { state: 'closed', how };
      return { state: 'open', taskAttempts: raw.pendingWorkflowTask?.attempt ?? 0 };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { state: 'absent' };
      return { state: 'unreachable' };
    }
  }
}
