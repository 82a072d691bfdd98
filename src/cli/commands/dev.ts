/** `dev`: the embedded engine and its UI, kept up, with a worker for runs nobody drives. Other commands adopt the engine. */

import { UserError } from '../../index.ts';
import { serviceOf } from '../../run/connection.ts';
import { serveAndShow } from './worker.ts';

import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { WorkerFlags } from './worker.ts';

/** Serves until told to stop. Answers the exit code. @throws UserError */
export async function devCommand(flags: WorkerFlags, settings: Settings, io: Io): Promise<number> {
  if ((await serviceOf(settings.service, settings.env)) !== undefined) {
    throw new UserError(
      'BAD_USAGE',
      'dev keeps the embedded engine; with a service use `builder_cli worker`',
      {
        hint: 'Leave --temporal-address and TEMPORAL_ADDRESS out.',
      },
    );
  }
  return serveAndShow({ flags, settings, io, verb: 'dev' });
}
