/** Names of files and folders by item: the item itself where all can be names, else its place in the list. Pure. */

import { itemText } from '../model/listed-item.ts';

import type { ListedItem } from '../model/listed-item.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** One for each, all different, also where a disk does not tell A from a. */
export function folderNames(
  items: readonly { readonly index: number; readonly item: ListedItem }[],
): readonly string[] {
  const names = items.map(({ item }) => itemText(item));
  const distinct = new Set(names.map((name) => name.toLowerCase()));
  const areNames = names.every((name) => NAME.test(name)) && distinct.size === names.length;
  return areNames ? names : items.map(({ index }) => String(index).padStart(6, '0'));
}
