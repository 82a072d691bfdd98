/** A lock that is a file naming its holder. A dead holder's lock is taken over, by one of all who try. */

import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

import { createFile, removeIfUnchanged, replaceFile } from './atomic.ts';
import { isAlive } from './process-identity.ts';

import type { ProcessIdentity } from './process-identity.ts';

/** What one try gave: the lock, or the text of whom holds it. */
export type Taken = { readonly taken: true } | { readonly taken: false; readonly by: string };

const TRY_AGAIN_MS = 20;

/**
 * Writes `text`, which holds a ProcessIdentity as JSON, to `path` unless a living process has it.
 * Temporary files lie in `tmp`.
 */
export async function takeFileLock(
  path: string,
  text: string,
  { tmp }: { readonly tmp: string },
): Promise<Taken> {
  for (;;) {
    if (await createFile(path, text, { tmp, sync: false })) return { taken: true };
    const held = await readHolder(path);
    if (held === undefined) continue;
    if (held.isAlive) return { taken: false, by: held.text };
    // Only who holds the right to take over may replace the dead holder's lock, and looks again first.
    const right = `${path}.takeover`;
    if (await createFile(right, text, { tmp, sync: false })) {
      const isStillDead = (await readHolder(path))?.text === held.text;
      if (isStillDead) await replaceFile(path, text, { tmp });
      await removeIfUnchanged(right, text, { tmp });
      if (isStillDead) return { taken: true };
      continue;
    }
    const rival = await readHolder(right);
    if (rival?.isAlive === false) await removeIfUnchanged(right, rival.text, { tmp });
    else await wait(TRY_AGAIN_MS);
  }
}

async function readHolder(
  path: string,
): Promise<{ readonly text: string; readonly isAlive: boolean } | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return { text, isAlive: isAlive(JSON.parse(text) as ProcessIdentity) };
  } catch {
    return { text, isAlive: false };
  }
}
