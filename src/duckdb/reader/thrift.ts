/** Thrift's compact form, in which Parquet writes what it says of itself: walked through, not taken in. Pure. */

/** Bytes, and how far they were read. */
export type ThriftReader = { readonly bytes: Uint8Array; at: number };

/** The bytes are none of this form. */
export class NoThrift extends Error {}

/** A type by its number in a field's header. */
export const STRUCT = 12;
export const LIST = 9;

/** Whether a field of this type holds a whole number of more than a byte. */
export function holdsNumber(type: number): boolean {
  return type >= 4 && type <= 6;
}

/**
 * Reads a struct. `take` is called at each value, with the field's number and type and where its header stands; true: it
 * has read the value, else that is skipped.
 * @throws NoThrift
 */
export function readStruct(
  reader: ThriftReader,
  take: (id: number, type: number, headerAt: number) => boolean = () => false,
): void {
  let id = 0;
  for (;;) {
    const headerAt = reader.at;
    const byte = nextByte(reader);
    if (byte === 0) return;
    id = byte >> 4 === 0 ? readNumber(reader) : id + (byte >> 4);
    const type = byte & 15;
    if (!take(id, type, headerAt)) skip(reader, type);
  }
}

/** Reads the structs of a list. @throws NoThrift */
export function readStructs(reader: ThriftReader, each: (n: number) => void): void {
  const count = listSize(reader).count;
  for (let n = 0; n < count; n += 1) each(n);
}

/** A whole number with a sign. @throws NoThrift */
export function readNumber(reader: ThriftReader): number {
  const value = varint(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Skips a value of a type. */
function skip(reader: ThriftReader, type: number): void {
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
    case LIST:
    case 10: {
      const { of, count } = listSize(reader);
      for (let i = 0; i < count; i += 1) {
        // A truth value in a list has a byte of its own.
        if (of <= 2) reader.at += 1;
        else skip(reader, of);
      }
      return;
    }
    case STRUCT:
      readStruct(reader);
      return;
    default:
      throw new NoThrift();
  }
}

function listSize(reader: ThriftReader): { readonly of: number; readonly count: number } {
  const byte = nextByte(reader);
  return { of: byte & 15, count: byte >> 4 === 15 ? varint(reader) : byte >> 4 };
}

function nextByte(reader: ThriftReader): number {
  const byte = reader.bytes[reader.at];
  if (byte === undefined) throw new NoThrift();
  reader.at += 1;
  return byte;
}

function varint(reader: ThriftReader): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = nextByte(reader);
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
    if (shift > 63) throw new NoThrift();
  }
}
