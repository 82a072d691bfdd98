/**
 * Compares the checksums of a Parquet file's pages, where it has them: DuckDB does not. Page headers are Thrift's compact
 * form; of them only the size and the checksum matter here, all else is skipped.
 */

import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

import { quotePath } from '../session.ts';
import { badFile } from './bad-line.ts';
import { holdsNumber, NoThrift, readNumber, readStruct } from './thrift.ts';

import type { FileHandle } from 'node:fs/promises';
import type { Session } from '../session-port.ts';
import type { StagedFile } from '../../model/attempt-inputs.ts';

const HEADER_BYTES = 64 * 1024;
/** Field numbers of PageHeader. */
const [TYPE, SIZE, CHECKSUM] = [1, 3, 4];
/** The field with more about a page of each type: data, dictionary, data of version 2. */
const STRUCT_OF_TYPE: Readonly<Record<number, number>> = { 0: 5, 2: 7, 3: 8 };

/** @throws StepError BAD_INPUT_DATA for a page whose bytes are not those that were written */
export async function mustMatchChecksums(
  session: Session,
  file: StagedFile,
  onProgress: () => void,
): Promise<void> {
  const chunks = await session.rows(
    `select path_in_schema as name, least(coalesce(nullif(dictionary_page_offset, 0), data_page_offset), data_page_offset) as at, total_compressed_size as bytes from parquet_metadata(${quotePath(file.path)})`,
  );
  const handle = await open(file.path, 'r');
  try {
    for (const { name, at, bytes } of chunks) {
      const isWhole = await chunkMatches(handle, Number(at), Number(at) + Number(bytes));
      if (!isWhole) {
        throw badFile(file.original, `a page of column '${name}' does not fit its checksum`);
      }
      onProgress();
    }
  } finally {
    await handle.close();
  }
}

/** True if no page has a checksum that its bytes do not have. What is no page header is DuckDB's matter. */
async function chunkMatches(handle: FileHandle, start: number, end: number): Promise<boolean> {
  for (let at = start; at < end;) {
    const header = headerOf(await bytesAt(handle, at, Math.min(HEADER_BYTES, end - at)));
    if (header === undefined || header.size < 0) return true;
    at += header.length;
    if (header.checksum !== undefined) {
      const page = await bytesAt(handle, at, header.size);
      if (page.length === header.size && crc32(page) !== header.checksum >>> 0) return false;
    }
    at += header.size;
  }
  return true;
}

async function bytesAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}

type Header = {
  readonly length: number;
  readonly size: number;
  readonly checksum: number | undefined;
};

/** The header of a page, if that is what the bytes are: of a known type, with the struct of that type. */
function headerOf(bytes: Buffer): Header | undefined {
  const fields = new Map<number, number>();
  const reader = { bytes, at: 0 };
  try {
    readStruct(reader, (id, type) => {
      const isNumber = holdsNumber(type);
      fields.set(id, isNumber ? readNumber(reader) : 0);
      return isNumber;
    });
  } catch (error) {
    if (error instanceof NoThrift) return undefined;
    throw error;
  }
  const [type = -1, size] = [fields.get(TYPE), fields.get(SIZE)];
  const own = STRUCT_OF_TYPE[type];
  if (size === undefined || own === undefined || !fields.has(own)) return undefined;
  return { length: reader.at, size, checksum: fields.get(CHECKSUM) };
}
