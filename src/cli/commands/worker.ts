/** `worker`: serves the steps of a Temporal service until it is told to stop; running steps are then given back. */

import { availableParallelism } from 'node:os';

import { serviceOf } from '../../run/connection.ts';
import { UserError } from '../../model/errors.ts';
import { recordedRuns } from '../../orders/open-runs.ts';
import { openRecords } from '../../run/records.ts';
import { sharedDeliverQueue } from '../run/queues.ts';
import { openSession, openSessionMetrics } from '../run/session.ts';
import { listenForSignals } from '../run/signals.ts';
import { watchEngine } from '../run/watch-engine.ts';
import { makeStateDir, stateDirOf } from '../state-dir.ts';

import type { Session } from '../run/session.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type WorkerFlags = GlobalFlags & { readonly slots?: string; readonly deliver?: boolean };

/** Serves until SIGINT, SIGTERM or SIGHUP. Answers the exit code. @throws UserError */
export async function workerCommand(
  flags: WorkerFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  if ((await serviceOf(settings.service, settings.env)) === undefined) {
    throw new UserError('BAD_USAGE', 'a worker needs a Temporal service', {
      hint: 'Give --temporal-address host:port (or TEMPORAL_ADDRESS). `builder_cli dev` keeps an embedded engine up, with a worker beside it.',
    });
  }
  return serve({ flags, settings, io, until: 'serving' });
}

/** The part that `worker` and `dev` share. */
export async function serve(options: {
  readonly flags: WorkerFlags;
  readonly settings: Settings;
  readonly io: Io;
  readonly until: string;
}): Promise<number> {
  const { flags, settings, io } = options;
  const slots = slotsOf(flags.slots);
  const stateDir = stateDirOf({
    ...(settings.stateDir === undefined ? {} : { given: settings.stateDir }),
    from: io.cwd,
    cwd: io.cwd,
  });
  makeStateDir(stateDir);
  const { store, records } = await openRecords(stateDir, settings.store);
  const metrics = await openSessionMetrics(settings, stateDir, store, io);
  const signals = listenForSignals();
  const over = new AbortController();
  let unwatch: (() => void) | undefined;
  let session: Session | undefined;
  try {
    const leave = new Promise<'told'>((resolve) => signals.onInterrupt(() => resolve('told')));
    session = await openSession({
      settings,
      stateDir,
      io,
      metrics,
      queues: () => ({
        taskQueue: settings.taskQueue,
        ...(flags.deliver === true ? { deliverQueue: sharedDeliverQueue(settings.taskQueue) } : {}),
      }),
      slots,
      isOpen: recordedRuns(records.read),
    });
    io.say(`state     ${stateDir}`);
    if (session.engine.uiUrl !== undefined) io.say(`ui        ${session.engine.uiUrl}`);
    if (metrics.url !== undefined) io.say(`metrics   ${metrics.url}`);
    io.say(
      `${options.until}   task queue '${settings.taskQueue}', ${slots} steps at once${flags.deliver === true ? ', and deliveries' : ''}; Ctrl-C stops`,
    );
    const { isUp } = session.engine;
    const lost = new Promise<never>((_, reject) => {
      unwatch = watchEngine(isUp, () => reject(engineLost(options.until)));
    });
    const { brokenWorker } = await import('../run/worker-failure.ts');
    await Promise.race([leave, signals.suspended, lost, brokenWorker(session, over.signal)]);
    io.say('stopping: running steps are given back to the service');
    return 0;
  } finally {
    unwatch?.();
    over.abort();
    await session?.close();
    signals.stop();
    await metrics.close();
  }
}

function engineLost(command: string): UserError {
  return new UserError('ENGINE_LOST', 'the engine has ended', {
    exitCode: 3,
    hint: `Every finished step is kept. Start it again: builder_cli ${command}`,
  });
}

function slotsOf(text: string | undefined): number {
  if (text === undefined) return Math.max(2, availableParallelism() * 2);
  const slots = Number(text);
  if (!Number.isInteger(slots) || slots < 1 || slots > 1000) {
    throw new UserError('BAD_USAGE', `--slots is '${text}'; it is a whole number from 1 to 1000`);
  }
  return slots;
}
