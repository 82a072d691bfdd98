/** Lets work on one folder wait for earlier work on it in this process. Other processes are kept out by the lock beside --out. */

const working = new Map<string, Promise<unknown>>();

/** Runs `work` after whatever was begun for `key` before, however that ended. */
export async function oneAtATime<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = working.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  working.set(key, mine);
  try {
    return await mine;
  } finally {
    if (working.get(key) === mine) working.delete(key);
  }
}
