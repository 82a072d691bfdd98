/**
 * In a folder where everybody may make files and nobody may touch those of others (`/tmp`), what another user put where
 * this one is about to write is not used: neither a link, nor a folder in which he could change what is staged. The rule
 * is that of Linux for links (`fs.protected_symlinks`): the owner of the folder may put there what he likes.
 */

import { lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { UserError } from '../../model/errors.ts';

import type { Stats } from 'node:fs';

const STICKY = 0o1000;

/** Refuses `path` if another user planted it. @throws UserError LOCK_NOT_OURS */
export async function refusePlanted(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (info === undefined || folder === undefined || !isPlanted(info, folder)) return;
  throw new UserError(
    'LOCK_NOT_OURS',
    `${path} was put by another user (${info.uid}) into a folder where everybody may write; it is not used`,
    { hint: 'Give an --out in a folder of your own.' },
  );
}

/** Whether a file was put into a shared folder by somebody else than this user and the owner of the folder. */
function isPlanted(
  file: Pick<Stats, 'uid'>,
  folder: Pick<Stats, 'uid' | 'mode'>,
  me: number | undefined = process.geteuid?.(),
): boolean {
  if (me === undefined || (folder.mode & STICKY) === 0) return false;
  return file.uid !== me && file.uid !== folder.uid;
}
