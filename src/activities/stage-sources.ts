/** Outside files of a step: hashed before the look-up, copied and hashed again on the way in. */

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StepError } from '../model/step-error.ts';

import type { StagedFile } from '../model/attempt-inputs.ts';

export type HashedSource = { readonly original: string; readonly sha256: string };

/** sha256 of each file's bytes now. @throws StepError FILE_NOT_FOUND */
export async function hashSources(
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly HashedSource[]> {
  const hashed: HashedSource[] = [];
  for (const original of paths) {
    const hash = createHash('sha256');
    await reading(original, () => pipeline(createReadStream(original), hash, { signal }));
    hashed.push({ original, sha256: hash.digest('hex') });
  }
  return hashed;
}

/** Copies each file to `<folder>/sources/<n>/<base name>`, hashing what was really copied. */
export async function stageSources(
  paths: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<readonly StagedFile[]> {
  const staged: StagedFile[] = [];
  for (const [n, original] of paths.entries()) {
    const target = join(folder, 'sources', String(n), basename(original));
    await mkdir(join(folder, 'sources', String(n)), { recursive: true });
    const hash = createHash('sha256');
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    await reading(original, () =>
      pipeline(createReadStream(original), meter, createWriteStream(target), { signal }),
    );
    staged.push({ original, path: target, sha256: hash.digest('hex'), bytes });
  }
  return staged;
}

async function reading(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
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
