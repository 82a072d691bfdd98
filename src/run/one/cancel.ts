/** Tells a run that is going on, in whatever process, to stop; it ends CANCELLED, and can be resumed. */

import { UserError } from '../../model/errors.ts';
import { connect, serviceOf } from '../worker/connection.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { Parts } from '../parts.ts';

/** Answers when the engine has taken the request. @throws UserError NOTHING_TO_RESUME, NOTHING_TO_CANCEL, ENGINE_UNREACHABLE */
export async function cancelRun({ options }: Parts, record: RunRecord): Promise<void> {
  if (record.state === 'closed') {
    throw new UserError('NOTHING_TO_RESUME', `run ${record.run_id} has ended ${record.status}`);
  }
  const service = await serviceOf(options.engine ?? {}, options.env ?? {});
  const address = service?.address ?? record.engine?.address;
  if (address === undefined) {
    throw new UserError('ENGINE_UNREACHABLE', `run ${record.run_id} has no engine yet`, {
      exitCode: 3,
    });
  }
  const { needRuntime } = await import('../worker/runtime.ts');
  needRuntime(() => undefined);
  const connection = await connect(service?.options ?? { address }).catch((error: unknown) => {
    if (service !== undefined || record.engine?.kind !== 'embedded') throw error;
    throw new UserError(
      'NOTHING_TO_CANCEL',
      `run ${record.run_id} is not going on: its command has left it open, and its engine has ended`,
      {
        hint: 'Nothing of it works any more. `resume` goes on with it, and Ctrl-C there cancels it.',
      },
    );
  });
  try {
    const { Client } = await import('@temporalio/client');
    const namespace = service?.namespace ?? record.engine?.namespace ?? 'default';
    await new Client({ connection, namespace }).workflow.getHandle(record.run_id).cancel();
  } finally {
    await connection.close();
  }
}
