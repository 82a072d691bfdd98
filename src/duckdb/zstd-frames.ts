/** Walks the frames and blocks of a zstd file (RFC 8878) by their lengths, without unpacking: is the last one complete? */

import { open } from 'node:fs/promises';

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

/** What is wrong with how the file is put together. Checksums, where it has them, are DuckDB's matter. */
export async function zstdDamage(path: string, signal: AbortSignal): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size === 0) return BROKEN_OFF;
    const numberAt = async (at: number, bytes: number): Promise<number | undefined> => {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
      return bytesRead < bytes ? undefined : buffer.readUIntLE(0, bytes);
    };
    let at = 0;
    while (at < size) {
      const magic = await numberAt(at, 4);
      if (magic === undefined) return at === 0 ? BROKEN_OFF : FOLLOWED;
      if (magic - (magic % 16) === SKIPPABLE) {
        at += 8 + ((await numberAt(at + 4, 4)) ?? size);
        continue;
      }
      if (magic !== FRAME) return at === 0 ? 'it is no zstd file' : FOLLOWED;
      const descriptor = await numberAt(at + 4, 1);
      if (descriptor === undefined) return BROKEN_OFF;
      at += headerBytes(descriptor);
      for (let isLast = false; !isLast;) {
        signal.throwIfAborted();
        const block = await numberAt(at, 3);
        if (block === undefined) return BROKEN_OFF;
        isLast = block % 2 === 1;
        // A block of type 1 is one byte, said once for its whole length.
        at += 3 + ((block >> 1) % 4 === 1 ? 1 : block >> 3);
      }
      if (hasChecksum(descriptor)) at += 4;
    }
    return at === size ? undefined : BROKEN_OFF;
  } finally {
    await file.close();
  }
}

function hasChecksum(descriptor: number): boolean {
  return (descriptor & 4) !== 0;
}

/** Length of a frame's header, magic number included. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 32) !== 0;
  const sizeField = descriptor >> 6;
  const contentSize = sizeField === 0 ? Number(isSingleSegment) : 2 ** sizeField;
  return 5 + Number(!isSingleSegment) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + contentSize;
}

const BROKEN_OFF = 'it breaks off';
const FOLLOWED = 'bytes that are not zstd follow after its end';
