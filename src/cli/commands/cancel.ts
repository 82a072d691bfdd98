/** `cancel`: tells a run that is going on to stop; it ends CANCELLED, and `resume` can go on with it. */

import { connect, serviceOf } from '../../run/connection.ts';
import { UserError } from '../../model/errors.ts';
import { findRun } from '../run/find-run.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

/** Cancels a run. Answers the exit code. @throws UserError RUN_NOT_FOUND, ENGINE_UNREACHABLE */
export async function cancelCommand(
  flags: GlobalFlags & { readonly out?: string },
  settings: Settings,
  io: Io,
  runId?: string,
): Promise<number> {
  const { record } = await findRun(
    {
      ...(flags.out === undefined ? {} : { out: flags.out }),
      ...(runId === undefined ? {} : { runId }),
    },
    settings,
    io,
    ({ open }) => runId !== undefined || open,
  );
  if (record.state === 'closed') {
    throw new UserError('NOTHING_TO_RESUME', `run ${record.run_id} has ended ${record.status}`);
  }
  const service = await serviceOf(settings.service, settings.env);
  const address = service?.address ?? record.engine?.address;
  if (address === undefined) {
    throw new UserError('ENGINE_UNREACHABLE', `run ${record.run_id} has no engine yet`, {
      exitCode: 3,
    });
  }
  const { installRuntime } = await import('../../run/worker.ts');
  installRuntime(() => undefined);
  const connection = await connect(service?.options ?? { address });
  try {
    const { Client } = await import('@temporalio/client');
    const namespace = service?.namespace ?? record.engine?.namespace ?? 'default';
    await new Client({ connection, namespace }).workflow.getHandle(record.run_id).cancel();
  } finally {
    await connection.close();
  }
  if (settings.json) io.out(JSON.stringify({ run_id: record.run_id, cancel: 'requested' }));
  else io.say(`asked run ${record.run_id} to cancel`);
  return 0;
}
