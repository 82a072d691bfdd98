/**
 * Finds the state folder: what builder.yaml says, else `.builder` beside the nearest project root of the job file, else
 * beside the job.
 *
 * Where an earlier version looked from the working directory and left a state folder that knows this job, that one is
 * taken: nobody loses reuse, or a run that is still open.
 */

import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { makeOwnFolder, whyNotOwn } from '../../os/own-folder.ts';
import { readProjectFile } from './project-file.ts';
import { findProjectRoot, nearestWith, startOf } from './project-root.ts';

import type { RootRequest } from './project-root.ts';

export type StateDir = {
  /** Absolute. */
  readonly path: string;
  /** Set: an earlier version made it; where it would lie otherwise. */
  readonly insteadOf?: string;
};

export type StateDirRequest = RootRequest & {
  /** A state folder that was named; wins. */
  readonly given?: string | undefined;
};

/** Where the state of a job, or of the working directory, lies. Creates nothing. @throws DefinitionError for builder.yaml */
export function findStateDir(request: StateDirRequest): StateDir {
  const { given, job, cwd } = request;
  if (given !== undefined) return { path: resolve(cwd, given) };
  const said = readProjectFile(request)?.stateDir;
  if (said !== undefined) return { path: said };
  const from = startOf(request);
  const usual = join(findProjectRoot(request) ?? from, '.builder');
  const before = join(nearestWith(from, ['package.json', '.git']) ?? resolve(cwd), '.builder');
  const jobPath = job === undefined ? undefined : resolve(cwd, job);
  if (before !== usual && knows(before, jobPath)) return { path: before, insteadOf: usual };
  return { path: usual };
}

/**
 * True if a state folder holds a run of this job, or any run where no job is asked for. By the copies for people, which
 * every version writes: a hint where to look, never a record.
 */
function knows(stateDir: string, jobPath: string | undefined): boolean {
  return namesIn(join(stateDir, 'runs')).some((name) => {
    if (jobPath === undefined) return true;
    try {
      const text = readFileSync(join(stateDir, 'runs', name, 'run.json'), 'utf8');
      return (JSON.parse(text) as { readonly job_path?: unknown }).job_path === jobPath;
    } catch {
      return false;
    }
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What is read there is obeyed: plans, results, the address of the engine. */
const OBEYED = [
  'runs',
  'store',
  'store/journal',
  'store/artifacts',
  'store-cache',
  'engine',
  'engine/servers',
  'attempts',
  'hooks',
  'hooks/due',
  'hooks/prepared',
] as const;

/** Creates the state folder, for this user alone; one that others could have written into is refused. @throws UserError STATE_DIR_UNUSABLE */
export function makeStateDir(path: string): void {
  try {
    makeOwnFolder(path);
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `the state folder ${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { hint: 'Give another one with --state-dir.', cause: error },
    );
  }
  checkStateDir(path);
}

/**
 * Refuses a state folder that others could have written into, if there is one: also a look at it follows what lies
 * there, and `prune` removes what its folders, or links in their place, lead to. @throws UserError STATE_DIR_UNUSABLE
 */
export function checkStateDir(path: string): void {
  const why = whyNotOwn(path, OBEYED);
  if (why === undefined) return;
  throw new UserError(
    'STATE_DIR_UNUSABLE',
    `the state folder is not used: ${why}, and what lies there would be obeyed`,
    {
      hint: `Give a folder of your own with --state-dir; results can be shared by --store. If nobody but you has used it: chown -R or chmod -R go-w ${path}`,
    },
  );
}
