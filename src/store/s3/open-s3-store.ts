/** Opens the store of an address. It is loaded only where somebody has one: the SDK is large. */

import { openAwsObjects } from './aws-objects.ts';
import { isStore, markStore, s3StoreOver } from './s3-store.ts';
import { cacheOf, parseS3Place } from './s3-place.ts';

import type { Store } from '../store.ts';
import type { Objects } from './objects.ts';

/** Who opens a store sits in front of it; a run that has begun waits for a service that is started again. */
const OPENING_MS = 10_000;
const RUNNING_MS = 120_000;

export type Opening = {
  readonly address: string;
  readonly stateDir: string;
};

/** Opens a store, and makes it where there is none. @throws UserError STORE_* */
export async function openS3Store({ address, stateDir }: Opening): Promise<Store> {
  const place = parseS3Place(address);
  let isOpen = false;
  const objects = openAwsObjects(place, {
    patienceMs: () => (isOpen ? RUNNING_MS : OPENING_MS),
    wasOpen: () => isOpen,
  });
  try {
    await markStore(objects, place);
    isOpen = true;
    return s3StoreOver(objects, { place, cacheFolder: cacheOf(stateDir, place) });
  } catch (error) {
    objects.close();
    throw error;
  }
}

/** Opens a store to look things up in it; undefined if there is none. @throws UserError STORE_* */
export async function openS3StoreToRead({
  address,
  stateDir,
}: Opening): Promise<Store | undefined> {
  const place = parseS3Place(address);
  const objects: Objects = openAwsObjects(place, { patienceMs: () => OPENING_MS });
  try {
    if (await isStore(objects))
      return s3StoreOver(objects, { place, cacheFolder: cacheOf(stateDir, place) });
  } catch (error) {
    objects.close();
    throw error;
  }
  objects.close();
  return undefined;
}
