/** The places of all attempts of a run, where several pipelines in it share them. Pure. */

export type Places = {
  /** Takes one; false: all are taken, and `poke` is called once when somebody has left one. */
  take(poke: () => void): boolean;
  leave(): void;
  /** Lets those who were refused ask again, who was refused first first. */
  wake(): void;
};

/** So many places. */
export function makePlaces(most: number): Places {
  let taken = 0;
  const waiting = new Set<() => void>();
  return {
    take: (poke) => {
      if (taken >= most) {
        waiting.add(poke);
        return false;
      }
      taken += 1;
      return true;
    },
    leave: () => void (taken -= 1),
    wake: () => {
      for (const poke of [...waiting]) {
        if (taken >= most) return;
        waiting.delete(poke);
        poke();
      }
    },
  };
}
