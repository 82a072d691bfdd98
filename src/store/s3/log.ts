/**
 * The journal's entries in the bucket: objects numbered without a gap, each what one process appended at once.
 *
 * 1. An object is created only if its number is free, so of all who append one gets it, and its place never changes.
 * 2. The next number is tried only by who has read the one before it.
 */

import { frame, readFrames } from '../journal/frame.ts';

import type { Framed } from '../journal/frame.ts';
import type { Objects, Told } from './objects.ts';

/** What was appended at once. */
export type Batch<Entry> = {
  readonly number: number;
  readonly frames: readonly Framed<Entry>[];
  readonly bytes: number;
};

export const LOG = 'journal/log/';

export type Log<Entry> = {
  read(number: number): Promise<Told & { readonly batch?: Batch<Entry> }>;
  /** `there`: another batch has the number. */
  write(
    number: number,
    frames: readonly Framed<Entry>[],
  ): Promise<Told & { readonly written: Batch<Entry> } & { readonly there?: Batch<Entry> }>;
  /** When a batch was written, by the bucket's clock; undefined: it is not there. */
  writtenMs(number: number): Promise<number | undefined>;
};

const DIGITS = 12;
/** More often nobody takes a number in vain. */
const MOST_TRIES = 10;

/** Batches count from 1. */
function logKey(number: number): string {
  return LOG + String(number).padStart(DIGITS, '0');
}

/** The number of a batch, by its key; undefined for what is not ours. */
export function numberOf(key: string): number | undefined {
  const digits = key.slice(LOG.length);
  return /^\d{12}$/.test(digits) ? Number(digits) : undefined;
}

export function openLog<Entry>(objects: Objects): Log<Entry> {
  const parse = (number: number, bytes: Buffer): Batch<Entry> => ({
    number,
    frames: readFrames<Entry>(bytes).frames,
    bytes: bytes.length,
  });
  return {
    read: async (number) => {
      const { bytes, serverMs } = await objects.read(logKey(number));
      return { serverMs, ...(bytes === undefined ? {} : { batch: parse(number, bytes) }) };
    },
    write: async (number, frames) => {
      const bytes = Buffer.concat(frames.map(frame));
      const written = { number, frames, bytes: bytes.length };
      for (let tries = 1; ; tries += 1) {
        const { created, there, serverMs } = await objects.create(logKey(number), bytes);
        if (created) return { serverMs, written };
        if (there !== undefined) return { serverMs, written, there: parse(number, there) };
        // It was removed between the two requests, as what is covered is.
        if (tries === MOST_TRIES) throw new Error(`the log of the store takes no batch ${number}`);
      }
    },
    writtenMs: async (number) => {
      const { objects: found } = await objects.list(logKey(number), { most: 1 });
      return found[0]?.writtenMs;
    },
  };
}
