/** Leases of a store in memory: its one process holds them all. */

import type { Leases } from '../leases.ts';

export function memoryLeases(): Leases {
  const held = new Set<string>();
  const below = (folder: string): readonly string[] =>
    [...held]
      .filter((name) => name.startsWith(`${folder}/`))
      .map((name) => name.slice(folder.length + 1));
  return {
    lookEveryMs: 20,
    takeLease: async (name) => {
      if (held.has(name)) return undefined;
      held.add(name);
      return {
        lost: new Promise(() => undefined),
        release: async () => void held.delete(name),
      };
    },
    heldLeases: async (folder) =>
      below(folder)
        .filter((name) => !name.includes('/'))
        .toSorted(),
    leaseFolders: async (folder) =>
      [
        ...new Set(
          below(folder).flatMap((name) => (name.includes('/') ? name.split('/')[0]! : [])),
        ),
      ].toSorted(),
  };
}
