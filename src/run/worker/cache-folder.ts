/** Where this user's caches lie, as the XDG base directories say: a variable that is empty or relative counts as absent. */

import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Absolute path of the folder below which programs keep what they can make again. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['XDG_CACHE_HOME'] ?? '';
  return isAbsolute(given) ? given : join(env['HOME'] || homedir(), '.cache');
}
