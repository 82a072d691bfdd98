/** What is wrong with flags before anybody uses them: an empty text is mostly a variable of a script that is not set. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { UserError } from '../model/errors.ts';

/** @throws UserError BAD_USAGE */
export function checkFlags(
  flags: Readonly<Record<string, unknown>>,
  argument: string | undefined,
  cwd: string,
): void {
  for (const [name, value] of Object.entries(flags)) {
    if (value === '') throw badUsage(`${flagOf(name)} is empty`, 'Is a variable not set?');
  }
  if (argument === '') throw badUsage('the run id is empty', 'Is a variable not set?');
  const { secretsDir } = flags;
  if (typeof secretsDir === 'string' && !isFolder(resolve(cwd, secretsDir))) {
    throw badUsage(`--secrets-dir ${secretsDir} is no folder`);
  }
}

function badUsage(message: string, hint?: string): UserError {
  return new UserError('BAD_USAGE', message, hint === undefined ? {} : { hint });
}

/** `stateDir` as people write it. */
function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
