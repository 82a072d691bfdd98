/** Why `--out` cannot be written, in words, where the filesystem gave a reason. Nothing here touches one. */

import { UserError } from '../../model/errors.ts';

/** Said of what only its user can mend. */
const HINT = 'Mend it, then resume: every finished step is kept.';

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'its folder may not be written by this user',
  EPERM: 'its folder may not be written by this user',
  EROFS: 'its filesystem is read-only',
  EBUSY: 'it is a mount point or in use; give a folder inside it',
  EXDEV: 'it is a mount point; give a folder inside it',
  ENOTDIR: 'a part of its path is a file',
});

/** The failure, with the place and the reason if it is one of the filesystem's. */
export function explain(error: unknown, out: string): Error {
  const known = reasonOf(error);
  if (known === undefined) return error instanceof Error ? error : new Error(String(error));
  const isFull = known === REASONS['ENOSPC'] || known === REASONS['EDQUOT'];
  return new UserError(
    isFull ? 'OUT_OF_SPACE' : 'DELIVERY_FAILED',
    `${out} cannot be written: ${known}; an earlier delivery there is untouched`,
    { hint: HINT, cause: error },
  );
}

/** What the filesystem said, also where the store has put it into its own words. */
function reasonOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  return REASONS[code ?? ''] ?? reasonOf(cause);
}
