/** A backfill or batch for people and machines: a line a run, what failed with reason and log, and one JSON document. Pure. */

import { relative } from 'node:path';

import { countsOf, hasEnded, isDone, labelOfRow, worstExitCode } from '../../model/backfill.ts';
import { formatDuration } from '../../model/duration.ts';
import { idOf } from '../../run/many/many-records.ts';
import { stateOfMany } from '../../run/many/many-report.ts';
import { tableLines as linesOf } from './table.ts';

import type { ManyRecord, ManyReport, ManyRow } from '../../index.ts';
import type { Io } from '../io.ts';
import type { Paint } from './paint.ts';

/** Where lines go, and how wide it is there. */
export type Page = Pick<Io, 'columns' | 'cwd' | 'live'>;

/** Longest line where no terminal cuts it. */
const LONGEST = 200;

/** One line for a run: `2026-02  FAIL    0.4s  step 'month' ended FAIL: ...`. */
export function rowLine(row: ManyRow, width: number, page: Page, paint: Paint): string {
  const { status, reason } = row;
  const head = `  ${cut(labelOfRow(row), width).padEnd(width)}  `;
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
export function headLine({ record, rows }: ManyReport, page: Page): string {
  const what = 'batch_id' in record ? 'job' : 'partition';
  return `  ${what.padEnd(widthOfLabels(rows.map(labelOfRow), page))}  ${'status'.padEnd(STATUS_WIDTH)}  ${'took'.padStart(7)}  why`;
}

/** Every run, and the sum. */
export function tableLines(report: ManyReport, page: Page, paint: Paint): readonly string[] {
  const { rows } = report;
  const width = widthOfLabels(rows.map(labelOfRow), page);
  return [
    ...rows.flatMap((row) => [rowLine(row, width, page, paint), ...logLines(row, width, page)]),
    sumLine(report, paint),
  ];
}

/** What did not come out well, with its log; then the sum and what to do next. */
export function closingLines(
  report: ManyReport,
  page: Page,
  paint: Paint,
  about: { readonly shownOut: string | undefined; readonly again: string },
): readonly string[] {
  const { rows } = report;
  const width = widthOfLabels(rows.map(labelOfRow), page);
  // Nothing of a reason is cut off here: a terminal folds what is too long.
  const whole = { ...page, live: false };
  const bad = rows.filter((row) => hasEnded(row) && row.status !== 'OK');
  const left = rows.filter((row) => !isDone(row)).length;
  return [
    '',
    ...bad.flatMap((row) => [rowLine(row, width, whole, paint), ...logLines(row, width, page)]),
    ...(bad.length === 0 ? [] : ['']),
    sumLine(report, paint),
    ...(about.shownOut === undefined ? [] : [`  out       ${about.shownOut}`]),
    ...(left === 0 ? [] : [`  go on     ${about.again}`]),
  ];
}

/** `463 OK, 37 FAIL`. */
export function countsText(rows: readonly ManyRow[]): string {
  return [...countsOf(rows)].map(([status, count]) => `${count} ${status}`).join(', ');
}

/** Backfills, or batches, as a table, its heads first. */
export function listLines(
  records: readonly ManyRecord[],
  { columns: width, cwd }: Pick<Page, 'columns' | 'cwd'>,
): readonly string[] {
  const rows = records.map((record) => {
    const id = idOf(record);
    const state = stateWord({ record, state: stateOfMany(record) });
    const askedFor = record.asked_at.slice(0, 16).replace('T', ' ');
    return [id, state, askedFor, ...wordsOf(record, cwd)];
  });
  const [first] = records;
  if (first !== undefined && 'batch_id' in first) {
    const heads = ['batch', 'state', 'asked for', 'runs', 'jobs', 'out'];
    return linesOf(heads, rows, { width, cuttable: ['jobs', 'out'], right: ['runs'] });
  }
  const heads = ['backfill', 'state', 'asked for', 'partitions', 'from', 'to', 'out'];
  return linesOf(heads, rows, { width, cuttable: ['from', 'to', 'out'], right: ['partitions'] });
}

function wordsOf(record: ManyRecord, cwd: string): readonly string[] {
  if ('batch_id' in record) {
    const { items, given_out: out } = record;
    const jobs = [...new Set(items.map(({ job }) => job))];
    return [String(items.length), jobs.join(', '), out === undefined ? '' : shownPath(out, cwd)];
  }
  const { partitions, out } = record;
  const [from = '', to = from] = [partitions[0], partitions.at(-1)];
  return [String(partitions.length), from, to, shownPath(out, cwd)];
}

/** The one document that `--json` prints. */
export function manyJson(report: ManyReport): Record<string, unknown> {
  const { record, rows } = report;
  const { format: _, driver: __, ended: ___, ...about } = record;
  const { partitions: ____, items: _____, ...rest } = about as Record<string, unknown>;
  return {
    ...rest,
    state: stateWord(report),
    exit_code: manyExitCode(report),
    counts: Object.fromEntries(countsOf(rows)),
    [namesOfRows(report)]: rows,
  };
}

/** Under which name the rows stand. */
function namesOfRows({ record }: Pick<ManyReport, 'record'>): 'runs' | 'partitions' {
  return 'batch_id' in record ? 'runs' : 'partitions';
}

/** As a command that drove it exits. */
export function manyExitCode({ rows, state }: ManyReport): number {
  const codes = rows.map(({ exit_code: code = 0 }) => code);
  const isWhole = state === 'done' && rows.every(hasEnded);
  return worstExitCode([...codes, isWhole ? 0 : 130]);
}

function sumLine(report: ManyReport, paint: Paint): string {
  const { record, rows } = report;
  const { asked_at, finished_at } = record;
  const endedMs = finished_at === undefined ? Date.now() : Date.parse(finished_at);
  const took = formatDuration(Math.max(0, endedMs - Date.parse(asked_at)));
  return `  ${headWord(report, paint)}  ${idOf(record)}  ${countsText(rows)}  in ${took}`;
}

/** The worst that a run came to; or that it is not over. */
function headWord({ record, state, rows }: ManyReport, paint: Paint): string {
  if (state === 'cancelled') return paint.status('CANCELLED');
  const [worst = 'OK'] = countsOf(rows).keys();
  if (state === 'done') return paint.status(worst);
  return paint.bold(stateWord({ record, state }));
}

/** How it stands, in a word. */
function stateWord({ record, state }: Pick<ManyReport, 'record' | 'state'>): string {
  return state === 'going on' && record.paused === true ? 'paused' : state;
}

function logLines({ log }: ManyRow, width: number, { cwd }: Page): readonly string[] {
  return log === undefined ? [] : [`  ${' '.repeat(width)}  log: ${shownPath(log, cwd)}`];
}

function tookOf({ started_at, finished_at }: ManyRow): string {
  if (started_at === undefined || finished_at === undefined) return '';
  return formatDuration(Math.max(0, Date.parse(finished_at) - Date.parse(started_at)));
}

/** Columns that the labels take: the longest, unless nothing else would fit beside it. */
export function widthOfLabels(labels: readonly string[], page: Page): number {
  const longest = Math.max('partition'.length, ...labels.map(({ length }) => length));
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
