/** The schedules of a project as a table. Times are those of the clock that each is read by. Pure. */

import { makePaint } from './paint.ts';
import { tableLines } from './table.ts';

import type { ScheduleRow } from '../../run/schedules/schedules.ts';
import type { Io } from '../io.ts';
import type { Cell } from './table.ts';

/** From here on there is room for what is mostly known. */
const WIDE = 120;

/** The lines of the table; none without rows. */
export function scheduleLines(
  rows: readonly ScheduleRow[],
  { columns, color }: Pick<Io, 'columns' | 'color'>,
): readonly string[] {
  if (rows.length === 0) return [];
  const paint = makePaint(color);
  const isWide = columns >= WIDE;
  const heads = [
    'job',
    'when',
    ...(isWide ? ['clock', 'makes'] : []),
    'next',
    'last due',
    'last run',
  ];
  const cells = rows.map((row): readonly Cell[] => [
    row.job,
    row.when,
    ...(isWide ? [row.timezone ?? 'UTC', row.make ?? 'the job'] : []),
    row.paused ? 'paused' : timeIn(row, row.next[0]),
    timeIn(row, row.last),
    outcomeOf(row, paint),
  ]);
  const [head = '', ...lines] = tableLines(heads, cells, {
    width: columns,
    cuttable: ['job', 'when', 'clock', 'makes'],
  });
  return [paint.dim(head), ...lines.flatMap((line, i) => [line, ...notesOf(rows[i]!, paint)])];
}

function outcomeOf({ run }: ScheduleRow, paint: ReturnType<typeof makePaint>): Cell {
  if (run === undefined) return '-';
  const status = run.state === 'open' ? 'RUNNING' : run.status;
  return { text: status, paint: () => paint.status(status) };
}

/** What a reader would want to know and no column says. */
function notesOf(row: ScheduleRow, paint: ReturnType<typeof makePaint>): readonly string[] {
  const { paused, note, skipped, missed } = row;
  const notes = [
    ...(paused && note !== undefined ? [note] : []),
    ...(skipped > 0 ? [`${skipped} left out, for the earlier run went on`] : []),
    ...(missed > 0 ? [`${missed} missed for longer than catch_up`] : []),
  ];
  return notes.length === 0 ? [] : [paint.dim(`  ${notes.join('; ')}`)];
}

/** 2026-11-28 03:15, by the clock of the schedule; with seconds where any of its times has some. */
function timeIn({ timezone = 'UTC', next }: ScheduleRow, time: string | undefined): string {
  if (time === undefined) return '-';
  const isRound = next.every((one) => Date.parse(one) % 60_000 === 0);
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: isRound ? 'short' : 'medium',
  });
  return format.format(new Date(time));
}
