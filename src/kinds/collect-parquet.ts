/** A Parquet file from outside that is taken over byte for byte, because nothing about it is to be changed. */

import { PLAIN_PATH, quotePath } from '../duckdb/quoting.ts';
import { readThrough } from '../duckdb/parquet.ts';

import type { Session } from '../duckdb/session.ts';
import type { WrittenTable } from '../duckdb/write.ts';
import type { StagedFile } from '../model/attempt-inputs.ts';

/**
 * The staged file as a table. Its bytes are those that were hashed for the fingerprint, so equal inputs are equal bytes;
 * every value is decoded once, so that a damaged file is told of here and not by a later step. @throws StepError
 */
export async function takeOver(session: Session, { path }: StagedFile): Promise<WrittenTable> {
  const rows = await readThrough(session, path);
  const columns = await session.columns(`read_parquet(${quotePath(path)}, ${PLAIN_PATH})`);
  return { path, format: 'parquet', rows, columns };
}
