/** `worker`: serves the steps of a Temporal service until it is told to stop; running steps are then given back. */

import { availableParallelism } from 'node:os';

import { openProject, UserError } from '../../index.ts';
import { serviceOf } from '../../run/worker/connection.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { engineLine } from '../render/terminal.ts';
import { makeSignals } from '../signals.ts';

import type { ProjectEvent } from '../../index.ts';
import type { ServeRequest } from '../../run/serve/serve.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type WorkerFlags = GlobalFlags & {
  readonly slots?: string;
  readonly deliver?: boolean;
  readonly deployment?: string;
  readonly buildId?: string;
};

/** Serves until SIGINT, SIGTERM or SIGHUP. Answers the exit code. @throws UserError */
export async function workerCommand(
  flags: WorkerFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  if ((await serviceOf(settings.service, settings.env)) === undefined) {
    throw new UserError('BAD_USAGE', 'a worker needs a Temporal service', {
      hint: 'Give --temporal-address host:port (or TEMPORAL_ADDRESS). `builder_cli serve` keeps an embedded engine up, with a worker beside it.',
    });
  }
  return serveAndShow(flags, settings, io);
}

async function serveAndShow(flags: WorkerFlags, given: Settings, io: Io): Promise<number> {
  const slots = slotsOf(flags.slots);
  const { settings, stateDir: found } = placeOf(given, io.cwd);
  const stateDir = found.path;
  const project = openProject({
    ...projectOptions(settings, io),
    stateDir,
    onEvent: (event) => {
      for (const line of linesOf(event)) io.say(line);
    },
  });
  const signals = makeSignals(settings.env);
  signals.listen();
  try {
    await project.serve({
      slots,
      deliver: flags.deliver === true,
      ...versionOf(flags),
      stop: AbortSignal.any([signals.cancel, signals.suspend]),
    });
    return 0;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'ENGINE_LOST') throw error;
    const { code, message, exitCode, cause } = error;
    const hint = `Every finished step is kept. Start it again: builder_cli worker`;
    throw new UserError(code, message, { exitCode, cause, hint });
  } finally {
    await project.close();
    signals.stop();
  }
}

/** @throws UserError BAD_USAGE */
function versionOf({ deployment, buildId }: WorkerFlags): Pick<ServeRequest, 'version'> {
  if (deployment === undefined) {
    if (buildId === undefined) return {};
    throw new UserError('BAD_USAGE', '--build-id is of a worker deployment', {
      hint: 'Give --deployment, too.',
    });
  }
  return { version: { deployment, ...(buildId === undefined ? {} : { build: buildId }) } };
}

function linesOf(event: ProjectEvent): readonly string[] {
  switch (event.type) {
    case 'engine':
      return [engineLine(event)];
    case 'serving': {
      const { stateDir, uiUrl, metricsUrl, taskQueue, slots, delivers } = event;
      return [
        `state     ${stateDir}`,
        ...(uiUrl === undefined ? [] : [`ui        ${uiUrl}`]),
        ...(metricsUrl === undefined ? [] : [`metrics   ${metricsUrl}`]),
        `serving   task queue '${taskQueue}', ${slots} steps at once${delivers ? ', and deliveries' : ''}; Ctrl-C stops`,
      ];
    }
    case 'stopping':
      return ['stopping: running steps are given back to the service'];
    case 'stopped':
      return ['stopped'];
    case 'refused':
      return [`refused   an order that no command gave; nothing was executed (${event.why})`];
    case 'said':
      return [event.text];
    default:
      return [];
  }
}

/** Steps at once, by the flag or the machine. @throws UserError BAD_USAGE */
export function slotsOf(text: string | undefined): number {
  if (text === undefined) return Math.max(2, availableParallelism() * 2);
  const slots = Number(text);
  if (!Number.isInteger(slots) || slots < 1 || slots > 1000) {
    throw new UserError('BAD_USAGE', `--slots is '${text}'; it is a whole number from 1 to 1000`);
  }
  return slots;
}
