/**
 * Says which tables stand for which batches of the log: small objects that are numbered downwards, so that the newest
 * is the first of a list.
 *
 * 1. A head builds on the one before it, and is created only if its number is free: of two who compact at once one wins.
 * 2. Its tables are in the bucket before it is.
 * 3. It is found by what the bucket lists first. A list that is behind finds an older head, which is as true: what that
 *    does not cover is kept for a day.
 */

import type { Objects, Told } from './objects.ts';

export type TableRef = {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
};

export type Head = {
  /** 1, 2, ... */
  readonly turn: number;
  /** The last batch that the tables cover. */
  readonly covered: number;
  /** Oldest first. */
  readonly tables: readonly TableRef[];
  /** Tells it apart from one of the same turn that another process wrote. */
  readonly by: string;
};

export const HEADS = 'journal/heads/';
export const NO_HEAD: Head = Object.freeze({ turn: 0, covered: 0, tables: [], by: '' });

const SOME = 10;
const DIGITS = 12;
const HIGHEST = 10 ** DIGITS - 1;

export type Heads = {
  /** The newest one; `known` need not be read again. */
  newest(known: Head): Promise<Told & { readonly head: Head }>;
  /** The newest one that was written in an earlier second than this, by the bucket's clock. */
  before(writtenMs: number): Promise<Head | undefined>;
  /** False: another process was first. */
  create(head: Head): Promise<boolean>;
  read(key: string): Promise<Head | undefined>;
};

function headKey(turn: number): string {
  return HEADS + String(HIGHEST - turn).padStart(DIGITS, '0');
}

/** Undefined for what is not ours. */
export function turnOfKey(key: string): number | undefined {
  const digits = key.slice(HEADS.length);
  return /^\d{12}$/.test(digits) ? HIGHEST - Number(digits) : undefined;
}

export function openHeads(objects: Objects): Heads {
  const read = async (key: string): Promise<Head | undefined> => {
    const { bytes } = await objects.read(key);
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as Head);
  };
  return {
    read,
    newest: async (known) => {
      // Somebody may have put something there.
      const { objects: found, serverMs } = await objects.list(HEADS, { most: SOME });
      const key = found.find((one) => turnOfKey(one.key) !== undefined)?.key;
      if (key === undefined || turnOfKey(key)! <= known.turn) return { serverMs, head: known };
      return { serverMs, head: (await read(key)) ?? known };
    },
    before: async (beforeMs) => {
      for await (const { key, writtenMs } of objects.listAll(HEADS)) {
        if (turnOfKey(key) !== undefined && secondOf(writtenMs) < secondOf(beforeMs))
          return read(key);
      }
      return undefined;
    },
    create: async (head) => {
      const { created } = await objects.create(
        headKey(head.turn),
        Buffer.from(JSON.stringify(head)),
      );
      return created;
    },
  };
}

/** Some services tell no more than that. */
function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}
