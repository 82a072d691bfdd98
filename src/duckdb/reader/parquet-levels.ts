/**
 * Holds the lists that were read against what a Parquet file says of itself: a column chunk names how many values it has,
 * an empty or missing list counting as one. DuckDB drops values that its levels give to no row, without a word.
 */

import { PLAIN_PATH, quoteName, quotePath } from '../session.ts';
import { badFile } from './bad-line.ts';

import type { Session } from '../session-port.ts';
import type { StagedFile } from '../../model/attempt-inputs.ts';
import type { Column } from '../../model/column.ts';

/** Lists of values that hold no list themselves, to any depth; and maps of such. */
const LISTS = /^(?!MAP\(|.*\bMAP\()[^[\]]*((?:\[\])+)$/;
const MAP = /^MAP\([^[\]()]+(?:\(\d+,\d+\))?, [^[\]()]+(?:\(\d+,\d+\))?\)$/;

/** @throws StepError BAD_INPUT_DATA for a column with more or fewer values than the file says */
export async function mustHaveAllValues(
  session: Session,
  file: StagedFile,
  columns: readonly Column[],
): Promise<void> {
  const nested = columns.flatMap(({ name, type }) => {
    const list = quoteName(name);
    if (MAP.test(type)) return [{ name, slots: slotsOf(`map_keys(${list})`, 1) }];
    const depth = (LISTS.exec(type)?.[1] ?? '').length / 2;
    return depth === 0 ? [] : [{ name, slots: slotsOf(list, depth) }];
  });
  if (nested.length === 0) return;
  const sums = nested.map(({ slots }, i) => `sum(${slots}) as n${i}`);
  const path = quotePath(file.path);
  const [read = {}] = await session.rows(
    `select ${sums.join(', ')} from read_parquet(${path}, ${PLAIN_PATH})`,
  );
  for (const [i, { name }] of nested.entries()) {
    const chunks = await session.rows({
      text: `select path_in_schema as leaf, sum(num_values) as n from parquet_metadata(${path}) where starts_with(path_in_schema, $start) group by all`,
      binds: { start: `${name}, ` },
    });
    for (const { n } of chunks) {
      if (Number(n) !== Number(read[`n${i}`] ?? 0)) {
        const found = `${Number(read[`n${i}`] ?? 0)} values were read`;
        throw badFile(
          file.original,
          `column '${name}' says it has ${Number(n)} values, but ${found}`,
        );
      }
    }
  }
}

/** SQL of how many values a list takes in its file. */
function slotsOf(list: string, depth: number): string {
  const few = `case when ${list} is null or len(${list}) = 0 then 1 else`;
  if (depth === 1) return `${few} len(${list})::bigint end`;
  const each = `e${depth}`;
  return `${few} list_sum(list_transform(${list}, lambda ${each}: ${slotsOf(each, depth - 1)}))::bigint end`;
}
