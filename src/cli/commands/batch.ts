/** `batch`: makes many jobs as one thing, so many at once; typed again it goes on, or makes them again, reusing what is known. */

import { relative } from 'node:path';

import { AT_MOST_LIMIT } from '../../model/backfill.ts';
import { DefinitionError, openProject, UserError } from '../../index.ts';
import { driveAndShow } from '../drive-and-show.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { reportProblems } from '../report.ts';
import { wholeNumber } from '../settings.ts';

import type { BatchRequest, Project } from '../../index.ts';
import type { Problem } from '../../model/errors.ts';
import type { StateDir } from '../../run/definitions/state-dir.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type BatchFlags = GlobalFlags & {
  readonly job?: readonly string[];
  readonly profile?: string;
  readonly param?: readonly string[];
  readonly out?: string;
  readonly partition?: readonly string[];
  readonly atMost?: string;
  readonly dryRun?: boolean;
};

/** Begins a batch, or goes on with the same one. Answers the exit code. @throws UserError */
export async function batchCommand(flags: BatchFlags, settings: Settings, io: Io): Promise<number> {
  const request = await requestOf(flags, io);
  const [first] = request.jobs;
  const { project: _, ...place } = placeOf(settings, io.cwd, first);
  if (settings.stateDir === undefined) await refuseOthers(request.jobs, place.stateDir, io);
  if (flags.dryRun === true) return showChosen(request, { ...place, io });
  return driveAndShow({
    ...{ ...place, io },
    ...(flags.out === undefined ? {} : { shownOut: flags.out }),
    rows: 'runs',
    nothing: 'no partition of the jobs is missing, or what was asked for',
    work: (project, options) => project.batches.run(request, options),
  });
}

/** With the job files by their paths. @throws UserError BAD_USAGE, FILE_NOT_FOUND */
async function requestOf(flags: BatchFlags, io: Io): Promise<BatchRequest> {
  const { profile, param: params = [], out, partition: partitions = [], atMost } = flags;
  const { jobPathsOf } = await import('../../run/many/run-batch.ts');
  const jobs =
    flags.job === undefined ? await jobsOfProject(io.cwd) : await jobPathsOf(flags.job, io.cwd);
  if (jobs.length === 0) {
    throw new UserError('BAD_USAGE', 'batch needs --job: there is no job in the project', {
      hint: "builder_cli batch --job 'jobs/*.yaml'",
    });
  }
  return {
    ...{ jobs, profile, params, out, partitions },
    ...(atMost === undefined ? {} : { atMost: wholeNumber('--at-most', atMost, 1, AT_MOST_LIMIT) }),
  };
}

async function jobsOfProject(cwd: string): Promise<readonly string[]> {
  const { listJobFiles } = await import('../../run/definitions/job-files.ts');
  const { readProjectFile } = await import('../../run/definitions/project-file.ts');
  const { findProjectRoot } = await import('../../run/definitions/project-root.ts');
  return listJobFiles(readProjectFile({ cwd }) ?? { root: findProjectRoot({ cwd }) ?? cwd });
}

/** Runs are recorded in one state folder. @throws UserError BAD_USAGE */
async function refuseOthers(jobs: readonly string[], stateDir: StateDir, io: Io): Promise<void> {
  const { findStateDir } = await import('../../run/definitions/state-dir.ts');
  for (const job of jobs) {
    if (findStateDir({ job, cwd: io.cwd }).path === stateDir.path) continue;
    const shown = [jobs[0]!, job].map((path) => relative(io.cwd, path)).join(' and ');
    throw new UserError('BAD_USAGE', `${shown} are jobs of two projects`, {
      hint: 'Make a batch of each, or name one state folder for all with --state-dir.',
    });
  }
}

async function showChosen(
  request: BatchRequest,
  about: { readonly settings: Settings; readonly io: Io; readonly stateDir: StateDir },
): Promise<number> {
  const { settings, io, stateDir } = about;
  const project = openProject({ ...projectOptions(settings, io), stateDir: stateDir.path });
  const runs = await project.batches.choose(request);
  const { problems, texts } = await brokenOf(project, request, runs);
  await project.close();
  if (settings.json) io.out(JSON.stringify({ runs, problems }, null, 2));
  for (const { job, partition, out } of settings.json ? [] : runs) {
    io.out([job, partition, relative(io.cwd, out)].filter((word) => word !== undefined).join('  '));
  }
  if (problems.length > 0 && !settings.json) reportProblems(problems, texts, io);
  io.say(`${runs.length} run${runs.length === 1 ? '' : 's'} would be made; nothing was started`);
  return problems.length > 0 ? 2 : 0;
}

/** What is wrong with the definitions of the runs: each would end FAIL, and stop no other. */
async function brokenOf(
  project: Project,
  { profile, params = [] }: BatchRequest,
  runs: Awaited<ReturnType<Project['batches']['choose']>>,
): Promise<{ readonly problems: readonly Problem[]; readonly texts: ReadonlyMap<string, string> }> {
  const problems = new Map<string, Problem>();
  const texts = new Map<string, string>();
  for (const { job_path: job, partition } of runs) {
    const asked = { job, params, ...(profile && { profile }), ...(partition && { partition }) };
    try {
      await project.validate(asked);
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      for (const problem of error.problems) problems.set(JSON.stringify(problem), problem);
      for (const [path, text] of error.texts) texts.set(path, text);
    }
  }
  return { problems: [...problems.values()], texts };
}
