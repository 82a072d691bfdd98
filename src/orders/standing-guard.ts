/**
 * Stands before the activities that make runs: what no command of the state folder ordered is not made. A standing order
 * may be carried out again and again, so who copies one can have its run made once more, and nothing else.
 */

import { ApplicationFailure } from '@temporalio/activity';

import { isRunOf } from '../model/standing-order.ts';
import { isStandingOrder } from './tags.ts';

import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { RunOrder } from '../model/standing-order.ts';
import type { Orders } from './guard.ts';
import type { OrderKey } from './key.ts';

/** The outermost of a worker's interceptors. */
export function makeStandingGuard({
  key,
  onRefused,
}: Pick<Orders, 'key' | 'onRefused'>): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute: async (call, next) => {
        const { activityType: activity, workflowExecution: execution } = info;
        const why = faultOf(key, call.args[0] as Partial<RunOrder> | undefined);
        if (why === undefined) return next(call);
        onRefused({ activity, why, ...(execution === undefined ? {} : { execution }) });
        throw ApplicationFailure.create({
          message: `not executed: ${why}`,
          type: 'NOT_ORDERED',
          nonRetryable: true,
          category: 'BENIGN',
        });
      },
    },
  });
}

/** Why it is refused. Anybody may have written the input: it can be of any shape. */
function faultOf(key: OrderKey, input: Partial<RunOrder> | undefined): string | undefined {
  try {
    const order = input?.order;
    if (order === undefined || !isStandingOrder(key, order)) return 'its run was not ordered';
    const { runId, partition, atMs } = input as RunOrder;
    if (runId === undefined) return undefined;
    const isFree = order.partition === undefined || partition === undefined;
    if (isFree && isRunOf(input as RunOrder) && Number.isFinite(atMs)) return undefined;
    return 'its order means no such run';
  } catch {
    return 'its input is of another form';
  }
}
