/** `forget`: ends the metrics and alerts of a job that is gone; its runs stay on record. */

import { openProject } from '../../index.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

/** Forgets a job. Answers the exit code. @throws UserError JOB_NOT_FOUND */
export async function forgetCommand(
  _flags: GlobalFlags,
  settings: Settings,
  io: Io,
  job = '',
): Promise<number> {
  const place = placeOf(settings, io.cwd);
  const stateDir = place.stateDir.path;
  const project = openProject({ ...projectOptions(place.settings, io), stateDir });
  try {
    await project.forget(job);
  } finally {
    await project.close();
  }
  if (settings.json) io.out(JSON.stringify({ job, forgotten: true }));
  else {
    io.say(`forgotten ${job}: exporters show it no longer, and its alerts end`);
    io.say('          its runs stay on record; when it runs again, it is shown again');
  }
  return 0;
}
