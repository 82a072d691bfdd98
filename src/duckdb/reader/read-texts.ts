/** Texts in, one Parquet table out: the reader from end to end, for everything that is not Parquet already. */

import { makeParts } from './make-parts.ts';
import { readTable } from './read-table.ts';

import type { Session } from '../session.ts';
import type { WrittenTable } from '../write.ts';
import type { GivenFile } from './make-parts.ts';
import type { Part } from './part.ts';
import type { Reading } from './reading.ts';
import type { FileColumn } from './table-sql.ts';

export type TextTask = {
  /** For texts written anew. */
  readonly folder: string;
  /** Where the table goes. */
  readonly target: string;
  readonly log: (line: string) => void;
  /** Called with every piece that was read. It may throw to end the work. */
  readonly onBytes?: (bytes: number) => void;
  /** Columns that come from the files themselves. */
  readonly fileColumns?: (parts: readonly Part[]) => readonly FileColumn[];
};

/** Reads the files as one table. @throws StepError BAD_INPUT_DATA, BAD_OPTION */
export async function readTexts(
  session: Session,
  files: readonly GivenFile[],
  reading: Reading,
  { folder, target, log, onBytes = () => undefined, fileColumns = () => [] }: TextTask,
): Promise<WrittenTable> {
  const parts = await makeParts(files, reading, folder, { log, onBytes });
  return readTable(session, parts, reading, fileColumns(parts), target);
}
