/**
 * A quick look at the bytes of a delimited file: how many records it has, counted independently of the engine, and
 * whether it is plain. Plain is what DuckDB was seen to read without a change: one kind of line end, quotes only around
 * whole fields, as many fields in each record as in the first, no empty line, no line too long.
 *
 * It never says what is wrong: a file that is not plain is read again by `csv-records.ts`, which does.
 */

export type Scan = {
  readonly isPlain: boolean;
  /** Records, the header included. Meaningful where it is plain. */
  readonly records: number;
  /** Every line ends with \r\n, not with \n. */
  readonly hasReturns: boolean;
};

export type Scanner = { push(chunk: Uint8Array): void; end(): Scan };

const [LF, CR] = [10, 13];
const [FIELD, TEXT, QUOTED, CLOSED, RETURN] = [0, 1, 2, 3, 4];

/** `delimiter` and `quote` are ASCII characters. */
export function makeScanner(about: {
  readonly delimiter: string;
  readonly quote: string;
  readonly maxLineBytes: number;
}): Scanner {
  const delimiter = about.delimiter.charCodeAt(0);
  const quote = about.quote.charCodeAt(0);
  const top = Math.max(delimiter, quote, CR);
  const isMark = new Uint8Array(256);
  for (const mark of [delimiter, quote, LF, CR]) isMark[mark] = 1;
  let state = FIELD;
  let fields = 1;
  let expected = -1;
  let records = 0;
  let isPlain = true;
  /** 0: not known yet; else LF or CR, for a line end of \n or \r\n. */
  let ending = 0;
  /** Bytes of the record before this chunk. */
  let before = 0;

  /** Ends a record of `bytes`; false: the file is not plain. */
  const endRecord = (bytes: number, isEmpty: boolean): boolean => {
    if (expected < 0) expected = fields;
    const isFine = fields === expected && bytes <= about.maxLineBytes && !isEmpty;
    fields = 1;
    records += 1;
    return isFine;
  };

  const push = (chunk: Uint8Array): void => {
    const { length } = chunk;
    let start = -before;
    let i = 0;
    while (i < length) {
      if (state === QUOTED) {
        i = indexOf(chunk, quote, i);
        if (i < length) state = CLOSED;
        i += 1;
        continue;
      }
      const byte = chunk[i]!;
      if (byte > top || isMark[byte] === 0) {
        if (state === FIELD) state = TEXT;
        else if (state !== TEXT) break;
        i += 1;
        // The inner loop: bytes that are only text.
        while (i < length && (chunk[i]! > top || isMark[chunk[i]!] === 0)) i += 1;
        continue;
      }
      if (byte === LF) {
        const isReturn = state === RETURN;
        const kind = isReturn ? CR : LF;
        if (ending === 0) ending = kind;
        const bytes = i - start - (isReturn ? 1 : 0);
        if (ending !== kind || !endRecord(bytes, bytes === 0)) break;
        start = i + 1;
        state = FIELD;
      } else if (state === RETURN) break;
      else if (byte === delimiter) {
        fields += 1;
        state = FIELD;
      } else if (byte === CR) state = RETURN;
      else if (state === TEXT) {
        // A quote within an unquoted field is a letter.
      } else state = QUOTED;
      i += 1;
    }
    if (i < length) isPlain = false;
    before = length - start;
  };

  return {
    push: (chunk) => {
      if (isPlain) push(chunk);
    },
    end: () => {
      if (isPlain && before > 0) {
        isPlain = state !== QUOTED && state !== RETURN && endRecord(before, false);
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
