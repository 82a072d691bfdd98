/**
 * A DuckDB instance, locked in: what it may open is said once, and nothing can be changed afterwards.
 *
 * Its clock is UTC, its memory and threads are fixed, and what does not fit spills into a folder of its own.
 */

import { literalPath, quoteText } from './quoting.ts';

import type { DuckDBInstance } from '@duckdb/node-api';

export type Limits = { readonly memoryBytes: number; readonly threads: number };

export type Reach = {
  /** Folders whose files it may read and write. */
  readonly folders: readonly string[];
  /** Files it may read and write. */
  readonly files: readonly string[];
};

/** Opens an instance that reaches no further than `reach`. `spill` is made when it is needed. */
export async function openInstance({
  limits,
  reach,
  spill,
}: {
  readonly limits: Limits;
  readonly reach: Reach;
  readonly spill: string;
}): Promise<DuckDBInstance> {
  const duckdb = await import('@duckdb/node-api');
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${Math.floor(limits.memoryBytes / 1024)}KiB`,
    temp_directory: spill,
    errors_as_json: 'true',
    // Artifacts never change, but what is kept of them would count against the memory of whoever comes next.
    enable_external_file_cache: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    await lockIn(instance, reach);
    return instance;
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/** For every connection that is made from now on. */
async function lockIn(instance: DuckDBInstance, { folders, files }: Reach): Promise<void> {
  const list = (paths: readonly string[]): string =>
    `[${[...paths, ...paths.map(literalPath)].map(quoteText).join(', ')}]`;
  const connection = await instance.connect();
  try {
    for (const setting of [
      `set global TimeZone = 'UTC'`,
      `set global allowed_directories = ${list(folders.map((folder) => `${folder}/`))}`,
      `set global allowed_paths = ${list(files)}`,
      'set global enable_external_access = false',
      'set global lock_configuration = true',
    ]) {
      await connection.run(setting);
    }
  } finally {
    connection.closeSync();
  }
}
