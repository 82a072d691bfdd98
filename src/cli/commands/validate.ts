/** `validate`: reports every problem of both files in one pass, and starts nothing. */

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

/** Checks a definition. Answers 0 or 2. */
export async function validateCommand(
  flags: DefinitionFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  try {
    // What is stored there tells the columns of tables; nothing is made.
    const place = placeOrOwn(flags, settings, io);
    const project = openProject({
      ...projectOptions(place.settings, io),
      stateDir: place.stateDir,
    });
    const { plan, planSha256 } = await project.validate(requestOf(flags));
    const { job, profile, steps } = plan;
    if (settings.json) {
      const about = {
        ok: true,
        job,
        profile,
        steps: steps.length,
        plan_sha256: planSha256,
        problems: [],
      };
      io.out(JSON.stringify(about, null, 2));
    } else {
      io.say(`valid     job ${job} with profile ${profile}, ${steps.length} steps`);
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
function placeOrOwn(
  flags: DefinitionFlags,
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
