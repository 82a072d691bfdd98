/** The one form in which we write Parquet, and files that need not be written again. */

import { ENGINE_VERSION } from './session.ts';
import { PLAIN_PATH, quotePath, quoteText } from './quoting.ts';

import type { Session } from './session-port.ts';

const ROWS_OF_GROUP = 122_880;
export const PARQUET = `(format parquet, compression zstd, row_group_size ${ROWS_OF_GROUP})`;

/** Names what the columns of a table were before they were put into Parquet. */
export const TYPES_KEY = 'builder_types';

/** Whether a Parquet file has the form in which this engine would write its rows. Reads its footer alone. */
export async function isOurs(session: Session, path: string): Promise<boolean> {
  const file = quotePath(path);
  const writer = ENGINE_VERSION.replace('duckdb ', 'DuckDB version v');
  const others = await session.count(`
    with groups as (
      select row_group_id as id, any_value(row_group_num_rows) as n, bool_and(compression = 'ZSTD') as is_zstd
      from parquet_metadata(${file}) group by all
    )
    select
      (select count(*) from parquet_file_metadata(${file}) where not starts_with(created_by, ${quoteText(`${writer} `)}))
      + (select count(*) from parquet_kv_metadata(${file}) where decode(key) <> ${quoteText(TYPES_KEY)})
      + (select count(*) from groups where not is_zstd)
      + (select count(*) from groups where n <> ${ROWS_OF_GROUP} and id < (select max(id) from groups))
      + (select count(*) from groups where n > ${ROWS_OF_GROUP})`);
  return others === 0;
}

/** The rows of a Parquet file, each value of which has been decoded; a damaged page is an error. */
export async function readThrough(session: Session, path: string): Promise<number> {
  const scan = `read_parquet(${quotePath(path)}, ${PLAIN_PATH})`;
  const [read] = await session.rows(`select count(*) as n, bit_xor(hash(columns(*))) from ${scan}`);
  return Number(read?.['n']);
}
