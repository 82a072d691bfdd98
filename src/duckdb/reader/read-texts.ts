/** Texts in, one Parquet table out: the reader from end to end, for everything that is not Parquet already. */

import { stat } from 'node:fs/promises';

import { makeParts } from './make-parts.ts';
import { readTable } from './read-table.ts';

import type { Session } from '../session-port.ts';
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
  /** Called whenever something was read or written. While files are read it may throw to end the work. */
  readonly onProgress?: () => void;
  /** Columns that come from the files themselves. */
  readonly fileColumns?: (parts: readonly Part[]) => readonly FileColumn[];
};

/** Reads the files as one table. @throws StepError BAD_INPUT_DATA, BAD_OPTION */
export async function readTexts(
  session: Session,
  files: readonly GivenFile[],
  reading: Reading,
  { folder, target, log, onProgress = () => undefined, fileColumns = () => [] }: TextTask,
): Promise<WrittenTable> {
  const parts = await makeParts(files, reading, folder, { log, onProgress });
  return whileGrowing(target, onProgress, () =>
    readTable(session, parts, reading, fileColumns(parts), target),
  );
}

const LOOK_EVERY_MS = 5_000;

/** Tells of progress as long as a file grows, for the engine does not say how far a COPY is. */
async function whileGrowing<T>(
  path: string,
  onProgress: () => void,
  work: () => Promise<T>,
): Promise<T> {
  let known = 0;
  const look = setInterval(() => {
    // What ends the work is seen by the work itself; here nobody would catch it.
    stat(path)
      .then(({ size }) => {
        if (size > known) onProgress();
        known = Math.max(size, known);
      })
      .catch(() => undefined);
  }, LOOK_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(look);
  }
}
