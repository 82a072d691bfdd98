/** The bytes of a file, piece by piece, through two buffers: a new one for each piece costs more than to hash what is in it. */

import { open } from 'node:fs/promises';

const PIECE_BYTES = 1024 * 1024;
const LEAST_BYTES = 4096;

/** The pieces in order, none empty. One is read while the one before it is used, and its bytes change once the next is asked for. */
export async function* piecesOf(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path);
  let reading: ReturnType<typeof read> | undefined;
  const read = (buffer: Buffer) => file.read(buffer, 0, buffer.length, null);
  try {
    const { size } = await file.stat();
    // A file may be longer than it says, or than it was.
    const bytes = Math.min(Math.max(size, LEAST_BYTES), PIECE_BYTES);
    let [next, used] = [Buffer.allocUnsafeSlow(bytes), Buffer.allocUnsafeSlow(bytes)];
    for (;;) {
      reading ??= read(next);
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      [next, used] = [used, next];
      reading = read(next);
      // Whoever uses the piece may stop at it.
      reading.catch(() => undefined);
      yield used.subarray(0, bytesRead);
    }
  } finally {
    await reading?.catch(() => undefined);
    await file.close();
  }
}
