/** Tells the delimiter of a CSV file from its first line, so that a bad line further down is an error and not a new guess. */

import { open } from 'node:fs/promises';

const CANDIDATES = [',', ';', '\t', '|'] as const;
const LOOK_BYTES = 64 * 1024;

/** The candidate that stands most often in the first line, quoted parts left out; a comma where none does. */
export async function delimiterOf(path: string, name: string): Promise<string> {
  if (/\.tsv(\.gz|\.zst)?$/i.test(name)) return '\t';
  if (/\.(gz|zst)$/i.test(name)) return ',';
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(LOOK_BYTES), 0, LOOK_BYTES, 0);
    const line = buffer.toString('utf8', 0, bytesRead).split(/\r?\n/, 1)[0] ?? '';
    const plain = line.replaceAll(/"(?:[^"]|"")*"/g, '');
    const counts = CANDIDATES.map((candidate) => plain.split(candidate).length - 1);
    const most = Math.max(...counts);
    return most === 0 ? ',' : (CANDIDATES[counts.indexOf(most)] ?? ',');
  } finally {
    await file.close();
  }
}
