/**
 * Reads a table: the states of many subjects in one file that never changes, found by a few small reads.
 *
 * Layout: the states in the order of their keys; the index, one fixed-length entry a state, in the same order;
 * the summary; a footer that says where each is. A key is the first half of the sha256 of the subject, so keys
 * are spread evenly and the place of one in the index can be guessed.
 */

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { checksum } from './frame.ts';

export const KEY_LENGTH = 16;
/** Key, offset (6 bytes), length (4), checksum (8 digits). */
export const ENTRY_LENGTH = KEY_LENGTH + 6 + 4 + 8;
export const MAGIC = 'builder table 1\n';
/** Number of entries, offset of the index, offset and length of the summary, its checksum. */
export const FOOTER_LENGTH = MAGIC.length + 4 + 6 + 6 + 4 + 8;

/** Entries read at once around the guessed place. */
const WINDOW = 128;

/** A window is looked through at once, so one is enough for all tables. */
const scratch = Buffer.allocUnsafeSlow(WINDOW * ENTRY_LENGTH);

export type IndexEntry = {
  readonly key: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly crc: string;
};

export type Table<State, Summary> = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly count: number;
  /** The state of a subject, whose key is given too; undefined also for one whose bytes are damaged. */
  find(subject: string, key: Buffer): State | undefined;
  summary(): Summary;
  /** Index entries from one on. */
  entries(from: number, count: number): readonly IndexEntry[];
  /** Bytes of the states, by offset. */
  bytes(offset: number, length: number): Buffer;
  close(): void;
};

/** @throws as the file system does; Error for a file that is no table */
export function openTable<State, Summary>(path: string, name: string): Table<State, Summary> {
  const fd = openSync(path, 'r');
  const read = (offset: number, length: number): Buffer => {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
  };
  let opened: ReturnType<typeof parseFooter> | undefined;
  const sizeBytes = fstatSync(fd).size;
  const footer = (): ReturnType<typeof parseFooter> =>
    (opened ??= parseFooter(read(Math.max(0, sizeBytes - FOOTER_LENGTH), FOOTER_LENGTH), path));
  const indexBytes = (from: number, count: number): Buffer => {
    const { indexAt, count: all } = footer();
    const wanted = Math.max(0, Math.min(count, all - from));
    return read(indexAt + from * ENTRY_LENGTH, wanted * ENTRY_LENGTH);
  };
  const window = (from: number, count: number): Buffer => {
    const length = readSync(
      fd,
      scratch,
      0,
      count * ENTRY_LENGTH,
      footer().indexAt + from * ENTRY_LENGTH,
    );
    return scratch.subarray(0, length);
  };
  let summary: Summary | undefined;

  return {
    name,
    sizeBytes,
    get count() {
      return footer().count;
    },
    entries: (from, count) => parseIndex(indexBytes(from, count)),
    bytes: read,
    find: (subject, key) => {
      const entry = search(key, footer().count, window);
      if (entry === undefined) return undefined;
      const bytes = read(entry.offset, entry.length);
      if (checksum(bytes) !== entry.crc) return undefined;
      const [named, state] = JSON.parse(bytes.toString('utf8')) as [string, State];
      return named === subject ? state : undefined;
    },
    summary: () => {
      if (summary !== undefined) return summary;
      const { summaryAt, summaryLength, summaryCrc } = footer();
      const bytes = read(summaryAt, summaryLength);
      if (checksum(bytes) !== summaryCrc) throw new Error(`the summary of ${path} is damaged`);
      return (summary = JSON.parse(bytes.toString('utf8')) as Summary);
    },
    close: () => closeSync(fd),
  };
}

/** Under this key a subject stands in a table. */
export function keyOf(subject: string): Buffer {
  return createHash('sha256').update(subject).digest().subarray(0, KEY_LENGTH);
}

/** The index entry of a key: guesses its place by the key's value, then halves what is left. */
function search(
  key: Buffer,
  count: number,
  read: (from: number, count: number) => Buffer,
): IndexEntry | undefined {
  let [low, high] = [0, count];
  let middle = Math.floor((key.readUIntBE(0, 6) / 2 ** 48) * count);
  while (low < high) {
    const from = Math.max(low, Math.min(middle - WINDOW / 2, high - WINDOW));
    const window = read(from, Math.min(WINDOW, high - from));
    const length = Math.floor(window.length / ENTRY_LENGTH);
    if (length === 0) return undefined;
    if (compareAt(window, 0, key) > 0) high = from;
    else if (compareAt(window, length - 1, key) < 0) low = from + length;
    else return searchWindow(key, window, length);
    middle = Math.floor((low + high) / 2);
  }
  return undefined;
}

function searchWindow(key: Buffer, window: Buffer, length: number): IndexEntry | undefined {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareAt(window, middle, key);
    if (order === 0) return parseEntry(window, middle * ENTRY_LENGTH);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function compareAt(window: Buffer, i: number, key: Buffer): number {
  return window.compare(key, 0, KEY_LENGTH, i * ENTRY_LENGTH, i * ENTRY_LENGTH + KEY_LENGTH);
}

function parseEntry(bytes: Buffer, at: number): IndexEntry {
  const rest = at + KEY_LENGTH;
  return {
    key: bytes.subarray(at, rest),
    offset: bytes.readUIntBE(rest, 6),
    length: bytes.readUInt32BE(rest + 6),
    crc: bytes.toString('latin1', rest + 10, rest + 18),
  };
}

function parseIndex(bytes: Buffer): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (let at = 0; at + ENTRY_LENGTH <= bytes.length; at += ENTRY_LENGTH) {
    entries.push(parseEntry(bytes, at));
  }
  return entries;
}

function parseFooter(bytes: Buffer, path: string) {
  const at = MAGIC.length;
  if (bytes.length !== FOOTER_LENGTH || bytes.toString('latin1', 0, at) !== MAGIC) {
    throw new Error(`${path} is not a table of a journal`);
  }
  return {
    count: bytes.readUInt32BE(at),
    indexAt: bytes.readUIntBE(at + 4, 6),
    summaryAt: bytes.readUIntBE(at + 10, 6),
    summaryLength: bytes.readUInt32BE(at + 16),
    summaryCrc: bytes.toString('latin1', at + 20, at + 28),
  };
}
