/**
 * The tables of the journal: objects that never change, read from copies on this machine. A copy that another process
 * removes stays readable for who has opened it.
 */

import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { temporaryName } from '../../os/atomic.ts';
import { hashFile } from '../../os/hashing.ts';
import { makeFolder } from '../../os/make-folder.ts';
import { openTable } from '../journal/table.ts';

import type { Table } from '../journal/table.ts';
import type { Head, TableRef } from './heads.ts';
import type { Objects } from './objects.ts';

export const TABLES = 'journal/tables/';
/** Copies that nobody has opened for so long go. */
const KEPT_MS = 24 * 3600 * 1000;

export type Tables = {
  /** Undefined if one of them is not there any more: the head has been replaced. */
  open<State, Summary>(
    head: Pick<Head, 'tables'>,
  ): Promise<readonly Table<State, Summary>[] | undefined>;
  /** A name for a new file. */
  draft(): Promise<string>;
  /** Brings a new table into the bucket; its file becomes the copy. */
  add(name: string, file: string): Promise<TableRef>;
  remove(names: readonly string[]): Promise<void>;
};

/** Tables with their copies in a folder. */
export function openTables(objects: Objects, folder: string): Tables {
  const pathOf = (name: string): string => join(folder, name);

  const fetch = async ({ name, sha256, bytes }: TableRef): Promise<boolean> => {
    await makeFolder(folder);
    const mine = temporaryName(folder);
    try {
      const found = await objects.download(TABLES + name, bytes, mine);
      if (found === undefined) return false;
      if (found !== sha256) throw new Error(`the table ${name} of the store's journal is damaged`);
      await rename(mine, pathOf(name));
      return true;
    } finally {
      await rm(mine, { force: true });
    }
  };

  const openOne = async <State, Summary>(
    ref: TableRef,
  ): Promise<Table<State, Summary> | undefined> => {
    for (;;) {
      const info = await stat(pathOf(ref.name)).catch(() => undefined);
      // One of another size was cut off when the machine was.
      if (info?.size !== ref.bytes && !(await fetch(ref))) return undefined;
      try {
        const table = openTable<State, Summary>(pathOf(ref.name), ref.name);
        await utimes(pathOf(ref.name), new Date(), new Date()).catch(() => undefined);
        return table;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  };

  return {
    open: async <State, Summary>({ tables }: Pick<Head, 'tables'>) => {
      const opened = await Promise.allSettled(tables.map((ref) => openOne<State, Summary>(ref)));
      const found = opened.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []));
      if (found.length === tables.length) return found;
      for (const table of found) table.close();
      const failed = opened.find((one) => one.status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      return undefined;
    },
    draft: async () => {
      await makeFolder(folder);
      await dropOldCopies(folder);
      return temporaryName(folder);
    },
    add: async (name, file) => {
      const { size: bytes } = await stat(file);
      const sha256 = await hashFile(file);
      await objects.upload(TABLES + name, file, bytes);
      await rename(file, pathOf(name));
      return { name, sha256, bytes };
    },
    remove: async (names) => {
      await objects.remove(names.map((name) => TABLES + name));
      for (const name of names) await rm(pathOf(name), { force: true });
    },
  };
}

async function dropOldCopies(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info !== undefined && Date.now() - info.mtimeMs > KEPT_MS)
      await rm(join(folder, name), { force: true });
  }
}
