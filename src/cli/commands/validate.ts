/** `validate --job`: reports every problem of the files of a job in one pass, and starts nothing. */

import { resolve } from 'node:path';

import { DefinitionError, openProject } from '../../index.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { reportProblems } from '../report.ts';

import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type DefinitionFlags = GlobalFlags & {
  readonly job: string;
  readonly profile?: string;
  readonly param?: readonly string[];
  /** Id of a partition, or `latest`. */
  readonly partition?: string;
};

export type ValidateFlags = Omit<DefinitionFlags, 'job'> & { readonly job?: string };

/** The definition that flags name. */
export function requestOf({ job, profile, param = [], partition }: DefinitionFlags): {
  readonly job: string;
  readonly profile?: string;
  readonly params: readonly string[];
  readonly partition?: string;
} {
  return {
    job,
    ...(profile === undefined ? {} : { profile }),
    params: param,
    ...(partition === undefined ? {} : { partition }),
  };
}

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
    const { absentSecrets } = await import('../../run/absent-secrets.ts');
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

/** What is wrong in builder.yaml is reported with the rest; until it is mended nothing stored is known. */
export function placeOrOwn(
  flags: Pick<DefinitionFlags, 'job'> | { readonly job?: undefined },
  settings: Settings,
  io: Io,
): { readonly settings: Settings; readonly stateDir: string } {
  try {
    const place = placeOf(settings, io.cwd, flags.job);
    return { settings: place.settings, stateDir: place.stateDir.path };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return { settings, stateDir: settings.stateDir ?? resolve(io.cwd, '.builder') };
  }
}
