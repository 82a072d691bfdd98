/**
 * One DuckDB for the small steps of a worker, so that none waits for an instance of its own.
 *
 * 1. Each step has a connection of its own. Everything it makes is temporary, and so is seen by it alone.
 * 2. The instance can open the files of all steps. So a query runs here only if it is shown to read nothing but the
 *    tables it names (`closed.ts`); any other has an instance of its own, which can open the files of its step alone.
 * 3. All together have the memory of one step. Who is refused memory here, or meets an instance that has broken, is
 *    done again in an instance of its own: nobody pays for another's query, and who asks too much is told by itself.
 */

import { rm } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

import { sweepTemporary, temporaryName } from '../os/atomic.ts';
import { openInstance } from './instance.ts';

import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Limits } from './instance.ts';

/** What a step works on, as far as it decides where. */
export type Work = {
  readonly limits: Limits;
  /** Everything it opens, absolute. */
  readonly paths: readonly string[];
  /** Of all it reads. */
  readonly bytes: number;
};

/** A step's place in the shared instance. */
export type Place = {
  readonly connection: DuckDBConnection;
  /** Says that the instance can no longer be used: the next step opens another. */
  giveUp(): void;
  /** No query of it may be running. */
  leave(): void;
};

export type SharedEngine = {
  /** Undefined for work that must have an instance of its own. */
  enter(work: Work): Promise<Place | undefined>;
  /** Ends the instance once nobody is in it. */
  close(): Promise<void>;
};

type Shared = {
  readonly limits: Limits;
  readonly spill: string;
  readonly instance: Promise<DuckDBInstance>;
  users: number;
  isOver: boolean;
};

/** Beyond it, opening an instance is nothing beside the work, and the memory of one step is for one step. */
const MOST_BYTES = 16 * 1024 * 1024;

/** `roots` are the folders below which steps have their files, `scratch` the one where it may spill. Opens nothing yet. */
export function makeSharedEngine({
  roots,
  scratch,
  mostBytes = MOST_BYTES,
}: {
  readonly roots: readonly string[];
  readonly scratch: string;
  readonly mostBytes?: number;
}): SharedEngine {
  const folders = roots.map((root) => resolve(root));
  let current: Shared | undefined;
  let isClosed = false;

  const open = (limits: Limits): Shared => {
    // What a killed worker spilled is swept by the next one that opens an instance.
    void sweepTemporary(scratch).catch(() => undefined);
    const spill = temporaryName(scratch, 'spill');
    const instance = openInstance({ limits, reach: { folders, files: [] }, spill });
    instance.catch(() => undefined);
    return { limits, spill, instance, users: 0, isOver: false };
  };
  const end = async (shared: Shared): Promise<void> => {
    shared.isOver = true;
    if (current === shared) current = undefined;
    if (shared.users > 0) return;
    await shared.instance.then(
      (instance) => instance.closeSync(),
      () => undefined,
    );
    await rm(shared.spill, { recursive: true, force: true });
  };
  const isBelow = (path: string): boolean =>
    folders.some((folder) => resolve(path).startsWith(folder + sep));

  return {
    enter: async ({ limits, paths, bytes }) => {
      if (isClosed || bytes > mostBytes || !paths.every(isBelow)) return undefined;
      if (current !== undefined && !isSame(current.limits, limits)) {
        // Another run with another share of the machine: the one that is there first keeps it.
        if (current.users > 0) return undefined;
        void end(current);
      }
      const shared = (current ??= open(limits));
      shared.users += 1;
      const leave = (): void => {
        shared.users -= 1;
        if (shared.isOver && shared.users === 0) void end(shared);
      };
      try {
        const connection = await (await shared.instance).connect();
        return {
          connection,
          giveUp: () => void end(shared),
          leave: () => {
            connection.closeSync();
            leave();
          },
        };
      } catch {
        void end(shared);
        leave();
        return undefined;
      }
    },
    close: async () => {
      isClosed = true;
      if (current !== undefined) await end(current);
    },
  };
}

function isSame(a: Limits, b: Limits): boolean {
  return a.memoryBytes === b.memoryBytes && a.threads === b.threads;
}
