/** Why a workflow task keeps failing, as the server was told: what the worker itself says may be encrypted, its code is not. */

import type { WorkflowHandle } from '@temporalio/client';

/** So many of the newest events are looked at: a task that fails again and again leaves one. */
const LOOKED_AT = 10;

/** The code of the newest failed workflow task; undefined if there is none, or the server does not answer. */
export async function codeOfFailedTask(handle: WorkflowHandle): Promise<string | undefined> {
  const { workflowService, options } = handle.client;
  const answer = await workflowService
    .getWorkflowExecutionHistoryReverse({
      namespace: options.namespace,
      execution: { workflowId: handle.workflowId },
      maximumPageSize: LOOKED_AT,
    })
    .catch(() => undefined);
  const events = answer?.history?.events ?? [];
  const failure = events.find((event) => event.workflowTaskFailedEventAttributes != null)
    ?.workflowTaskFailedEventAttributes?.failure;
  return failure?.applicationFailureInfo?.type ?? undefined;
}
