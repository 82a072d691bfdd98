/** Finds the state folder: `.builder` beside the nearest project root of the job file, else of the working directory. */

import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { UserError } from '../model/errors.ts';

const ROOT_MARKS = ['package.json', '.git'] as const;

/** Absolute path of the state folder. `given` (a flag) wins; `from` is the job file's folder or the working directory. */
export function stateDirOf(options: {
  readonly given?: string;
  readonly from: string;
  readonly cwd: string;
}): string {
  if (options.given !== undefined) return resolve(options.cwd, options.given);
  let folder = resolve(options.cwd, options.from);
  for (;;) {
    if (ROOT_MARKS.some((mark) => existsSync(join(folder, mark)))) return join(folder, '.builder');
    const parent = dirname(folder);
    if (parent === folder) return join(options.cwd, '.builder');
    folder = parent;
  }
}

/** Creates the state folder. @throws UserError STATE_DIR_UNUSABLE */
export function makeStateDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `the state folder ${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { hint: 'Give another one with --state-dir.', cause: error },
    );
  }
}
