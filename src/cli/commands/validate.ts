/** `validate --job`: reports every problem of the files of a job in one pass, and starts nothing. */

import { DefinitionError, openProject } from '../../index.ts';
import { projectOptions } from '../project-options.ts';
import { reportProblems } from '../report.ts';
import { placeOrOwn } from '../place.ts';
import { requestOf } from '../definition-flags.ts';

import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { ValidateFlags } from '../definition-flags.ts';

/** Checks a definition, or all of the project. Answers 0 or 2. @throws UserError BAD_USAGE */
export async function validateCommand(
  { job: file, ...rest }: ValidateFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  if (file === undefined) {
    const { validateAllCommand } = await import('./validate-all.ts');
    return validateAllCommand(rest, settings, io);
  }
  const flags = { ...rest, job: file };
  try {
    // What is stored there tells the columns of tables; nothing is made.
    const place = placeOrOwn(flags, settings, io);
    const project = openProject({
      ...projectOptions(place.settings, io),
      stateDir: place.stateDir,
    });
    const { plan, planSha256, remarks } = await project.validate(requestOf(flags));
    const { job, profile, steps } = plan;
    const { absentSecrets } = await import('../../run/definitions/absent-secrets.ts');
    const absent = absentSecrets(plan, { env: settings.env, dir: settings.secretsDir });
    if (settings.json) {
      const about = {
        ok: true,
        job,
        profile,
        steps: steps.length,
        plan_sha256: planSha256,
        problems: [],
        remarks,
        absent_secrets: absent.map(({ step, secret }) => ({ step, secret })),
      };
      io.out(JSON.stringify(about, null, 2));
    } else {
      io.say(`valid     job ${job} with profile ${profile}, ${steps.length} steps`);
      for (const remark of remarks) io.say(`remark    schedule.cron: ${remark}`);
      for (const { step, secret, why } of absent) {
        io.say(`remark    step '${step}': the secret '${secret}' ${why}`);
      }
    }
    return 0;
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const { code, message, problems } = error;
    if (settings.json) {
      io.out(JSON.stringify({ ok: false, error: { code, message, problems } }, null, 2));
    } else reportProblems(error.problems, error.texts, io);
    return 2;
  }
}
