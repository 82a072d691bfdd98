/**
 * Points and times of day in a Parquet file that are finer than the engine reads them: nanoseconds with a zone, of a time
 * of day, and of INT96 are cut to microseconds there without a word. A copy of the file whose footer calls them by a type
 * that has all of it tells whether any would be cut.
 */

import { constants } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';

import { typeOf } from '../kept/type-text.ts';
import { PLAIN_PATH, quoteName, quotePath, quoteText } from '../session.ts';
import { badFile } from './bad-line.ts';
import { withFinestTypes } from './parquet-footer.ts';

import type { SqlType } from '../kept/type-text.ts';
import type { Session } from '../session-port.ts';
import type { StagedFile } from '../../model/attempt-inputs.ts';
import type { Column } from '../../model/column.ts';

const NANOS = '%unit=%NANOS=NanoSeconds%';

/** `scratch`: where a copy may lie meanwhile. @throws StepError BAD_INPUT_DATA for a value that would be cut */
export async function mustBeReadWhole(
  session: Session,
  file: StagedFile,
  columns: readonly Column[],
  scratch: string,
): Promise<void> {
  const finer = await session.count(
    `select count(*) from parquet_schema(${quotePath(file.path)}) where type = 'INT96' or logical_type like 'TimestampType(isAdjustedToUTC=1${NANOS}' or logical_type like 'TimeType(${NANOS}'`,
  );
  await mustBeTimesOfDay(session, file, columns);
  if (finer === 0) return;
  try {
    await copyFile(file.path, scratch, constants.COPYFILE_FICLONE);
    await callByFinestTypes(scratch);
    const source = `read_parquet(${quotePath(scratch)}, ${PLAIN_PATH})`;
    const finest = await session.columns(source);
    for (const [i, { name, type }] of columns.entries()) {
      const own = finest[i]!;
      const isCut = cutIn(quoteName(own.name), typeOf(type), typeOf(own.type), 1);
      if (isCut === undefined) continue;
      const [found] = await session.rows(`select 1 from ${source} where ${isCut} limit 1`);
      if (found === undefined) continue;
      throw badFile(
        file.original,
        `column '${name}' has nanoseconds (or, as INT96, a day) that ${type} does not have`,
        'write it in microseconds, or as points in time in nanoseconds without a zone',
      );
    }
  } finally {
    await rm(scratch, { force: true });
  }
}

/** A time before 00:00 or after the day's end, which a damaged or careless writer may leave, prints as no time at all. */
async function mustBeTimesOfDay(
  session: Session,
  file: StagedFile,
  columns: readonly Column[],
): Promise<void> {
  for (const { name } of columns.filter(({ type }) => type === 'TIME')) {
    const [found] = await session.rows(
      `select 1 from read_parquet(${quotePath(file.path)}, ${PLAIN_PATH}) where not (${quoteName(name)} between time '00:00:00' and time '23:59:59.999999') limit 1`,
    );
    if (found !== undefined)
      throw badFile(file.original, `column '${name}' has a time that is in no day`);
  }
}

async function callByFinestTypes(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const { size } = await handle.stat();
    const { buffer: tail } = await handle.read(Buffer.alloc(8), 0, 8, size - 8);
    const length = tail.readUInt32LE();
    const at = size - 8 - length;
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, at);
    const footer = withFinestTypes(buffer);
    tail.writeUInt32LE(footer.length);
    await handle.write(Buffer.concat([footer, tail]), 0, footer.length + 8, at);
    await handle.truncate(at + footer.length + 8);
  } finally {
    await handle.close();
  }
}

/** SQL: whether a value has more than its type, found by how the finest types differ; undefined: it has no such part. */
function cutIn(value: string, type: SqlType, finest: SqlType, depth: number): string | undefined {
  if (type.text === finest.text) return undefined;
  const item = `e${depth}`;
  const inList = (list: string, of: SqlType, finestOf: SqlType): string | undefined => {
    const isCut = cutIn(item, of, finestOf, depth + 1);
    return (
      isCut &&
      `coalesce(list_contains(list_transform(${list}, lambda ${item}: ${isCut}), true), false)`
    );
  };
  if ((type.kind === 'list' || type.kind === 'array') && finest.kind === type.kind) {
    return inList(value, type.of, finest.of);
  }
  if (type.kind === 'map' && finest.kind === 'map') {
    return any([
      inList(`map_keys(${value})`, type.key, finest.key),
      inList(`map_values(${value})`, type.value, finest.value),
    ]);
  }
  if (type.kind === 'struct' && finest.kind === 'struct') {
    return any(
      type.members.map((member, i) =>
        cutIn(
          `struct_extract(${value}, ${quoteText(member.name ?? '')})`,
          member.type,
          finest.members[i]!.type,
          depth,
        ),
      ),
    );
  }
  const isCut = finest.text === 'BLOB' ? cutInt96(value) : `epoch_ns(${value}) % 1000 <> 0`;
  return `coalesce(${isCut}, false)`;
}

/** Powers of 256, their last three digits. */
const LAST_DIGITS = [1, 256, 536, 216, 296, 776, 656, 936];
/** The last day that has a number of microseconds, by its Julian number, that of 1970 among them. */
const LAST_DAY = 2_440_588 + 106_751_990;

/** Of INT96 eight bytes are the nanoseconds of a day and four the day, the least byte first; none of them negative here. */
function cutInt96(value: string): string {
  const byte = (i: number): string => `('0x' || substr(hex(${value}), ${2 * i + 1}, 2))::bigint`;
  const nanos = LAST_DIGITS.map((digits, i) => `${byte(i)} * ${digits}`).join(' + ');
  const day = [8, 9, 10, 11].map((at, i) => `${byte(at)} * ${256 ** i}`).join(' + ');
  return `((${nanos}) % 1000 <> 0 or ${byte(7)} > 0 or (${day}) > ${LAST_DAY})`;
}

function any(conditions: readonly (string | undefined)[]): string | undefined {
  const all = conditions.filter((each) => each !== undefined);
  return all.length === 0 ? undefined : `(${all.join(' or ')})`;
}
