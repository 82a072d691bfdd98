/** `validate` without a job: builder.yaml and all job files of the project, each with the profile it names. */

import { openProject, UserError } from '../../index.ts';
import { validateProject } from '../../run/definitions/validate-project.ts';
import { projectOptions } from '../project-options.ts';
import { reportProblems } from '../report.ts';
import { placeOrOwn } from '../place.ts';

import type { CheckedJobFile } from '../../run/definitions/validate-project.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { ValidateFlags } from '../definition-flags.ts';

/** Checks the project. Answers 0 or 2. @throws UserError BAD_USAGE */
export async function validateAllCommand(
  { profile, param, partition }: ValidateFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  for (const [flag, value] of Object.entries({ profile, param, partition })) {
    if (value !== undefined) throw new UserError('BAD_USAGE', `--${flag} needs --job`);
  }
  const place = placeOrOwn({}, settings, io);
  const project = openProject({ ...projectOptions(place.settings, io), stateDir: place.stateDir });
  const checked = await validateProject(io.cwd, (job) => project.validate({ job }));
  const { jobs, problems, texts } = checked;
  const code = problems.length > 0 ? 2 : 0;
  if (settings.json) {
    io.out(JSON.stringify({ ok: code === 0, jobs: jobs.map(jsonOf), problems }, null, 2));
    return code;
  }
  const width = Math.max(0, ...jobs.map(({ file }) => file.length));
  for (const { file, definition } of jobs) {
    if (definition === undefined) continue;
    const { job, profile: name, steps } = definition.plan;
    io.say(
      `valid     ${file.padEnd(width)}  job ${job} with profile ${name}, ${steps.length} steps`,
    );
  }
  if (code !== 0) reportProblems(problems, texts, io);
  else io.say(jobs.length === 1 ? '1 job checked' : `${jobs.length} jobs checked`);
  return code;
}

function jsonOf({ file, definition }: CheckedJobFile): Record<string, unknown> {
  if (definition === undefined) return { file };
  const { plan, planSha256 } = definition;
  const { job, profile, steps } = plan;
  return { file, job, profile, steps: steps.length, plan_sha256: planSha256 };
}
