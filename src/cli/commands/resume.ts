/** `resume`: goes on with a run under its own id; every finished step is kept, whatever happened to the engine. */

import { UserError } from '../../index.ts';
import { findRun } from '../../run/find-run.ts';
import { runAndShow } from '../run-command.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type ResumeFlags = GlobalFlags & { readonly out?: string };

/** Goes on with the run of `--out`, or of the given id. Answers the exit code. @throws UserError */
export async function resumeCommand(
  { out }: ResumeFlags,
  settings: Settings,
  io: Io,
  runId?: string,
): Promise<number> {
  if (runId === undefined && out === undefined) {
    throw new UserError('BAD_USAGE', 'resume needs a run id or --out', {
      hint: '`builder_cli runs` lists the runs.',
    });
  }
  const found = await findRun({ runId, out }, { ...settings, cwd: io.cwd });
  return runAndShow({
    settings: { ...settings, store: found.root },
    io,
    stateDir: { path: found.stateDir },
    shownOut: out,
    work: (project, options) => project.resume(found.record.run_id, options),
  });
}
