/** A mistake in a query, with its place in it. */

import { StepError } from '../model/step-error.ts';

import type { ErrorCode } from '../model/error-codes.ts';

export class QueryError extends StepError {
  /** What is wrong, without the place. */
  readonly said: string;
  /** Offset in the query's UTF-8 bytes; undefined where the engine does not tell. */
  readonly byte: number | undefined;
  /** What was probably meant, as a sentence. */
  readonly meant: string | undefined;
  /** The column it does not find. */
  readonly missingColumn: string | undefined;
  readonly isUnknownFunction: boolean;

  constructor(
    code: ErrorCode,
    said: string,
    about: {
      readonly text: string;
      readonly byte?: number | undefined;
      readonly meant?: string | undefined;
      readonly missingColumn?: string | undefined;
      readonly isUnknownFunction?: boolean;
      readonly cause?: unknown;
    },
  ) {
    const { text, byte, meant, cause } = about;
    super(code, `${placeOf(text, byte)}${said}${meant === undefined ? '' : `. ${meant}`}`, {
      cause,
    });
    this.said = said;
    this.byte = byte;
    this.meant = meant;
    this.missingColumn = about.missingColumn;
    this.isUnknownFunction = about.isUnknownFunction ?? false;
  }

  /** The same mistake in a text that has so many bytes before this one. */
  movedBy(bytes: number, text: string): QueryError {
    const { code, said, meant, missingColumn, isUnknownFunction, cause } = this;
    const byte = this.byte === undefined ? undefined : this.byte + bytes;
    return new QueryError(code, said, {
      text,
      byte,
      meant,
      missingColumn,
      isUnknownFunction,
      cause,
    });
  }
}

/** The error of a text that was made from a user's: a place in it would be no place in theirs. */
export function withoutPlace(error: unknown): unknown {
  if (!(error instanceof QueryError) || error.byte === undefined) return error;
  const { code, said, meant, missingColumn, isUnknownFunction, cause } = error;
  return new QueryError(code, said, { text: '', meant, missingColumn, isUnknownFunction, cause });
}

/** The offset that a tree or an error of the engine holds; it writes the largest number for none. */
export function byteOf(written: unknown): number | undefined {
  const byte = Number(written ?? Number.NaN);
  return Number.isSafeInteger(byte) && byte >= 0 ? byte : undefined;
}

/** `line 3, column 8: ` of a UTF-8 byte offset. */
export function placeOf(text: string, byte: number | undefined): string {
  if (byte === undefined) return '';
  const before = Buffer.from(text).subarray(0, byte).toString();
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  return `line ${line}, column ${column}: `;
}
