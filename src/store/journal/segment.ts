/**
 * One file that entries are appended to, and read from where the last look ended.
 *
 * 1. The file is opened to append: each write goes to its end as a whole, so all readers see one order.
 * 2. A seal ends it. What stands behind the first seal is void, for its writer as for every reader.
 * 3. A held file keeps its meaning after it was removed: it was sealed before, and its writer reads that.
 */

import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

import { readFrames } from './frame.ts';

import type { Framed } from './frame.ts';

/** Ends a segment. */
export type Seal = { readonly type: 'seal' };

export type Segment<Entry> = {
  readonly number: number;
  /** The entries since the last look, up to the seal. */
  readOn(): readonly Framed<Entry>[];
  isSealed(): boolean;
  /** Token of the append whose seal counts. */
  sealedBy(): string | undefined;
  /** Bytes read so far. */
  size(): number;
  /** Bytes that were written: fewer than given when the disk is full. @throws as the file system does */
  write(bytes: Buffer): number;
  /** Resolves when all that was written before the call is on disk. */
  sync(): Promise<void>;
  syncNow(): void;
  /** Lets the file go once nothing is being synced. */
  close(): void;
};

const CHUNK = 64 * 1024;
const datasync = promisify(fdatasync);

/** Opens a segment; undefined if there is none and `create` is not set. */
export function openSegment<Entry>(
  path: string,
  number: number,
  { create = false }: { readonly create?: boolean } = {},
): Segment<Entry> | undefined {
  const opened = open(path, create);
  if (opened === undefined) return undefined;
  const { fd } = opened;
  let { isWritable } = opened;
  let position = 0;
  let seal: string | undefined;
  let syncing = 0;
  let isClosed = false;
  let writeFd = fd;

  const closeWhenIdle = (): void => {
    if (!isClosed || syncing > 0) return;
    closeSync(fd);
    if (writeFd !== fd) closeSync(writeFd);
  };

  return {
    number,
    isSealed: () => seal !== undefined,
    sealedBy: () => seal,
    size: () => position,
    readOn: () => {
      const found: Framed<Entry>[] = [];
      if (seal !== undefined) return found;
      const bytes = readFrom(fd, position);
      const { frames, consumed } = readFrames<Entry | Seal>(bytes);
      for (const { token, entry, end } of frames) {
        if (isSeal(entry)) {
          seal = token;
          position += end;
          return found;
        }
        found.push({ token, entry });
      }
      position += consumed;
      return found;
    },
    write: (bytes) => {
      if (!isWritable) {
        // It could only be read when it was opened; the same file, or it is said why not.
        writeFd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
        isWritable = true;
        if (fstatSync(writeFd).ino !== fstatSync(fd).ino) throw new Error(`${path} was replaced`);
      }
      return writeSync(writeFd, bytes);
    },
    sync: async () => {
      syncing += 1;
      try {
        await datasync(writeFd);
      } finally {
        syncing -= 1;
        closeWhenIdle();
      }
    },
    syncNow: () => fdatasyncSync(fd),
    close: () => {
      if (isClosed) return;
      isClosed = true;
      closeWhenIdle();
    },
  };
}

function isSeal(entry: unknown): entry is Seal {
  return (entry as Partial<Seal>).type === 'seal';
}

function open(path: string, create: boolean): { fd: number; isWritable: boolean } | undefined {
  const flags = constants.O_RDWR | constants.O_APPEND | (create ? constants.O_CREAT : 0);
  try {
    return { fd: openSync(path, flags), isWritable: true };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !create) return undefined;
    if (create || !['EROFS', 'EACCES', 'EPERM'].includes(code ?? '')) throw error;
    return { fd: openSync(path, constants.O_RDONLY), isWritable: false };
  }
}

/** Most looks find nothing new: they cost one call and no memory. */
const scratch = Buffer.allocUnsafeSlow(CHUNK);

/** Everything from `position` to the end. */
function readFrom(fd: number, position: number): Buffer {
  const chunks: Buffer[] = [];
  for (let at = position; ;) {
    const count = readSync(fd, scratch, 0, CHUNK, at);
    if (count > 0) chunks.push(Buffer.from(scratch.subarray(0, count)));
    at += count;
    if (count < CHUNK) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }
}
