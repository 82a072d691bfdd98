/**
 * Refuses a compressed file that did not arrive whole. DuckDB looks neither at the checksum and length
 * of gzip nor at where a zstd file breaks off, and would deliver what is left.
 */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

import { StepError } from '../model/step-error.ts';
import { zstdDamage } from './zstd-frames.ts';

import type { StagedFile } from '../model/attempt-inputs.ts';

/** As DuckDB's readers spell it. */
export type Compression = 'uncompressed' | 'gzip' | 'zstd';

const CHUNK_BYTES = 256 * 1024;

/** How a file of this name is compressed. */
export function compressionOf(name: string): Compression {
  if (/\.gz$/i.test(name)) return 'gzip';
  return /\.zst$/i.test(name) ? 'zstd' : 'uncompressed';
}

/** Reads the file once. Several members or frames, one after the other, are one file. @throws StepError BAD_INPUT_DATA */
export async function mustBeWhole(file: StagedFile, signal: AbortSignal): Promise<void> {
  const compression = compressionOf(file.original);
  if (compression === 'uncompressed') return;
  const damage =
    compression === 'gzip'
      ? await gzipDamage(file.path, signal)
      : await zstdDamage(file.path, signal);
  if (damage === undefined) return;
  throw new StepError(
    'BAD_INPUT_DATA',
    `${file.original} is damaged: ${damage}; fetch it again, or make it anew`,
  );
}

/** What is wrong with a gzip file: header, checksum or length of any member, its end, or what follows it. */
async function gzipDamage(path: string, signal: AbortSignal): Promise<string | undefined> {
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES, signal });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  try {
    // Not a pipeline: Node ends at a zero byte behind a member, and that it ended early is no abort.
    await new Promise<void>((resolve, reject) => {
      source.on('error', reject);
      gunzip.on('error', reject).on('end', resolve);
      source.pipe(gunzip).resume();
    });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_STREAM_PUSH_AFTER_EOF') return FOLLOWED;
    if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') return `gzip says "${message}"`;
    throw error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  return gunzip.bytesWritten === (await stat(path)).size ? undefined : FOLLOWED;
}

const FOLLOWED = 'bytes that are not gzip follow after its end';
