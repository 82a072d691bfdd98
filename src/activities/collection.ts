/** How the items of a step ended, in pieces of some hundred: each is an artifact, so that no payload grows with the items. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Collection, ItemEnd } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';

/** Puts the ends into the store. */
export async function putCollection(
  ends: readonly ItemEnd[],
  folder: string,
  store: Pick<Store, 'put'>,
): Promise<Collection> {
  const path = join(folder, 'ends');
  await writeFile(path, ends.map((end) => `${JSON.stringify(end)}\n`).join(''));
  return { ref: await store.put(path, { format: 'file' }), count: ends.length };
}

/** The ends of all collections, in the order of the items. */
export async function readCollections(
  collections: readonly Collection[],
  store: Pick<Store, 'materialize'>,
): Promise<readonly ItemEnd[]> {
  const ends: ItemEnd[] = [];
  for (const { ref, count } of collections) {
    const lines = (await readFile(await store.materialize(ref), 'utf8')).split('\n');
    for (const line of lines.slice(0, count)) ends.push(JSON.parse(line) as ItemEnd);
  }
  return ends.toSorted((a, b) => a.index - b.index);
}
