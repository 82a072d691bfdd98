/**
 * The footer of a Parquet file with other words for types that the engine would cut: a point in time in nanoseconds
 * without its zone, a time of day in nanoseconds as a point in time, INT96 as twelve bytes. The values stay what they are. Pure.
 */

import { LIST, readNumber, readStruct, readStructs, STRUCT } from './thrift.ts';

import type { ThriftReader } from './thrift.ts';

/** Field numbers of what is walked through. */
const FILE = { schema: 2, rowGroups: 4 } as const;
const ELEMENT = { type: 1, typeLength: 2, logicalType: 10 } as const;
const LOGICAL = { time: 7, timestamp: 8 } as const;
const INSTANT = { isUtc: 1, unit: 2 } as const;
const NANOS = 3;
const GROUP_COLUMNS = 1;
const CHUNK_ABOUT = 3;
const ABOUT_TYPE = 1;

const INT96 = 3;
/** FIXED_LEN_BYTE_ARRAY, as a number with a sign is written. */
const FIXED = 7 * 2;
const I32 = 5;
const TRUE = 1;
const FALSE = 2;

/** Bytes in the place of some others. */
type Edit = { readonly at: number; readonly length: number; readonly bytes: readonly number[] };

/** @throws NoThrift */
export function withFinestTypes(footer: Buffer): Buffer {
  const edits: Edit[] = [];
  const reader = { bytes: footer, at: 0 };
  readStruct(reader, (id, type) => {
    if (type !== LIST) return false;
    if (id === FILE.schema) readStructs(reader, () => readElement(reader, edits));
    else if (id === FILE.rowGroups) readStructs(reader, () => readGroup(reader, edits));
    else return false;
    return true;
  });
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const { at, length, bytes } of edits.toSorted((a, b) => a.at - b.at)) {
    pieces.push(footer.subarray(from, at), Uint8Array.from(bytes));
    from = at + length;
  }
  pieces.push(footer.subarray(from));
  return Buffer.concat(pieces);
}

function readElement(reader: ThriftReader, edits: Edit[]): void {
  let isInt96 = false;
  let hasLength = false;
  readStruct(reader, (id, type, headerAt) => {
    if (id === ELEMENT.type && type === I32) {
      isInt96 = editInt96(reader, edits);
      return true;
    }
    // The field before it is now that of the length; a field's header counts from there.
    if (isInt96 && !hasLength && id > ELEMENT.typeLength) {
      edits.push({
        at: headerAt,
        length: 1,
        bytes: [0x10 | I32, 12 * 2, ((id - ELEMENT.typeLength) << 4) | type],
      });
    }
    if (id >= ELEMENT.typeLength) hasLength = true;
    if (id !== ELEMENT.logicalType || type !== STRUCT) return false;
    readLogical(reader, edits);
    return true;
  });
}

/** A type of time in nanoseconds becomes one without a zone. */
function readLogical(reader: ThriftReader, edits: Edit[]): void {
  readStruct(reader, (id, type, headerAt) => {
    if ((id !== LOGICAL.time && id !== LOGICAL.timestamp) || type !== STRUCT) return false;
    let utcAt = -1;
    let isNanos = false;
    readStruct(reader, (own, ownType, at) => {
      if (own === INSTANT.isUtc && (ownType === TRUE || ownType === FALSE)) utcAt = at;
      if (own !== INSTANT.unit || ownType !== STRUCT) return false;
      readStruct(reader, (unit) => {
        isNanos = unit === NANOS;
        return false;
      });
      return true;
    });
    if (isNanos && utcAt >= 0) {
      edits.push({ at: headerAt, length: 1, bytes: [(LOGICAL.timestamp << 4) | STRUCT] });
      edits.push({ at: utcAt, length: 1, bytes: [(INSTANT.isUtc << 4) | FALSE] });
    }
    return true;
  });
}

function readGroup(reader: ThriftReader, edits: Edit[]): void {
  readStruct(reader, (id, type) => {
    if (id !== GROUP_COLUMNS || type !== LIST) return false;
    readStructs(reader, () => {
      readStruct(reader, (own, ownType) => {
        if (own !== CHUNK_ABOUT || ownType !== STRUCT) return false;
        readStruct(reader, (about, aboutType) => {
          if (about !== ABOUT_TYPE || aboutType !== I32) return false;
          editInt96(reader, edits);
          return true;
        });
        return true;
      });
    });
    return true;
  });
}

/** Reads a physical type; INT96 becomes bytes of a fixed length. */
function editInt96(reader: ThriftReader, edits: Edit[]): boolean {
  const { at } = reader;
  if (readNumber(reader) !== INT96) return false;
  edits.push({ at, length: reader.at - at, bytes: [FIXED] });
  return true;
}
