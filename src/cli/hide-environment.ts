/**
 * Keeps this process's environment from those who can read `/proc/<pid>/environ`: the commands of its own steps first of
 * all, which get only what a profile names, and would find secrets there.
 *
 * The system shows the memory in which the environment came, whatever becomes of the variables. So each variable is set
 * anew, which puts it elsewhere, and that memory is overwritten through `/proc/self/mem`.
 */

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** `env` must be that of the process: it holds the same afterwards. False where the system shows it in another way, or does not let it be hidden. */
export function hideEnvironment(env: NodeJS.ProcessEnv): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const place = environmentPlace();
    if (place === undefined) return false;
    const memory = openSync('/proc/self/mem', 'r+');
    try {
      for (const [name, value] of Object.entries(env)) env[name] = value;
      writeSync(memory, Buffer.alloc(place.bytes), 0, place.bytes, place.start);
    } finally {
      closeSync(memory);
    }
    return readFileSync('/proc/self/environ').every((byte) => byte === 0);
  } catch {
    return false;
  }
}

/** proc(5): fields 50 and 51 of stat, where the environment begins and ends. */
function environmentPlace(): { readonly start: number; readonly bytes: number } | undefined {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [start, end] = [Number(fields[47]), Number(fields[48])];
  const isPlace = Number.isSafeInteger(start) && start > 0 && end > start;
  return isPlace ? { start, bytes: end - start } : undefined;
}
