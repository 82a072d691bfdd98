/** `give-up`: ends a run that was left open and that nobody will resume. */

import { openProject } from '../../index.ts';
import { findRun } from '../../run/one/find-run.ts';
import { projectOptions } from '../project-options.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

/** Gives a run up. Answers the exit code. @throws UserError RUN_NOT_FOUND, NOTHING_TO_RESUME, OUT_BUSY */
export async function giveUpCommand(
  { out }: GlobalFlags & { readonly out?: string },
  settings: Settings,
  io: Io,
  given?: string,
): Promise<number> {
  const wanted = { runId: given, out, isOpen: given === undefined };
  const found = await findRun(wanted, { ...settings, cwd: io.cwd });
  const { record, stateDir, root: store } = found;
  const project = openProject({ ...projectOptions(settings, io), stateDir, store });
  try {
    const { run_id: runId, status } = await project.giveUp(record.run_id);
    if (settings.json) io.out(JSON.stringify({ run_id: runId, status }));
    else
      io.say(
        `run ${runId} is given up: it ended ${status}, and what its steps made is kept for later runs`,
      );
  } finally {
    await project.close();
  }
  return 0;
}
