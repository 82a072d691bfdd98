/** Starts the workflow of a run, or finds the one that is there. */

import { priorityOf } from '../../model/standing-order.ts';
import { SEARCHED } from '../../model/searched.ts';

import type { WorkflowHandle } from '@temporalio/client';
import type { Plan } from '../../model/plan.ts';
import type { Execution } from './execution.ts';
import type { Session } from '../worker/session.ts';

/** `gRPC` code of a request that names what the namespace does not have. */
const INVALID_ARGUMENT = 3;

/** The handle of the run's workflow, started or found. */
export async function startWorkflow(
  { link, engine }: Pick<Session, 'link' | 'engine'>,
  plan: Plan,
  {
    taskQueue,
    way,
    orderedBy,
  }: Pick<Execution, 'way' | 'orderedBy'> & { readonly taskQueue: string },
): Promise<WorkflowHandle & { readonly firstExecutionRunId?: string }> {
  const { workflow } = await link.client();
  if (way === 'attach') return workflow.getHandle(plan.run.id);
  const { defineSearchAttributeKey } = await import('@temporalio/common');
  const keyword = (name: string, value: string) => ({
    key: defineSearchAttributeKey(name, 'KEYWORD'),
    value,
  });
  const start = (isSearchable: boolean) =>
    workflow.start('runProfile', {
      args: [plan],
      workflowId: plan.run.id,
      taskQueue,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      requestEagerStart: engine.kind === 'embedded',
      workflowTaskTimeout: engine.kind === 'embedded' ? '5s' : '10s',
      staticSummary: `${plan.job} with ${plan.profile}`,
      // Its steps have it from here.
      priority: { priorityKey: priorityOf(orderedBy) },
      ...(isSearchable
        ? {
            typedSearchAttributes: [
              keyword(SEARCHED.job, plan.job),
              keyword(SEARCHED.profile, plan.profile),
              keyword(SEARCHED.status, 'RUNNING'),
            ],
          }
        : {}),
    });
  return start(true).catch(async (error: unknown) => {
    if (!isUnknownAttribute(error)) throw error;
    return start(false);
  });
}

/** Nobody has added them to the namespace: it can be searched by id and type alone. */
function isUnknownAttribute(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, message } = cause as Error & { readonly code?: unknown };
    if (code === INVALID_ARGUMENT && /search attribute/i.test(message)) return true;
  }
  return false;
}
