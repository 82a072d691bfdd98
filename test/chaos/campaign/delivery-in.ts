/** A delivery as plain data that is the same in any folder. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { contentOf } from '../../harness/folders.ts';

/** Hashes by path; of the manifest its text without the hash of the plan, in which the folder's path is. */
export async function deliveryIn(out: string): Promise<Readonly<Record<string, string>>> {
  const manifest = await readFile(join(out, 'manifest.json'), 'utf8');
  return {
    ...(await contentOf(out)),
    'manifest.json': manifest.replace(/"plan_sha256": "[0-9a-f]{64}"/, ''),
  };
}
