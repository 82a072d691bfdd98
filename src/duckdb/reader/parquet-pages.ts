/**
 * Compares the checksums of a Parquet file's pages, where it has them: DuckDB does not. Page headers are Thrift's compact
 * form; of them only the size and the checksum matter here, all else is skipped.
 */

import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

import { quotePath } from '../session.ts';
import { badFile } from './bad-line.ts';

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
    readStruct(reader, fields);
  } catch (error) {
    if (error instanceof NoHeader) return undefined;
    throw error;
  }
  const [type = -1, size] = [fields.get(TYPE), fields.get(SIZE)];
  const own = STRUCT_OF_TYPE[type];
  if (size === undefined || own === undefined || !fields.has(own)) return undefined;
  return { length: reader.at, size, checksum: fields.get(CHECKSUM) };
}

class NoHeader extends Error {}

type Reader = { readonly bytes: Buffer; at: number };

/** Reads a struct; whole numbers go into `fields` by their number, where that is given. */
function readStruct(reader: Reader, fields?: Map<number, number>): void {
  let id = 0;
  for (;;) {
    const byte = nextByte(reader);
    if (byte === 0) return;
    id = byte >> 4 === 0 ? zigzag(varint(reader)) : id + (byte >> 4);
    const type = byte & 15;
    const isNumber = type >= 4 && type <= 6;
    const value = isNumber ? zigzag(varint(reader)) : 0;
    if (!isNumber) skip(reader, type);
    fields?.set(id, value);
  }
}

/** Skips a value of a type of Thrift's compact form. */
function skip(reader: Reader, type: number): void {
  switch (type) {
    case 1:
    case 2:
      return;
    case 3:
      reader.at += 1;
      return;
    case 4:
    case 5:
    case 6:
      varint(reader);
      return;
    case 7:
      reader.at += 8;
      return;
    case 8: {
      const length = varint(reader);
      reader.at += length;
      return;
    }
    case 9:
    case 10: {
      const byte = nextByte(reader);
      const count = byte >> 4 === 15 ? varint(reader) : byte >> 4;
      for (let i = 0; i < count; i += 1) {
        // A truth value in a list has a byte of its own.
        if ((byte & 15) <= 2) reader.at += 1;
        else skip(reader, byte & 15);
      }
      return;
    }
    case 12:
      readStruct(reader);
      return;
    default:
      throw new NoHeader();
  }
}

function nextByte(reader: Reader): number {
  const byte = reader.bytes[reader.at];
  if (byte === undefined) throw new NoHeader();
  reader.at += 1;
  return byte;
}

function varint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = nextByte(reader);
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
    if (shift > 63) throw new NoHeader();
  }
}

function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
