/**
 * Where the runs of a state folder are on record: in its own store, or in others that commands were given.
 * The folder keeps the paths of those, so that a run is found without naming its store again.
 */

import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Stands for the folder's own store, so that the folder may be moved. */
const OWN = 'store';

/** The store a state folder has unless it is given one. */
export function ownStore(stateDir: string): string {
  return join(stateDir, 'store');
}

/** Roots of the stores to look in. `given` (a flag) is the only one then. */
export async function storesOf(stateDir: string, given?: string): Promise<readonly string[]> {
  if (given !== undefined) return [given];
  const paths = await noted(stateDir);
  return [ownStore(stateDir), ...paths.filter((path) => path !== OWN)];
}

/** Remembers a store that holds runs of the folder. */
export async function noteStore(stateDir: string, root: string): Promise<void> {
  const path = root === ownStore(stateDir) ? OWN : root;
  if ((await noted(stateDir)).includes(path)) return;
  await mkdir(stateDir, { recursive: true });
  await appendFile(fileIn(stateDir), `${JSON.stringify(path)}\n`);
}

/** False for a folder that is new, or of version 0.1. */
export function knowsItsStores(stateDir: string): boolean {
  return existsSync(fileIn(stateDir));
}

async function noted(stateDir: string): Promise<readonly string[]> {
  const text = await readFile(fileIn(stateDir), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      const root: unknown = JSON.parse(line);
      return typeof root === 'string' ? [root] : [];
    } catch {
      return [];
    }
  });
}

function fileIn(stateDir: string): string {
  return join(stateDir, 'stores');
}
