/** Opens the store of a place, whatever kind of place it is: a folder of this machine, or the address of a bucket. */

import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

import { openLocalStore, openStoreToRead } from './local.ts';
import { cacheOf, isS3, parseS3Place } from './s3/s3-place.ts';

import type { Store } from './store.ts';

export type StorePlace = {
  /** A folder, or `s3://...`. */
  readonly root: string;
  /** Copies of what lies elsewhere are kept in it. */
  readonly stateDir: string;
};

/** Opens a store, and makes it where there is none. @throws UserError STATE_DIR_UNUSABLE, STORE_* */
export async function openStore({ root, stateDir }: StorePlace): Promise<Store> {
  if (!isS3(root)) return openLocalStore(root);
  const { openS3Store } = await import('./s3/open-s3-store.ts');
  return openS3Store({ address: root, stateDir });
}

/** Opens a store to look things up in it. Makes nothing; undefined: there is none. @throws UserError STORE_* */
export async function lookIntoStore({ root, stateDir }: StorePlace): Promise<Store | undefined> {
  if (!isS3(root)) return existsSync(root) ? openStoreToRead(root) : undefined;
  const { openS3StoreToRead } = await import('./s3/open-s3-store.ts');
  return openS3StoreToRead({ address: root, stateDir });
}

/** Where its bytes lie on this machine: all of them, or copies of some. */
export function storeFolder({ root, stateDir }: StorePlace): string {
  return isS3(root) ? cacheOf(stateDir, parseS3Place(root)) : root;
}

/** Below it lie the artifacts that queries read. */
export function artifactsFolder(place: StorePlace): string {
  return isS3(place.root) ? storeFolder(place) : join(place.root, 'artifacts');
}

/** A place as somebody wrote it, in a file of this folder. */
export function storeFrom(folder: string, written: string): string {
  return isS3(written) || isAbsolute(written) ? written : resolve(folder, written);
}
