/** The port of a kind of store that is no folder of this machine, told by its address. Imports only the store's port. */

import type { Store } from './store.ts';

export type StorePlace = {
  /** A folder, or an address such as `s3://...`. */
  readonly root: string;
  /** Copies of what lies elsewhere are kept in it. */
  readonly stateDir: string;
};

export type StoreElsewhere = {
  /** True for the address of such a store. */
  isAddress(root: string): boolean;
  /** Opens one, and makes it where there is none. @throws UserError STORE_* */
  open(place: StorePlace): Promise<Store>;
  /** Opens one to look things up in it. Makes nothing; undefined: there is none. @throws UserError STORE_* */
  look(place: StorePlace): Promise<Store | undefined>;
  /** Folder of this machine with copies of its artifacts. @throws UserError BAD_USAGE */
  copies(place: StorePlace): string;
};
