/** Where a worker finds the value of a secret: its environment, then a folder of files. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { MIN_SECRET_LENGTH } from './redactor.ts';
import { StepError } from '../model/step-error.ts';

/**
 * Looks secrets up by name: `BUILDER_SECRET_<NAME>` in `env`, else the file `<dir>/<NAME>` with one
 * newline at its end cut off. Undefined: this worker has none of that name. Read anew on every call, so
 * that a rotated secret needs no restart. @throws StepError SECRET_TOO_SHORT, naming the secret
 */
export function makeSecrets({
  env,
  dir,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of a folder with one file a secret. */
  readonly dir?: string | undefined;
}): (name: string) => string | undefined {
  return (name) => {
    if (!/^\w+$/.test(name)) return undefined;
    const value =
      env[`BUILDER_SECRET_${name}`] ?? (dir === undefined ? undefined : read(dir, name));
    if (value !== undefined && value.length < MIN_SECRET_LENGTH) {
      throw new StepError(
        'SECRET_TOO_SHORT',
        `the secret '${name}' is shorter than ${MIN_SECRET_LENGTH} characters, too short to be blanked out of logs; give it a longer value`,
      );
    }
    return value;
  };
}

function read(dir: string, name: string): string | undefined {
  try {
    return readFileSync(join(dir, name), 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const hasCode = typeof error === 'object' && error !== null && 'code' in error;
    if (hasCode && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
