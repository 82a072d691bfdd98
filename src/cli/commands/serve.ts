/** `serve`, and `dev`: one long-lived process for a project. Engine, scheduled runs, metrics; other commands adopt the engine. */

import { openProject, UserError } from '../../index.ts';
import { findProjectRoot } from '../../run/definitions/project-root.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { makeServeLog } from '../render/serve-log.ts';
import { makeSignals } from '../signals.ts';
import { slotsOf } from './worker.ts';

import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { LogForm } from '../render/serve-log.ts';
import type { WorkerFlags } from './worker.ts';

type ServeFlags = Omit<WorkerFlags, 'deliver'> & {
  readonly log?: LogForm;
  readonly schedules?: boolean;
};

/** Serves until SIGINT, SIGTERM or SIGHUP. Answers the exit code. @throws UserError */
export async function serveCommand(flags: ServeFlags, settings: Settings, io: Io): Promise<number> {
  const log = flags.log ?? (io.stream.isTTY ? 'text' : 'json');
  return serveAndLog({ ...flags, log }, settings, io);
}

/** The same for somebody who watches. @throws UserError */
export async function devCommand(flags: ServeFlags, settings: Settings, io: Io): Promise<number> {
  return serveAndLog({ ...flags, log: flags.log ?? 'text' }, settings, io);
}

async function serveAndLog(
  flags: ServeFlags & { readonly log: LogForm },
  given: Settings,
  io: Io,
): Promise<number> {
  const slots = slotsOf(flags.slots);
  const { settings, stateDir } = placeOf(given, io.cwd);
  const log = await makeServeLog(flags.log, io);
  const project = openProject({
    ...projectOptions(settings, io),
    stateDir: stateDir.path,
    onEvent: (event) => log.tell(event),
  });
  if (settings.stateDir === undefined && findProjectRoot({ cwd: io.cwd }) === undefined) {
    log.tell({ type: 'said', text: noProject(stateDir.path) });
  }
  const signals = makeSignals(settings.env);
  signals.listen();
  try {
    await project.serve({
      slots,
      orders: true,
      schedules: flags.schedules !== false,
      stop: AbortSignal.any([signals.cancel, signals.suspend]),
    });
    return 0;
  } catch (error) {
    log.failed(error);
    // A log of JSON lines holds no other words, and has told it.
    if (flags.log === 'json' && error instanceof UserError && !settings.json) return error.exitCode;
    throw error;
  } finally {
    await project.close();
    signals.stop();
  }
}

/** A job of a folder below would keep its state there, where this process does not look. */
function noProject(stateDir: string): string {
  return `project   none begins here: served is ${stateDir}, and jobs in folders below have a state of their own; with a builder.yaml, be it empty, this folder is their project`;
}
