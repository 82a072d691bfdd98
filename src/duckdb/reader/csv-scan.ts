/**
 * A quick look at the bytes of a delimited file: how many records it has, counted independently of the engine, and
 * whether it is plain. Plain is what DuckDB was seen to read without a change: one kind of line end, quotes only around
 * whole fields, as many fields in each record as in the first, no empty line, no line too long.
 *
 * It never says what is wrong: a file that is not plain is read again by `csv-records.ts`, which does.
 */

import { countOf, fourOf, holdsOne, wordsOf } from './four-bytes.ts';

export type Scan = {
  readonly isPlain: boolean;
  /** Records, the header included. Meaningful where it is plain. */
  readonly records: number;
  /** Every line ends with \r\n, not with \n. */
  readonly hasReturns: boolean;
};

export type Scanner = { push(chunk: Uint8Array): void; end(): Scan };

const [LF, CR, SPACE] = [10, 13, 32];
/** Before a field, within one, within quotes, behind the closing one, behind a \r. */
const [FIELD, TEXT, QUOTED, CLOSED, RETURN] = [0, 1, 2, 3, 4];

/** `delimiter` and `quote` are ASCII characters. */
export function makeScanner(about: {
  readonly delimiter: string;
  readonly quote: string;
  readonly maxLineBytes: number;
}): Scanner {
  const { maxLineBytes } = about;
  const delimiter = about.delimiter.charCodeAt(0);
  const quote = about.quote.charCodeAt(0);
  const [delimiters, quotes] = [fourOf(delimiter), fourOf(quote)];
  const [feeds, returns] = [fourOf(LF), fourOf(CR)];
  /** Where the chunk before this one ended. */
  let place = { state: FIELD, fields: 1, recordBytes: 0, last: 0 };
  let expected = -1;
  let records = 0;
  let isPlain = true;
  /** 0: not known yet; else LF or CR, for a line end of \n or \r\n. */
  let ending = 0;

  /** Looks at a chunk; false: the file is not plain. */
  const look = (chunk: Uint8Array): boolean => {
    const { length } = chunk;
    const words = wordsOf(chunk);
    const head = words.length === 0 ? length : words.byteOffset - chunk.byteOffset;
    // Variables of this call are quicker than those of the one around it.
    let { state, fields } = place;
    let start = -place.recordBytes;
    let i = 0;
    while (i < length) {
      // Four bytes without a line end or quote do no more than begin fields.
      if (state <= TEXT && i >= head) {
        let at = (i - head) >> 2;
        for (; at < words.length; at += 1) {
          const word = words[at]!;
          if (holdsOne(word, feeds, returns, quotes)) break;
          fields = (fields + countOf(word, delimiters)) | 0;
        }
        const next = head + at * 4;
        if (next > i) state = chunk[next - 1] === delimiter ? FIELD : TEXT;
        i = next;
      }
      // The others one by one, to the next whole four.
      const stop = i < head ? head : Math.min(length, i + 4 - ((i - head) & 3));
      for (; i < stop; i += 1) {
        if (state === QUOTED) {
          i = indexOf(chunk, quote, i);
          if (i < length) state = CLOSED;
          continue;
        }
        const byte = chunk[i]!;
        if (byte === LF) {
          const isReturn = state === RETURN;
          const kind = isReturn ? CR : LF;
          if (ending === 0) ending = kind;
          const bytes = i - start - (isReturn ? 1 : 0);
          if (ending !== kind || bytes === 0 || !endRecord(fields, bytes)) return false;
          fields = 1;
          start = i + 1;
          state = FIELD;
        } else if (state === RETURN) return false;
        else if (byte === delimiter) {
          fields += 1;
          state = FIELD;
        } else if (byte === CR) state = RETURN;
        else if (byte === quote) {
          // Within an unquoted field it is a letter; but DuckDB takes spaces before it for nothing.
          if (state !== TEXT) state = QUOTED;
          else if ((i === 0 ? place.last : chunk[i - 1]) === SPACE) return false;
        } else if (state === CLOSED) return false;
        else state = TEXT;
      }
    }
    place = { state, fields, recordBytes: length - start, last: chunk[length - 1] ?? place.last };
    return true;
  };

  /** Ends a record; false: the file is not plain. */
  const endRecord = (fields: number, bytes: number): boolean => {
    if (expected < 0) expected = fields;
    records += 1;
    return fields === expected && bytes <= maxLineBytes;
  };

  return {
    push: (chunk) => {
      isPlain &&= look(chunk);
    },
    end: () => {
      const { state, fields, recordBytes } = place;
      if (isPlain && recordBytes > 0) {
        isPlain = state !== QUOTED && state !== RETURN && endRecord(fields, recordBytes);
      }
      return { isPlain: isPlain && records > 0, records, hasReturns: ending === CR };
    },
  };
}

/** Like `indexOf`, but the length where there is none. */
function indexOf(chunk: Uint8Array, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at < 0 ? chunk.length : at;
}
