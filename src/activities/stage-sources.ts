/** Outside files of a step: hashed for the look-up, and copied in; what was really copied has a hash of its own. */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { piecesOf } from '../os/pieces.ts';
import { StepError } from '../model/step-error.ts';

import type { FoundFile } from './expand-globs.ts';
import type { StagedFile } from '../model/attempt-inputs.ts';

export type HashedSource = {
  readonly original: string;
  readonly below: string;
  readonly sha256: string;
};

/** sha256 of each file's bytes now. @throws StepError FILE_NOT_FOUND */
export async function hashSources(
  files: readonly FoundFile[],
  signal: AbortSignal,
  onProgress?: () => void,
): Promise<readonly HashedSource[]> {
  const hashed: HashedSource[] = [];
  for (const { path, below } of files) {
    const { sha256 } = await reading(path, () => hashOf(path, { signal, onProgress }));
    hashed.push({ original: path, below, sha256 });
  }
  return hashed;
}

/** Copies each file to `<folder>/sources/<n>/<base name>`, hashing what was really copied. A reflink where the disk can. */
export async function stageSources(
  files: readonly FoundFile[],
  folder: string,
  signal: AbortSignal,
  onProgress?: () => void,
): Promise<readonly (StagedFile & HashedSource)[]> {
  const staged: (StagedFile & HashedSource)[] = [];
  for (const [n, { path, below }] of files.entries()) {
    const target = join(folder, 'sources', String(n), basename(path));
    await mkdir(dirname(target), { recursive: true });
    const isCloned = await copyFile(path, target, constants.COPYFILE_FICLONE_FORCE).then(
      () => true,
      () => false,
    );
    const hashed = await reading(path, () =>
      isCloned
        ? hashOf(target, { signal, onProgress })
        : hashOf(path, { signal, onProgress, target }),
    );
    staged.push({ original: path, below, path: target, ...hashed });
  }
  return staged;
}

/** Reads a file once for its hash and length, and writes what was read to `target`. */
async function hashOf(
  path: string,
  {
    signal,
    onProgress,
    target,
  }: {
    readonly signal: AbortSignal;
    readonly onProgress?: (() => void) | undefined;
    readonly target?: string;
  },
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const copy = target === undefined ? undefined : await open(target, 'w');
  try {
    for await (const piece of piecesOf(path)) {
      signal.throwIfAborted();
      // Written by another thread while it is hashed by this one.
      const writing = copy?.writeFile(piece);
      hash.update(piece);
      await writing;
      bytes += piece.length;
      onProgress?.();
    }
  } finally {
    await copy?.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES' || code === 'ENOTDIR') {
      const why = {
        ENOENT: 'does not exist',
        ENOTDIR: 'does not exist',
        EISDIR: 'is a folder',
        EACCES: 'may not be read by this user',
      }[code];
      throw new StepError('FILE_NOT_FOUND', `the file ${path} ${why}`, { cause: error });
    }
    throw error;
  }
}
