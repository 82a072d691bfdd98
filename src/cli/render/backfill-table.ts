/** A backfill for people and machines: a line a partition, what failed with reason and log, and one JSON document. Pure. */

import { relative } from 'node:path';

import { countsOf, hasEnded, isDone, worstExitCode } from '../../model/backfill.ts';
import { formatDuration } from '../../model/duration.ts';
import { stateOfBackfill } from '../../run/backfill-report.ts';
import { tableLines as linesOf } from './table.ts';

import type { BackfillRecord, BackfillReport, BackfillRow } from '../../index.ts';
import type { Io } from '../io.ts';
import type { Paint } from './paint.ts';

/** Where lines go, and how wide it is there. */
export type Page = Pick<Io, 'columns' | 'cwd' | 'live'>;

/** Longest line where no terminal cuts it. */
const LONGEST = 200;

/** One line for a partition: `2026-02  FAIL    0.4s  step 'month' ended FAIL: ...`. */
export function rowLine(row: BackfillRow, width: number, page: Page, paint: Paint): string {
  const { partition, status, reason } = row;
  const head = `  ${cut(partition, width).padEnd(width)}  `;
  const took = tookOf(row).padStart(7);
  const why = isDone(row) && status === 'OK' ? '' : firstLine(reason ?? '');
  const room = widthOf(page) - head.length - STATUS_WIDTH - took.length - 4;
  const painted = paint.status(status) + ' '.repeat(Math.max(0, STATUS_WIDTH - status.length));
  return `${head}${painted}  ${took}  ${paint.dim(cut(why, room))}`.trimEnd();
}

/** CANCELLED and UNFINISHED fit; BUDGET_EXCEEDED is rare. */
const STATUS_WIDTH = 10;
/** What stands beside an id at least: margins, status, time. */
const BESIDE_ID = 26;

/** What the columns of a table hold. */
export function headLine({ rows }: BackfillReport, page: Page): string {
  return `  ${'partition'.padEnd(widthOfIds(rows, page))}  ${'status'.padEnd(STATUS_WIDTH)}  ${'took'.padStart(7)}  why`;
}

/** Every partition, and the sum. */
export function tableLines(report: BackfillReport, page: Page, paint: Paint): readonly string[] {
  const { rows } = report;
  const width = widthOfIds(rows, page);
  return [
    ...rows.flatMap((row) => [rowLine(row, width, page, paint), ...logLines(row, width, page)]),
    sumLine(report, paint),
  ];
}

/** What did not come out well, with its log; then the sum and what to do next. */
export function closingLines(
  report: BackfillReport,
  page: Page,
  paint: Paint,
  about: { readonly shownOut: string; readonly again: string },
): readonly string[] {
  const { rows } = report;
  const width = widthOfIds(rows, page);
  // Nothing of a reason is cut off here: a terminal folds what is too long.
  const whole = { ...page, live: false };
  const bad = rows.filter((row) => hasEnded(row) && row.status !== 'OK');
  const left = rows.filter((row) => !isDone(row)).length;
  return [
    '',
    ...bad.flatMap((row) => [rowLine(row, width, whole, paint), ...logLines(row, width, page)]),
    ...(bad.length === 0 ? [] : ['']),
    sumLine(report, paint),
    `  out       ${about.shownOut}`,
    ...(left === 0 ? [] : [`  go on     ${about.again}`]),
  ];
}

/** `463 OK, 37 FAIL`. */
export function countsText(rows: readonly BackfillRow[]): string {
  return [...countsOf(rows)].map(([status, count]) => `${count} ${status}`).join(', ');
}

/** Backfills as a table, its heads first. */
export function listLines(
  records: readonly BackfillRecord[],
  { columns, cwd }: Pick<Page, 'columns' | 'cwd'>,
): readonly string[] {
  const rows = records.map((record) => {
    const { backfill_id: id, asked_at, partitions, out } = record;
    return [
      id,
      stateWord({ backfill: record, state: stateOfBackfill(record) }),
      asked_at.slice(0, 16).replace('T', ' '),
      String(partitions.length),
      partitions[0] ?? '',
      partitions.at(-1) ?? '',
      shownPath(out, cwd),
    ];
  });
  return linesOf(['backfill', 'state', 'asked for', 'partitions', 'from', 'to', 'out'], rows, {
    width: columns,
    cuttable: ['from', 'to', 'out'],
    right: ['partitions'],
  });
}

/** The one document that `--json` prints. */
export function backfillJson(report: BackfillReport): Record<string, unknown> {
  const { backfill, rows } = report;
  const { format: _, partitions: __, driver: ___, ended: ____, ...about } = backfill;
  return {
    ...about,
    state: stateWord(report),
    exit_code: backfillExitCode(report),
    counts: Object.fromEntries(countsOf(rows)),
    partitions: rows,
  };
}

/** As a command that drove it exits. */
export function backfillExitCode({ rows, state }: BackfillReport): number {
  const codes = rows.map(({ exit_code: code = 0 }) => code);
  const isWhole = state === 'done' && rows.every(hasEnded);
  return worstExitCode([...codes, isWhole ? 0 : 130]);
}

function sumLine(report: BackfillReport, paint: Paint): string {
  const { backfill, rows } = report;
  const { asked_at, finished_at, backfill_id: id } = backfill;
  const endedMs = finished_at === undefined ? Date.now() : Date.parse(finished_at);
  const took = formatDuration(Math.max(0, endedMs - Date.parse(asked_at)));
  return `  ${headWord(report, paint)}  ${id}  ${countsText(rows)}  in ${took}`;
}

/** The worst that a partition came to; or that it is not over. */
function headWord({ backfill, state, rows }: BackfillReport, paint: Paint): string {
  if (state === 'cancelled') return paint.status('CANCELLED');
  const [worst = 'OK'] = countsOf(rows).keys();
  if (state === 'done') return paint.status(worst);
  return paint.bold(stateWord({ backfill, state }));
}

/** How it stands, in a word. */
function stateWord({ backfill, state }: Pick<BackfillReport, 'backfill' | 'state'>): string {
  return state === 'going on' && backfill.paused === true ? 'paused' : state;
}

function logLines({ log }: BackfillRow, width: number, { cwd }: Page): readonly string[] {
  return log === undefined ? [] : [`  ${' '.repeat(width)}  log: ${shownPath(log, cwd)}`];
}

function tookOf({ started_at, finished_at }: BackfillRow): string {
  if (started_at === undefined || finished_at === undefined) return '';
  return formatDuration(Math.max(0, Date.parse(finished_at) - Date.parse(started_at)));
}

/** Columns that the ids take: the longest, unless nothing else would fit beside it. */
export function widthOfIds(rows: readonly Pick<BackfillRow, 'partition'>[], page: Page): number {
  const longest = Math.max('partition'.length, ...rows.map(({ partition }) => partition.length));
  return Math.min(longest, widthOf(page) - BESIDE_ID);
}

/** As short as it can be told here. */
export function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || short === '' ? path : short;
}

/** A terminal's width; else as long as anybody reads. */
export function widthOf({ live, columns }: Page): number {
  return live ? Math.max(columns, 40) : LONGEST;
}

export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return most < 4 ? '' : `${text.slice(0, most - 3)}...`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
