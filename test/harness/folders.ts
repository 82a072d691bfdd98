/** Folders as plain data, for comparing deliveries byte by byte. */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Relative path to sha256 of every file below, sorted; `run.json` (which holds times) left out. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name !== 'run.json')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const content: Record<string, string> = {};
  for (const file of files) {
    content[file.slice(folder.length + 1)] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  }
  return content;
}
