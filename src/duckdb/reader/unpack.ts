/**
 * Unpacks gzip and Zstandard, told by their first bytes, which no text has.
 *
 * A packed file is whole or refused: every member and frame to its last byte, checksums compared, nothing behind them.
 */

import { once } from 'node:events';
import { createGunzip } from 'node:zlib';

import { piecesOf } from '../../os/pieces.ts';
import { badFile } from './bad-line.ts';
import { unzstd } from './unzstd.ts';

import type { TextFacts, TextFile } from './text-file.ts';

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** A skippable frame: 0x184D2A5? in little-endian order. */
const isSkippable = (head: Buffer): boolean =>
  ((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;

/** The bytes of a file without their packing. A piece needs to live until the next is asked for. @throws StepError BAD_INPUT_DATA */
export async function* unpacked(
  file: TextFile,
  pieces: AsyncIterable<Buffer>,
  facts: TextFacts,
): AsyncGenerator<Buffer> {
  const chunks = pieces[Symbol.asyncIterator]();
  const first = await chunks.next();
  const head: Buffer = first.done === true ? Buffer.alloc(0) : first.value;
  const whole = join(head, chunks);
  const isZstd = head.subarray(0, 4).equals(ZSTD) || isSkippable(head);
  if (head.subarray(0, 2).equals(GZIP)) {
    facts.isAsItLies = false;
    yield* gunzip(file, kept(whole));
  } else if (isZstd) {
    facts.isAsItLies = false;
    yield* unzstd(file, kept(whole));
  } else {
    const claims = /\.(gz|zst)$/i.exec(file.name)?.[1]?.toLowerCase();
    if (claims !== undefined) {
      throw badFile(file.name, `the file is not packed as .${claims} says`);
    }
    yield* whole;
  }
}

/** Reads a file to the end of its packing, if it has one. @throws StepError BAD_INPUT_DATA where that is damaged */
export async function mustBeWhole(file: TextFile): Promise<void> {
  const facts = { isAsItLies: true };
  const pieces = piecesOf(file.path);
  try {
    const chunks = unpacked(file, pieces, facts);
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      if (facts.isAsItLies) return;
    }
  } finally {
    await pieces.return();
  }
}

/** Pieces that stay as they are: what unpacks may come back to one later. */
async function* kept(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

async function* join(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* gunzip(file: TextFile, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unzip = createGunzip();
  let given = 0;
  const feed = async (): Promise<void> => {
    for await (const chunk of chunks) {
      given += chunk.length;
      if (unzip.writableEnded || unzip.destroyed) continue;
      if (!unzip.write(chunk)) await Promise.race([once(unzip, 'drain'), once(unzip, 'close')]);
    }
    unzip.end();
  };
  const feeding = feed().catch((error: unknown) => {
    unzip.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const chunk of unzip) yield chunk as Buffer;
    await feeding;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // Node ends at a zero byte behind a member, and may then be handed more.
    if (code === 'ERR_STREAM_PUSH_AFTER_EOF') throw followed(file);
    if (!code.startsWith('Z_')) throw error;
    throw badFile(file.name, `the gzip data is damaged or cut (${message})`);
  } finally {
    unzip.destroy();
  }
  // What stands behind the last member is taken by none.
  if (unzip.bytesWritten < given) throw followed(file);
}

function followed(file: TextFile): Error {
  return badFile(file.name, 'bytes that are no gzip stand behind the end of its data');
}
