/** The stores in buckets. What opens them is loaded only where somebody has one: the SDK is large. */

import { cacheOf, isS3, parseS3Place } from './s3-place.ts';

import type { StoreElsewhere } from '../store-elsewhere.ts';

export const S3_STORES: StoreElsewhere = Object.freeze({
  isAddress: isS3,
  open: async ({ root, stateDir }) => {
    const { openS3Store } = await import('./open-s3-store.ts');
    return openS3Store({ address: root, stateDir });
  },
  look: async ({ root, stateDir }) => {
    const { openS3StoreToRead } = await import('./open-s3-store.ts');
    return openS3StoreToRead({ address: root, stateDir });
  },
  copies: ({ root, stateDir }) => cacheOf(stateDir, parseS3Place(root)),
} satisfies StoreElsewhere);
