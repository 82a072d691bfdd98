/** Files a person may want to see after a step has failed: copied beside the run's record. */

import { copyFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Copies `path` to `target` and answers `target`. */
export async function keepFile(path: string, target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  await copyFile(path, target);
  return target;
}
