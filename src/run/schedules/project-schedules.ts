/** The schedules that a project declares: its builder.yaml says which job files there are, those say when. */

import { relative, resolve } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { lookAtJobFiles } from '../definitions/job-files.ts';
import { lookAtProjectFile } from '../definitions/project-file.ts';
import { findProjectRoot } from '../definitions/project-root.ts';
import { readSchedules } from './declared.ts';

import type { Problem } from '../../model/errors.ts';
import type { DeclaredSchedules } from './declared.ts';

export type ProjectSchedules = DeclaredSchedules & {
  readonly root: string;
  /** Absolute paths of its job files. */
  readonly files: readonly string[];
  /** What is wrong with builder.yaml: which jobs there are is not known. */
  readonly unknown: readonly Problem[];
};

/** Reads them as they are now. Never throws for anything a file may hold. */
export async function readProjectSchedules(cwd: string): Promise<ProjectSchedules> {
  const root = findProjectRoot({ cwd }) ?? cwd;
  const { file, problems, texts } = lookAtProjectFile({ cwd });
  const listed =
    problems.length > 0 ? { files: [], problems } : await lookAtJobFiles(file ?? { root });
  const read = await readSchedules(listed.files, { root, cwd, nowMs: Date.now() });
  return {
    ...read,
    root,
    files: listed.files,
    unknown: listed.problems,
    texts: new Map([...texts, ...read.texts]),
  };
}

/** The absolute paths of the files that are asked for. @throws UserError BAD_USAGE for one that is no job of the project */
export function onlyThese(
  { files, root }: ProjectSchedules,
  jobs: readonly string[] | undefined,
  cwd: string,
): readonly string[] | undefined {
  return jobs?.map((job) => {
    const path = resolve(cwd, job);
    if (files.includes(path)) return path;
    const shown = files.map((file) => relative(root, file)).join(', ');
    throw new UserError('BAD_USAGE', `${job} is no job of the project ${root}`, {
      hint:
        files.length === 0
          ? 'Job files lie in the folder jobs, or where `jobs` of builder.yaml says.'
          : `Its jobs are ${shown}.`,
    });
  });
}
