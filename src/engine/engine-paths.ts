/** Where the embedded engine keeps its things inside a state folder. This layer imports the model and node: only; never a package of Temporal. */

import { join } from 'node:path';

export type EnginePaths = {
  readonly root: string;
  /** Lease of the command that starts, adopts or replaces the engine. */
  readonly lock: string;
  /** One empty file for each command that uses the engine or waits for it. */
  readonly leases: string;
  /** Records of the server, at most one of them alive. */
  readonly servers: string;
  readonly logFile: string;
};

/** The folders of a state folder's engine. */
export function enginePaths(stateDir: string): EnginePaths {
  const root = join(stateDir, 'engine');
  return {
    root,
    lock: join(root, 'lock'),
    leases: join(root, 'leases'),
    servers: join(root, 'servers'),
    logFile: join(root, 'server.log'),
  };
}

/** The database of one server version: its format has no migrations, so versions never share a file. */
export function databaseFile(paths: EnginePaths, serverVersion: string): string {
  return join(paths.root, serverVersion, 'temporal.db');
}
