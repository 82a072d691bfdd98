/** Puts the staged files of a step side by side into its working folder, ready to be started. */

import { chmod, copyFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StepError } from '../../model/step-error.ts';

import type { StepContext } from '../contract.ts';

/** Two paths with one base name among these, if any: they cannot lie side by side. */
export function sameName(paths: readonly string[]): readonly [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const other = seen.get(basename(path));
    if (other !== undefined) return [other, path];
    seen.set(basename(path), path);
  }
  return undefined;
}

/**
 * Moves every source to `<folder>/<base name>`; what was executable still is. Answers their names.
 * @throws StepError BAD_OPTION for two of one name, or one that has the name of a folder in use
 */
export async function placeFiles(
  { sources, folder }: Pick<StepContext, 'sources' | 'folder'>,
  taken: readonly string[],
): Promise<readonly string[]> {
  const twice = sameName(sources.map(({ original }) => original));
  if (twice !== undefined) {
    throw new StepError(
      'BAD_OPTION',
      `files: ${twice.join(' and ')} have the same name; they are placed side by side`,
    );
  }
  for (const { original, path } of sources) {
    const name = basename(original);
    if (taken.includes(name)) {
      throw new StepError('BAD_OPTION', `files: ${original} needs another name than '${name}'`);
    }
    const target = join(folder, name);
    // Another filesystem, or a file that may not be moved: a copy does as well.
    await rename(path, target).catch(async () => copyFile(path, target));
    const mode = (await stat(original).catch(() => undefined))?.mode ?? 0;
    if ((mode & 0o100) !== 0) await chmod(target, 0o755);
  }
  await rm(join(folder, 'sources'), { recursive: true, force: true });
  return sources.map(({ original }) => basename(original));
}
