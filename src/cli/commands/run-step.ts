/** `run-step`: one step of a job with what it needs, or with all that needs it; into a folder beside the delivery. */

import { join, relative } from 'node:path';

import { folderOfSteps } from '../../model/chosen-steps.ts';
import { UserError } from '../../index.ts';
import { serveMetricsWhile } from '../../run/where-to-serve.ts';
import { placeOf } from '../place.ts';
import { metricsChoice } from '../project-options.ts';
import { runAndShow } from '../run-command.ts';
import { requestOf } from '../definition-flags.ts';

import type { ChosenSteps } from '../../model/plan.ts';
import type { Settings } from '../settings.ts';
import type { Io } from '../io.ts';
import type { DefinitionFlags } from '../definition-flags.ts';

export type RunStepFlags = Omit<DefinitionFlags, 'partition'> & {
  readonly step: string;
  readonly downstream?: boolean;
  readonly force?: boolean;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly partition?: string;
};

/** Runs some steps. Answers the exit code. @throws UserError */
export async function runStepCommand(
  flags: RunStepFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  const only: ChosenSteps = {
    step: flags.step,
    ...(flags.downstream === true ? { downstream: true } : {}),
    ...(flags.force === true ? { force: true } : {}),
  };
  const out = flags.out ?? (await shownOwnOut(flags.job, io.cwd));
  const whole = { ...flags, out };
  if (flags.dryRun === true) {
    const { showPlan } = await import('./explain.ts');
    const say = (line: string): void => io.say(line);
    return serveMetricsWhile(metricsChoice(settings), say, () =>
      showPlan(whole, settings, io, only),
    );
  }
  const partition = await partitionOf(whole, io.cwd);
  const { project: _, ...place } = placeOf(settings, io.cwd, flags.job);
  const request = {
    ...requestOf(flags),
    out,
    only,
    ...(partition === undefined ? {} : { partition }),
  };
  const folder = folderOfSteps(out, only);
  return runAndShow({
    ...{ ...place, io },
    shownOut: partition === undefined ? folder : join(folder, partition),
    work: (project, options) => project.run(request, options),
  });
}

async function shownOwnOut(job: string, cwd: string): Promise<string> {
  const { ownOut } = await import('../../run/many/own-out.ts');
  const { out } = await ownOut(job, cwd);
  const short = relative(cwd, out);
  return short.startsWith('..') ? out : short;
}

/** The one that is meant; undefined for a job that is not cut. @throws UserError BAD_PARTITION, BAD_USAGE */
async function partitionOf(
  { partition: word, ...flags }: RunStepFlags & { readonly out: string },
  cwd: string,
): Promise<string | undefined> {
  const { choosePartitions } = await import('../../run/many/partitions.ts');
  const words = word === undefined ? [] : [word];
  const chosen = await choosePartitions({ ...requestOf(flags), out: flags.out }, words, { cwd });
  if (chosen.length > 1 || (word !== undefined && chosen.length === 0)) {
    throw new UserError('BAD_USAGE', `--partition ${word} means ${chosen.length} partitions`, {
      hint: 'run-step makes one: give its id.',
    });
  }
  return chosen[0];
}
