/**
 * How an entry lies in a file: a line of its own that tells by itself whether it is whole. Pure.
 *
 * 1. A line begins with the newline, so whatever was cut off before it cannot damage it.
 * 2. It is whole exactly if as many bytes as it names follow and have the checksum it names. What stands behind them,
 *    such as the zeros that a power loss leaves, says nothing.
 * 3. A last line that is not whole may still be being written: it is left for the next look.
 */

import { crc32 } from 'node:zlib';

/** An entry with the token of the append that wrote it: no two appends share one. */
export type Framed<Entry> = { readonly token: string; readonly entry: Entry };

const NEWLINE = 10;
/** Eight digits of the checksum and a space. */
const CRC_LENGTH = 9;

/** The bytes of an entry. */
export function frame<Entry>({ token, entry }: Framed<Entry>): Buffer {
  const payload = Buffer.from(JSON.stringify([token, entry]));
  return Buffer.concat([Buffer.from(`\n${checksum(payload)} ${payload.length} `), payload]);
}

/** The whole entries in `bytes`, in order, and how many bytes need not be looked at again. */
export function readFrames<Entry>(bytes: Buffer): {
  readonly frames: readonly (Framed<Entry> & { readonly end: number })[];
  readonly consumed: number;
} {
  const frames: (Framed<Entry> & { end: number })[] = [];
  let consumed = 0;
  let start = bytes.indexOf(NEWLINE);
  while (start >= 0) {
    const next = bytes.indexOf(NEWLINE, start + 1);
    const line = bytes.subarray(start + 1, next < 0 ? bytes.length : next);
    const found = parseLine<Entry>(line);
    const end = start + 1 + (found?.length ?? 0);
    if (found !== undefined) frames.push({ token: found.token, entry: found.entry, end });
    if (next >= 0) consumed = next;
    else if (found !== undefined) consumed = end;
    start = next;
  }
  return { frames, consumed };
}

/** Eight hexadecimal digits. */
export function checksum(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** The entry a line begins with, and the length of what names and holds it. */
function parseLine<Entry>(line: Buffer): (Framed<Entry> & { readonly length: number }) | undefined {
  const space = line.indexOf(' ', CRC_LENGTH);
  if (space < 0) return undefined;
  const size = Number(line.toString('latin1', CRC_LENGTH, space));
  const length = space + 1 + size;
  if (!Number.isInteger(size) || length > line.length) return undefined;
  const payload = line.subarray(space + 1, length);
  if (line.toString('latin1', 0, CRC_LENGTH) !== `${checksum(payload)} `) return undefined;
  try {
    const [token, entry] = JSON.parse(payload.toString('utf8')) as [string, Entry];
    return { token, entry, length };
  } catch {
    return undefined;
  }
}
