/** One outside file made ready for the engine: text that it reads without a change, the names of its columns, its records counted. Pure types. */

import type { StagedFile } from '../../model/attempt-inputs.ts';

/** What the values of a JSON column were, as marks that add up. */
export const KIND = Object.freeze({ string: 1, number: 2, boolean: 4, nested: 8 });

/** A record of the file it came from, for people. */
export type Place = { readonly line: number; readonly text: string };

export type Part = {
  readonly file: StagedFile;
  /** Name for people: the path as it was found. */
  readonly name: string;
  /** The delimited text that DuckDB reads. */
  readonly path: string;
  readonly delimiter: string;
  /** The text begins with a line of names. */
  readonly hasHeader: boolean;
  /** Its lines end with \r\n, that of the names first of all; else with \n. */
  readonly hasReturns: boolean;
  /** Unquoted texts that are NULL. */
  readonly nulls: readonly string[];
  /** Columns of the text; one more than `names` where a mark ends each record. */
  readonly width: number;
  /** Names as they stand in the file. */
  readonly given: readonly string[];
  /** Names of the whole in order, no two equal but for case. */
  readonly names: readonly string[];
  /** Of JSON: what the values of each column were. */
  readonly kinds?: readonly number[];
  /** Records counted here, not by DuckDB. */
  readonly records: number;
  readonly maxLineBytes: number;
  /** Where these records (from 0, in order) stand in the file as it was given. */
  placesOf(records: readonly number[]): Promise<ReadonlyMap<number, Place>>;
};
