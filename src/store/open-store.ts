/** Opens the store of a place, whatever kind of place it is: a folder of this machine, or what an address names. */

import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

import { openLocalStore, openStoreToRead } from './local.ts';
import { S3_STORES } from './s3/s3-elsewhere.ts';

import type { Store } from './store.ts';
import type { StoreElsewhere, StorePlace } from './store-elsewhere.ts';

/** The kinds of stores that are no folder of this machine. A new one is its own folder and one line here. */
const ELSEWHERE: readonly StoreElsewhere[] = Object.freeze([S3_STORES]);

/** Opens a store, and makes it where there is none. @throws UserError STATE_DIR_UNUSABLE, STORE_* */
export async function openStore(place: StorePlace): Promise<Store> {
  const elsewhere = kindOf(place.root);
  return elsewhere === undefined ? openLocalStore(place.root) : elsewhere.open(place);
}

/** Opens a store to look things up in it. Makes nothing; undefined: there is none. @throws UserError STORE_* */
export async function lookIntoStore(place: StorePlace): Promise<Store | undefined> {
  const elsewhere = kindOf(place.root);
  if (elsewhere !== undefined) return elsewhere.look(place);
  return existsSync(place.root) ? openStoreToRead(place.root) : undefined;
}

/** True where a store lies on no disk of this machine. */
export function isElsewhere(root: string): boolean {
  return kindOf(root) !== undefined;
}

/** Where its bytes lie on this machine: all of them, or copies of some. */
export function storeFolder(place: StorePlace): string {
  return kindOf(place.root)?.copies(place) ?? place.root;
}

/** Below it lie the artifacts that queries read. */
export function artifactsFolder(place: StorePlace): string {
  return kindOf(place.root)?.copies(place) ?? join(place.root, 'artifacts');
}

/** A place as somebody wrote it, in a file of this folder. */
export function storeFrom(folder: string, written: string): string {
  return isElsewhere(written) || isAbsolute(written) ? written : resolve(folder, written);
}

function kindOf(root: string): StoreElsewhere | undefined {
  return ELSEWHERE.find((kind) => kind.isAddress(root));
}
