/** The job files of a project, by the globs of its builder.yaml; without them those in its folder `jobs`. */

import { join } from 'node:path';

import { expandGlobs, literalFolder } from '../../activities/expand-globs.ts';
import { DefinitionError } from './definition-error.ts';

import type { Problem } from '../../model/errors.ts';
import type { ProjectFileSeen, ProjectFile } from './project-file.ts';

/** Where jobs lie if nobody says so; none there is no mistake. */
const USUAL_JOBS = ['jobs/*.yaml', 'jobs/*.yml'] as const;

/** Absolute and sorted, each once. @throws DefinitionError with every glob that means no file */
export async function listJobFiles(
  /** The root of the project, or its builder.yaml. */
  project: { readonly root: string } | ProjectFile,
  texts: ProjectFileSeen['texts'] = new Map(),
): Promise<readonly string[]> {
  const { files, problems } = await lookAtJobFiles(project);
  if (problems.length > 0) throw new DefinitionError(problems, texts);
  return files;
}

/** The same, for who has more to report. */
export async function lookAtJobFiles(
  project: { readonly root: string } | ProjectFile,
): Promise<{ readonly files: readonly string[]; readonly problems: readonly Problem[] }> {
  const said = 'jobs' in project ? project.jobs : undefined;
  const found = new Set<string>();
  const problems: Problem[] = [];
  for (const { glob, at } of said ?? USUAL_JOBS.map((each) => ({ glob: each, at: undefined }))) {
    try {
      const pattern = glob.startsWith('/') ? glob : join(literalFolder(project.root), glob);
      for (const { path } of await expandGlobs([pattern])) found.add(path);
    } catch (error) {
      if (at === undefined) continue;
      const message = `jobs: '${glob}': ${(error as Error).message}`;
      const hint = 'Paths are relative to builder.yaml.';
      problems.push({ code: 'FILE_NOT_FOUND', ...at, message, hint });
    }
  }
  return { files: [...found].sort(), problems };
}
