/** Checks all that a project says: its builder.yaml, and each job file that it lists, with the profile it names. Makes nothing. */

import { relative } from 'node:path';

import { sorted } from '../../definition/check.ts';
import { UserError } from '../../model/errors.ts';
import { DefinitionError } from './definition-error.ts';
import { lookAtJobFiles } from './job-files.ts';
import { lookAtProjectFile } from './project-file.ts';
import { findProjectRoot } from './project-root.ts';

import type { Problem } from '../../model/errors.ts';
import type { ResolvedDefinition } from './definition-source.ts';

export type CheckedJobFile = {
  /** As messages show it. */
  readonly file: string;
  /** Undefined: it has problems, or a run must give it values. */
  readonly definition?: ResolvedDefinition;
};

export type ProjectChecked = {
  readonly jobs: readonly CheckedJobFile[];
  readonly problems: readonly Problem[];
  readonly texts: ReadonlyMap<string, string>;
};

/** Every problem of the project that the folder belongs to. @throws UserError BAD_USAGE where it belongs to none */
export async function validateProject(
  cwd: string,
  validate: (job: string) => Promise<ResolvedDefinition>,
): Promise<ProjectChecked> {
  const root = findProjectRoot({ cwd });
  if (root === undefined) {
    throw new UserError('BAD_USAGE', `${cwd} belongs to no project; name a job with --job`, {
      hint: 'A project is a folder with builder.yaml, package.json or .git.',
    });
  }
  const seen = lookAtProjectFile({ cwd });
  const listed =
    seen.problems.length > 0
      ? { files: [], problems: [] }
      : await lookAtJobFiles(seen.file ?? { root });
  const texts = new Map(seen.texts);
  const problems: Problem[] = [...seen.problems, ...listed.problems];
  const jobs: CheckedJobFile[] = [];
  for (const file of listed.files) {
    const shown = relative(cwd, file);
    try {
      jobs.push({ file: shown, definition: await validate(file) });
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      jobs.push({ file: shown });
      for (const [path, text] of error.texts) texts.set(path, text);
      // What a run must be given is no mistake of the file.
      problems.push(...error.problems.filter(({ code }) => code !== 'BAD_PARAM'));
    }
  }
  return { jobs, problems: sorted(problems), texts };
}
