/** Tells before a command starts whether it can: a shell's exit code 127 may mean something else. */

import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Undefined if `program` can be started from `cwd` with that `PATH`, else a sentence that says why not. */
export function whyNotFound(program: string, cwd: string, path: string): string | undefined {
  const places = program.includes('/')
    ? [resolve(cwd, program)]
    : path.split(':').map((folder) => join(resolve(cwd, folder), program));
  const files = places.filter(isFile);
  if (files.some(isExecutable)) return undefined;
  if (files.length > 0) {
    return `'${program}' may not be executed; make it executable, or start it by its interpreter, such as [python3, ${program}]`;
  }
  return program.includes('/')
    ? `'${program}' does not exist; name it in \`files\` to have it copied into the working folder`
    : `'${program}' was not found on the PATH of the worker (${path}); install it there, or write ./${program} for one of \`files\``;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
