/** The targets there are. A new one is its own file or folder and one line here. */

import { makeFolderTarget } from './folder/folder-target.ts';

import type { DeliveryTarget } from './target.ts';

/** In the order in which a delivery is committed to them. */
export const TARGETS: readonly DeliveryTarget[] = Object.freeze([makeFolderTarget()]);
