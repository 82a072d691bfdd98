/** `cancel`: tells a run that is going on to stop; it ends CANCELLED, and `resume` can go on with it. */

import { openProject } from '../../index.ts';
import { findRun } from '../../run/one/find-run.ts';
import { commandsFor } from './many-control.ts';
import { projectOptions } from '../project-options.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

/** Cancels a run. Answers the exit code. @throws UserError RUN_NOT_FOUND, ENGINE_UNREACHABLE */
export async function cancelCommand(
  { out }: GlobalFlags & { readonly out?: string },
  settings: Settings,
  io: Io,
  given?: string,
): Promise<number> {
  const many = given === undefined ? undefined : await commandsFor(given, settings, io);
  if (many !== undefined) return many.cancel({}, settings, io, given);
  const wanted = { runId: given, out, isOpen: given === undefined };
  const found = await findRun(wanted, { ...settings, cwd: io.cwd });
  const { record, stateDir, root: store } = found;
  const { run_id: runId } = record;
  await openProject({ ...projectOptions(settings, io), stateDir, store }).cancel(runId);
  if (settings.json) io.out(JSON.stringify({ run_id: runId, cancel: 'requested' }));
  else io.say(`asked run ${runId} to cancel`);
  return 0;
}
