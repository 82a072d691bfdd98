/** Says why a worker could not be made, or broke: asks the engine itself, and reads no message of the SDK. */

import { UserError } from '../../model/errors.ts';

import type { NativeConnection } from '@temporalio/worker';
import type { Engine } from './link.ts';

const ASK_LIMIT_MS = 2_000;
/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/** The sentence for an error after which the engine has no such namespace (exit 2) or cannot be used (exit 3). */
export async function engineFailure(
  error: unknown,
  { namespace, address }: Engine,
  connection: NativeConnection,
): Promise<UserError | undefined> {
  try {
    await connection.withDeadline(Date.now() + ASK_LIMIT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return undefined;
  } catch (reason) {
    const refusal = reason as { readonly code?: number; readonly details?: string };
    if (refusal.code === NOT_FOUND) {
      return new UserError(
        'NAMESPACE_NOT_FOUND',
        `Temporal at ${address} has no namespace '${namespace}'`,
        {
          hint: 'Mend --namespace, or have it made: temporal operator namespace create.',
          cause: error,
        },
      );
    }
    const why =
      refusal.details === undefined || refusal.details === '' ? '' : ` (${refusal.details})`;
    return new UserError('ENGINE_UNREACHABLE', `Temporal at ${address} cannot be used${why}`, {
      exitCode: 3,
      hint: 'When it answers again, give the same command again.',
      cause: error,
    });
  }
}

/** The sentence for a worker that could not be made, or ended, although the engine is there. */
export async function workerFailure(
  error: unknown,
  engine: Engine,
  connection: NativeConnection,
): Promise<UserError> {
  const failure = await engineFailure(error, engine, connection);
  if (failure !== undefined) return failure;
  const message = error instanceof Error ? error.message : String(error);
  return new UserError('WORKER_BROKEN', `the worker cannot go on: ${message}`, {
    exitCode: 3,
    hint: 'Every finished step is kept; give the same command again.',
    cause: error,
  });
}

/** Rejects when the worker of a session ends although nobody stopped it. Never settles once `closing` has come. */
export async function brokenWorker(
  session: {
    readonly engine: Engine;
    readonly connection: NativeConnection;
    readonly worker: { readonly done: Promise<unknown> };
  },
  closing: AbortSignal,
): Promise<never> {
  const error: unknown = await session.worker.done.then(
    () => new Error('it ended by itself'),
    (reason: unknown) => reason,
  );
  if (closing.aborted) return new Promise(() => undefined);
  throw await workerFailure(error, session.engine, session.connection);
}
