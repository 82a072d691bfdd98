/**
 * Finds the state folder: `.builder` beside the nearest project root of the job file, else beside the job.
 *
 * 1. A root is known by builder.yaml, package.json or .git. The home folder is none: it would gather everything.
 * 2. Where an earlier version looked from the working directory and left a state folder that knows this job, that one is
 *    taken: nobody loses reuse, or a run that is still open.
 */

import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { UserError } from '../model/errors.ts';
import { makeOwnFolder, whyNotOwn } from '../os/own-folder.ts';

const ROOT_MARKS = ['builder.yaml', 'package.json', '.git'] as const;

export type StateDir = {
  /** Absolute. */
  readonly path: string;
  /** Set: an earlier version made it; where it would lie otherwise. */
  readonly insteadOf?: string;
};

export type StateDirRequest = {
  /** A state folder that was named; wins. */
  readonly given?: string | undefined;
  /** Path of the job file; absent: what the working directory belongs to. */
  readonly job?: string | undefined;
  /** A folder to look from instead. */
  readonly from?: string | undefined;
  /** The working directory. */
  readonly cwd: string;
  readonly home?: string | undefined;
};

/** Where the state of a job, or of the working directory, lies. Creates nothing. */
export function findStateDir(request: StateDirRequest): StateDir {
  const { given, job, cwd, home = homedir() } = request;
  if (given !== undefined) return { path: resolve(cwd, given) };
  const jobPath = job === undefined ? undefined : resolve(cwd, job);
  const from = jobPath === undefined ? resolve(cwd, request.from ?? '.') : dirname(jobPath);
  const usual = join(rootOf(from, ROOT_MARKS, home) ?? from, '.builder');
  const before = join(rootOf(from, ['package.json', '.git']) ?? resolve(cwd), '.builder');
  if (before !== usual && knows(before, jobPath)) return { path: before, insteadOf: usual };
  return { path: usual };
}

/** The nearest folder upwards that is a project's. */
function rootOf(from: string, marks: readonly string[], home?: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const isRoot = folder !== home && marks.some((mark) => existsSync(join(folder, mark)));
    if (isRoot) return folder;
    if (dirname(folder) === folder) return undefined;
  }
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
  'engine',
  'engine/servers',
  'attempts',
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
