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
  remove(numbers: readonly number[]): Promise<void>;
};

const DIGITS = 12;

/** Batches count from 1. */
export function logKey(number: number): string {
  return LOG + String(number).padStart(DIGITS, '0');
}

/** The number of a batch, by its key. */
export function numberOf(key: string): number {
  return Number(key.slice(LOG.length));
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
      const { created, there, serverMs } = await objects.create(logKey(number), bytes);
      if (created || there === undefined) return { serverMs, written };
      return { serverMs, written, there: parse(number, there) };
    },
    remove: (numbers) => objects.remove(numbers.map(logKey)),
  };
}
