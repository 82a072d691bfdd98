/** `logs`: what the steps of a run wrote, as it lies beside its record. */

import { openProject } from '../../index.ts';
import { findRun } from '../../run/one/find-run.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

/** Prints logs. Answers the exit code. @throws UserError RUN_NOT_FOUND, BAD_USAGE */
export async function logsCommand(
  { out, step }: GlobalFlags & { readonly out?: string; readonly step?: string },
  settings: Settings,
  io: Io,
  runId?: string,
): Promise<number> {
  const found = await findRun({ runId, out }, { ...settings, cwd: io.cwd });
  const { record, stateDir, root: store } = found;
  const logs = await openProject({ stateDir, store, cwd: io.cwd }).logs(record.run_id, step);
  if (settings.json) {
    io.out(JSON.stringify({ run_id: record.run_id, logs }, null, 2));
    return 0;
  }
  for (const [id, text] of Object.entries(logs)) {
    for (const line of text.trimEnd().split('\n')) io.out(`${id}  ${line}`);
  }
  return 0;
}
