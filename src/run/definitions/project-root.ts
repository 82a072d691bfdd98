/** Finds the folder that a project begins with: the nearest one upwards with builder.yaml, package.json or .git. */

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT_MARKS = ['builder.yaml', 'package.json', '.git'] as const;

export type RootRequest = {
  /** Path of the job file; absent: what the working directory belongs to. */
  readonly job?: string | undefined;
  /** A folder to look from instead. */
  readonly from?: string | undefined;
  /** The working directory. */
  readonly cwd: string;
  /** It is no project: it would gather everything. */
  readonly home?: string | undefined;
};

/** The folder that is looked from. */
export function startOf({ job, from, cwd }: RootRequest): string {
  return job === undefined ? resolve(cwd, from ?? '.') : dirname(resolve(cwd, job));
}

/** The project of a job file or a folder; undefined where it belongs to none. */
export function findProjectRoot(request: RootRequest): string | undefined {
  return nearestWith(startOf(request), ROOT_MARKS, request.home ?? homedir());
}

/** The nearest folder upwards that holds one of these. */
export function nearestWith(
  from: string,
  marks: readonly string[],
  home?: string,
): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const isRoot = folder !== home && marks.some((mark) => existsSync(join(folder, mark)));
    if (isRoot) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}
