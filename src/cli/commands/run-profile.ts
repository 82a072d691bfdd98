/** `run-profile`: checks the files, takes `--out`, and runs the plan to its end. */

import { findStateDir } from '../../run/state-dir.ts';
import { serveMetricsWhile } from '../../run/where-to-serve.ts';
import { metricsChoice } from '../project-options.ts';
import { runAndShow } from '../run-command.ts';
import { requestOf } from './validate.ts';

import type { Settings } from '../settings.ts';
import type { Io } from '../io.ts';
import type { DefinitionFlags } from './validate.ts';

export type RunProfileFlags = DefinitionFlags & {
  readonly out: string;
  readonly dryRun?: boolean;
};

/** Runs a job with a profile. Answers the exit code. @throws UserError */
export async function runProfileCommand(
  flags: RunProfileFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  if (flags.dryRun === true) {
    const { explainCommand } = await import('./explain.ts');
    const say = (line: string): void => io.say(line);
    return serveMetricsWhile(metricsChoice(settings), say, () =>
      explainCommand(flags, settings, io),
    );
  }
  return runAndShow({
    settings,
    io,
    stateDir: findStateDir({ given: settings.stateDir, job: flags.job, cwd: io.cwd }),
    shownOut: flags.out,
    work: (project, options) => project.run({ ...requestOf(flags), out: flags.out }, options),
  });
}
