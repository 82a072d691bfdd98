/** Says what a failing filesystem means to the person in front of it. Nothing here touches one. */

import { UserError } from '../model/errors.ts';

import type { ErrorCode } from '../model/error-codes.ts';

const FREE_SPACE = 'Free some space, then resume; what was stored before is intact.';
const OTHER_FOLDER = 'Make it writable for this user, or name another folder.';

const MEANINGS: Readonly<
  Record<string, { readonly code: ErrorCode; readonly what: string; readonly hint: string }>
> = Object.freeze({
  ENOSPC: { code: 'OUT_OF_SPACE', what: 'the disk is full', hint: FREE_SPACE },
  EDQUOT: { code: 'OUT_OF_SPACE', what: 'the disk quota is used up', hint: FREE_SPACE },
  EACCES: { code: 'STATE_DIR_UNUSABLE', what: 'permission denied', hint: OTHER_FOLDER },
  EPERM: { code: 'STATE_DIR_UNUSABLE', what: 'not permitted', hint: OTHER_FOLDER },
  EROFS: { code: 'STATE_DIR_UNUSABLE', what: 'read-only filesystem', hint: OTHER_FOLDER },
  ENOTDIR: { code: 'STATE_DIR_UNUSABLE', what: 'a part of the path is a file', hint: OTHER_FOLDER },
});

/** Runs `work`; a refusal of the filesystem comes out in clear words. @throws UserError */
export async function inClearWords<T>(
  doing: string,
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainFsFailure(error, doing, path);
  }
}

/** The failure in clear words if a disk is full, whoever was writing; else as it came. */
export function explainFullDisk(error: unknown, doing: string): unknown {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const isFull = MEANINGS[code ?? '']?.code === 'OUT_OF_SPACE';
  return isFull ? explainFsFailure(error, doing, path ?? '') : error;
}

/** The failure as a UserError where the user can act on it, else as it came. */
export function explainFsFailure(error: unknown, doing: string, path: string): unknown {
  const meaning = MEANINGS[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
  if (meaning === undefined) return error;
  return new UserError(meaning.code, `${`cannot ${doing} ${path}`.trimEnd()}: ${meaning.what}`, {
    hint: meaning.hint,
    cause: error,
  });
}
