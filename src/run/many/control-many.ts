/** Pauses, resumes and cancels a backfill or a batch from outside, in whatever process it goes on; and ends one that was left. */

import { UserError } from '../../model/errors.ts';
import { connect, serviceOf } from '../worker/connection.ts';
import { driverOfMany, idOf, manyOf, nameOf, openMany } from './many-records.ts';

import type { WorkflowHandle } from '@temporalio/client';
import type { ManyRecord } from './many-records.ts';
import type { Parts } from '../parts.ts';

/** What became of the wish. */
export type Controlled = 'asked' | 'ended at once';

/** Asks the workflow, which begins nothing more, or goes on. @throws UserError NOTHING_TO_CANCEL where nothing of it goes on */
export async function signalMany(
  parts: Parts,
  record: ManyRecord,
  signal: 'pause' | 'resume',
): Promise<void> {
  if (record.state === 'closed') throw ended(record);
  if (driverOfMany(record) === 'dead') {
    throw new UserError('NOTHING_TO_CANCEL', `${nameOf(record)} is not going on: it was left`, {
      hint: `Nothing of it works any more. \`builder_cli ${manyOf(record)} resume ${idOf(record)}\` goes on with it.`,
    });
  }
  await withHandle(parts, record, (handle) => handle.signal(signal));
}

/** Cancels it with all its runs that go on. One that was left ends at once, and its open runs stay for `resume`. @throws UserError */
export async function cancelMany(parts: Parts, record: ManyRecord): Promise<Controlled> {
  if (record.state === 'closed') throw ended(record);
  if (driverOfMany(record) !== 'dead') {
    await withHandle(parts, record, (handle) => handle.cancel());
    return 'asked';
  }
  const { engine } = record;
  const isEmbedded = engine === undefined || engine.kind === 'embedded';
  const terminating = engine === undefined ? undefined : withHandle(parts, record, terminate);
  // Nobody serves the queue of an embedded engine's workflow, and the engine may be gone.
  await (isEmbedded ? terminating?.catch(() => undefined) : terminating);
  const finished = { ended: 'CANCELLED', finished_at: new Date().toISOString() } as const;
  await openMany(parts.options.stateDir, manyOf(record)).update(idOf(record), {
    state: 'closed',
    ...finished,
  });
  return 'ended at once';
}

async function terminate(handle: WorkflowHandle): Promise<void> {
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  await handle.terminate('it was cancelled').catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
}

async function withHandle(
  { options }: Parts,
  record: ManyRecord,
  use: (handle: WorkflowHandle) => Promise<unknown>,
): Promise<void> {
  const { engine } = record;
  const service = await serviceOf(options.engine ?? {}, options.env ?? {});
  const address = service?.address ?? engine?.address;
  if (address === undefined) {
    throw new UserError('ENGINE_UNREACHABLE', `${nameOf(record)} has no engine yet`, {
      exitCode: 3,
    });
  }
  const { needRuntime } = await import('../worker/runtime.ts');
  needRuntime(() => undefined);
  const connection = await connect(service?.options ?? { address });
  try {
    const { Client } = await import('@temporalio/client');
    const namespace = service?.namespace ?? engine?.namespace ?? 'default';
    await use(new Client({ connection, namespace }).workflow.getHandle(idOf(record)));
  } finally {
    await connection.close();
  }
}

function ended(record: ManyRecord): UserError {
  const what = record.ended === 'CANCELLED' ? 'was cancelled' : 'is done';
  return new UserError('NOTHING_TO_RESUME', `${nameOf(record)} ${what}`);
}
