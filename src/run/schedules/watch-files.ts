/**
 * Tells that files below some folders may have changed. Folders are watched, not files, for an editor puts a new file in
 * the place of the old one; and now and then it is told anyway, for not every filesystem tells of changes.
 */

import { watch } from 'node:fs';

import type { FSWatcher } from 'node:fs';

export type FileWatch = {
  /** From now on these folders, and no others. Those that are not there are left to the regular look. */
  folders(paths: readonly string[]): void;
  close(): void;
};

/** An editor makes several changes in a row. */
const SETTLED_MS = 300;
const LOOK_EVERY_MS = 10_000;

/** Calls `onChange` when changes have settled, and every ten seconds. */
export function watchFiles(
  onChange: () => void,
  { settledMs = SETTLED_MS, lookEveryMs = LOOK_EVERY_MS } = {},
): FileWatch {
  const watchers = new Map<string, FSWatcher>();
  let settling: NodeJS.Timeout | undefined;
  const changed = (): void => {
    clearTimeout(settling);
    settling = setTimeout(onChange, settledMs);
    settling.unref();
  };
  const regular = setInterval(onChange, lookEveryMs);
  regular.unref();
  const drop = (path: string): void => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  return {
    folders: (paths) => {
      for (const path of watchers.keys()) if (!paths.includes(path)) drop(path);
      for (const path of paths) {
        if (watchers.has(path)) continue;
        try {
          const watcher = watch(path, { persistent: false }, changed);
          // A folder that is removed, or has no watch left to give: the regular look finds what comes.
          watcher.on('error', () => drop(path));
          watchers.set(path, watcher);
        } catch {
          // Not there yet, or not to be watched.
        }
      }
    },
    close: () => {
      clearTimeout(settling);
      clearInterval(regular);
      for (const path of watchers.keys()) drop(path);
    },
  };
}
