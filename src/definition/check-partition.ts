/** The partition that a run makes: how the job is cut, and which of its partitions is meant. Pure. */

import {
  dateIn,
  findPartition,
  ID_FORMS,
  isPartitionName,
  isTimezone,
  latestPartition,
  partitionOf,
} from '../model/partition.ts';
import { partitionSchema } from './job.ts';
import { child, itemsOf, textOf } from './located.ts';
import { shapeOf } from './shape-problems.ts';

import type { Problem } from '../model/errors.ts';
import type { Partition, Partitioning, Period } from '../model/partition.ts';
import type { Located, LocatedMap } from './located.ts';

/** When a run starts: the date that was fixed then, or the moment, whose date the job's time zone tells. */
export type Start = { readonly date: string } | { readonly atMs: number };

export type CheckedPartition = {
  /** `run.date`, YYYY-MM-DD. */
  readonly date: string;
  /** The date of today, where partitions begin and end. */
  readonly today: string;
  /** Undefined: the job is not cut, or it is wrong how. */
  readonly partitioning?: Partitioning;
  /** `hole`: there is one, but not a right one. Absent: the job is not cut. */
  readonly partition?: Partition | 'hole';
  readonly problems: readonly Problem[];
};

/** Which partition is meant by an id or `latest`; without: the latest, or the first. */
export function checkPartition(
  root: LocatedMap | undefined,
  start: Start,
  wanted: string | undefined,
): CheckedPartition {
  const located = child(root, 'partition');
  const zone = textOf(child(located, 'timezone'));
  const timezone = zone !== undefined && isTimezone(zone) ? zone : 'UTC';
  const today = 'atMs' in start ? dateIn(timezone, start.atMs) : start.date;
  const date = today;
  if (located === undefined) {
    const problems: Problem[] = [];
    if (wanted !== undefined && root !== undefined) {
      problems.push(
        badPartition(wanted, "the job has no key 'partition', so it is made as a whole"),
      );
    }
    return { date, today, problems };
  }
  const { partitioning, problems } = partitioningOf(located);
  if (partitioning === undefined) return { date, today, partition: 'hole', problems };
  const chosen = choose(partitioning, today, wanted);
  if ('wrong' in chosen) {
    return {
      date,
      today,
      partitioning,
      partition: 'hole',
      problems: [...problems, badPartition(wanted ?? '', chosen.wrong)],
    };
  }
  return { date, today, partitioning, partition: chosen, problems };
}

function choose(
  how: Partitioning,
  today: string,
  wanted: string | undefined,
): Partition | { readonly wrong: string } {
  if (wanted !== undefined && wanted !== 'latest') return findPartition(how, wanted, today);
  const latest = latestPartition(how, today);
  if (latest !== undefined) return latest;
  if (wanted === undefined) return how.by === 'list' ? { id: how.ids[0] ?? '' } : how.first;
  if (how.by === 'list') return { wrong: 'a list has no latest one' };
  return { wrong: `none is over yet; the first, ${how.first.id}, is on ${how.first.end}` };
}

function badPartition(wanted: string, message: string): Problem {
  return { code: 'BAD_PARTITION', file: `--partition ${wanted}`, line: 0, column: 0, message };
}

/** How the job is cut, or what is wrong with it beyond its shape, which is checked with the whole file. */
function partitioningOf(located: Located): {
  readonly partitioning?: Partitioning;
  readonly problems: readonly Problem[];
} {
  const shape = shapeOf(partitionSchema, located, { what: '' });
  if (shape.value === undefined) return { problems: [] };
  const problems: Problem[] = [];
  const refuse = (key: string, message: string): void => {
    const at = (child(located, key) ?? located).at;
    problems.push({ code: 'BAD_VALUE', ...at, message: `partition.${key}: ${message}` });
  };
  const { by, timezone } = shape.value;
  if (timezone !== undefined && !isTimezone(timezone)) {
    refuse('timezone', `there is no time zone '${timezone}'; one is like Europe/Amsterdam`);
  }
  const partitioning = by === 'list' ? listOf(located, refuse) : calendarOf(by, located, refuse);
  return partitioning === undefined || problems.length > 0
    ? { problems }
    : { partitioning, problems };
}

type Refuse = (key: string, message: string) => void;

function listOf(located: Located, refuse: Refuse): Partitioning | undefined {
  for (const key of ['start', 'end'] as const) {
    if (child(located, key) !== undefined) refuse(key, "a list has none; it has 'values'");
  }
  const values = child(located, 'values');
  if (values === undefined) {
    refuse('values', 'it is missing; a list needs one, such as values: [north, south]');
    return undefined;
  }
  const ids = itemsOf(values).map(writtenOf);
  const seen = new Set<string>();
  for (const id of ids) {
    if (!isPartitionName(id)) {
      refuse(
        'values',
        `'${id}' cannot be the name of a folder; expected at most 63 letters, digits, ., - and _, and not latest, previous, missing or all`,
      );
    } else if (seen.has(id.toLowerCase())) {
      refuse('values', `'${id}' stands there more than once, or differs in capitals alone`);
    }
    seen.add(id.toLowerCase());
  }
  return { by: 'list', ids };
}

function calendarOf(by: Period, located: Located, refuse: Refuse): Partitioning | undefined {
  if (child(located, 'values') !== undefined) {
    refuse('values', `a ${by} has none; they belong to 'by: list'`);
  }
  const [first, last] = (['start', 'end'] as const).map((key) => {
    const written = child(located, key);
    if (written === undefined) return undefined;
    const id = writtenOf(written);
    const found = partitionOf(by, id);
    if (found === undefined)
      refuse(key, `'${id}' is no ${by}; one is written like ${ID_FORMS[by]}`);
    return found;
  });
  if (child(located, 'start') === undefined) {
    refuse('start', `it is missing; the first ${by} is needed, such as ${ID_FORMS[by]}`);
  }
  if (first === undefined) return undefined;
  if (last !== undefined && last.start! < first.start!) {
    refuse('end', `${last.id} lies before the start, ${first.id}`);
  }
  return { by, first, ...(last === undefined ? {} : { last }) };
}

/** The letters of the file: 2026 and 0007 are names here. */
function writtenOf(located: Located): string {
  if (located.kind !== 'scalar') return '';
  return located.written ?? String(located.value);
}
