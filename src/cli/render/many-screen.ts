/** The events of a backfill or a batch on a terminal: a line for each run that has ended, and below them what runs now. */

import { hasEnded, labelOfRow } from '../../model/backfill.ts';
import { formatDuration } from '../../model/duration.ts';
import { manyOf } from '../../run/many/many-records.ts';
import {
  closingLines,
  countsText,
  cut,
  rowLine,
  shownPath,
  widthOf,
  widthOfLabels,
} from './many-table.ts';
import { makePaint } from './paint.ts';
import { makeShownCommands } from './shown-commands.ts';
import { engineLine, waitingLine } from './terminal.ts';

import type { BatchRow, ManyRecord, ManyRow, ProjectEvent, RunView } from '../../index.ts';
import type { StateDir } from '../../run/definitions/state-dir.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { Page } from './many-table.ts';
import type { Paint } from './paint.ts';

export type ManyScreen = {
  tell(event: ProjectEvent): void;
  /** Removes the live region; lines already printed stay. */
  stop(): void;
};

/** What is known while it goes on. */
export type ManyView = {
  readonly beganMs: number;
  /** Runs that had ended when this process began. */
  readonly endedBefore: number;
  /** By label. */
  readonly rows: Map<string, ManyRow>;
  /** By label. */
  readonly running: Map<string, { readonly sinceMs: number; view?: RunView }>;
  paused: boolean;
};

const REFRESH_MS = 250;
/** Of more runs a terminal shows only those that did not come out well. */
const MOST_LINES = 50;
/** Runs that are shown at once. */
const MOST_RUNNING = 10;

/** Shows one. */
export async function makeManyScreen(about: {
  readonly io: Io;
  readonly settings: Settings;
  readonly stateDir: StateDir;
  readonly shownOut?: string;
}): Promise<ManyScreen> {
  const { io, settings, stateDir } = about;
  const paint = makePaint(io.color);
  const commands = makeShownCommands({ cwd: io.cwd, settings, stateDir: stateDir.path });
  const region = io.live ? (await import('log-update')).createLogUpdate(io.stream) : undefined;
  const view: ManyView = {
    beganMs: Date.now(),
    endedBefore: 0,
    rows: new Map(),
    running: new Map(),
    paused: false,
  };
  /** By run. */
  const labels = new Map<string, string>();
  const once = new Set<string>();
  let width = 4;
  let id = '';
  let record: ManyRecord | undefined;
  let isOn = false;
  const draw = (): void => {
    if (isOn) region?.(regionOf(view, Date.now(), io, paint));
  };
  const say = (line: string): void => {
    if (isOn) region?.clear();
    io.say(line);
    draw();
  };
  const sayOnce = (line: string): void => {
    if (once.has(line)) return;
    once.add(line);
    say(line);
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    if (!isOn) return;
    isOn = false;
    region?.clear();
    region?.done();
  };
  const again = (): string =>
    `${commands.shown(`${record === undefined ? 'backfill' : manyOf(record)} resume`)} ${id}`;

  const tell = (event: ProjectEvent): void => {
    switch (event.type) {
      case 'backfill_opened': {
        id = event.backfillId;
        ({ record } = event.report);
        const rows: readonly ManyRow[] = event.report.rows;
        for (const row of rows) view.rows.set(labelOfRow(row), row);
        Object.assign(view, { endedBefore: rows.filter(hasEnded).length });
        width = widthOfLabels([...view.rows.keys()], io);
        for (const line of openingLines(event, view.endedBefore)) io.say(line);
        isOn = region !== undefined;
        timer = setInterval(draw, REFRESH_MS).unref();
        return draw();
      }
      case 'engine':
        return event.kind === 'none' ? undefined : sayOnce(engineLine(event));
      case 'run_opened': {
        const label = labelOfRun(record, event);
        labels.set(event.runId, label);
        view.running.set(label, { sinceMs: Date.now() });
        return draw();
      }
      case 'run_event': {
        const running = view.running.get(labels.get(event.runId) ?? '');
        if (running !== undefined) running.view = event.view;
        return;
      }
      case 'run_suspended':
        view.running.delete(labels.get(event.runId) ?? '');
        return;
      case 'order_made': {
        const { label, made } = event;
        const { runId: run_id, status, exitCode: exit_code, reason } = made;
        const sinceMs = view.running.get(label)?.sinceMs ?? Date.now();
        view.running.delete(label);
        const row: ManyRow = {
          ...(view.rows.get(label) ?? { partition: label }),
          ...{ status, run_id, exit_code },
          started_at: new Date(sinceMs).toISOString(),
          finished_at: new Date().toISOString(),
          ...(reason === undefined ? {} : { reason }),
        };
        view.rows.set(label, row);
        const isShown = region === undefined || view.rows.size <= MOST_LINES || status !== 'OK';
        return isShown ? say(rowLine(row, width, io, paint)) : draw();
      }
      case 'backfill_paused':
        view.paused = true;
        return say(`paused: what runs is finished, nothing more is begun; ${again()}`);
      case 'backfill_resumed':
        view.paused = false;
        return say('goes on');
      case 'backfill_cancelling':
        return say(
          'cancelling: waiting for the running steps to stop (Ctrl-C again leaves it open)',
        );
      case 'backfill_left':
        stop();
        return io.say(`left ${id} open; go on with: ${again()}`);
      case 'backfill_closed': {
        stop();
        const shownOut = about.shownOut ?? shownOutOf(event.report.record, io.cwd);
        const closing = { shownOut, again: again() };
        for (const line of closingLines(event.report, io, paint, closing)) io.say(line);
        return;
      }
      case 'waiting':
        return sayOnce(waitingLine(event));
      case 'refused':
        return sayOnce(
          `refused   an order that no command gave; nothing was executed (${event.why})`,
        );
      case 'said':
        return sayOnce(event.text);
      default: // Of the single runs no more is told.
    }
  };
  return { tell, stop };
}

/** Of a backfill the partition, of a batch the job, or both. */
function labelOfRun(
  record: ManyRecord | undefined,
  { job, partition }: { readonly job: string; readonly partition?: string },
): string {
  if (record === undefined || !('batch_id' in record)) return partition ?? '';
  const row: Pick<BatchRow, 'job' | 'partition'> =
    partition === undefined ? { job } : { job, partition };
  return labelOfRow(row as BatchRow);
}

function shownOutOf(record: ManyRecord, cwd: string): string | undefined {
  const out = 'batch_id' in record ? record.given_out : record.out;
  return out === undefined ? undefined : shownPath(out, cwd);
}

function openingLines(
  event: ProjectEvent & { readonly type: 'backfill_opened' },
  ended: number,
): readonly string[] {
  const { backfillId, report, atMost, stateDir, metricsUrl, resumed } = event;
  const { record, rows } = report;
  const so = ended === 0 ? '' : `, ${ended} of them ended`;
  const isBatch = 'batch_id' in record;
  const of = isBatch ? '' : ` (${record.job} with ${record.profile})`;
  const what = `${isBatch ? 'run' : 'partition'}${rows.length === 1 ? '' : 's'}`;
  return [
    `${(resumed ? 'resume' : manyOf(record)).padEnd(9)} ${backfillId}${of}`,
    `makes     ${rows.length} ${what}${so}, at most ${atMost} at once`,
    `state     ${stateDir}`,
    ...(metricsUrl === undefined ? [] : [`metrics   ${metricsUrl}`]),
  ];
}

/** Text of the region at a moment. Pure. */
export function regionOf(view: ManyView, nowMs: number, page: Page, paint: Paint): string {
  const rows = [...view.rows.values()];
  const ended = rows.filter(hasEnded);
  const shown = [...view.running].slice(0, MOST_RUNNING);
  const width = widthOfLabels(
    shown.map(([label]) => label),
    page,
  );
  const most = widthOf(page) - 1;
  const lines = shown.map(([label, { sinceMs, view: run }]) => {
    const since = formatDuration(Math.max(0, nowMs - sinceMs));
    const plain = `  ${cut(label, width).padEnd(width)}  RUNNING  ${since.padStart(7)}  `;
    const what = cut(stepsOf(run), most - plain.length);
    return `${plain.replace('RUNNING', paint.status('RUNNING'))}${what}`.trimEnd();
  });
  const more = view.running.size - shown.length;
  if (more > 0) lines.push(`  and ${more} more`);
  const waiting = rows.length - ended.length - view.running.size;
  const counts = ended.length === 0 ? '' : `: ${countsText(ended)}`;
  const words = [
    `${ended.length} of ${rows.length} ended${counts}`,
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    formatDuration(Math.max(0, nowMs - view.beganMs)),
    ...(view.paused ? ['paused'] : leftText(view, ended.length, rows.length, nowMs)),
  ];
  return [...lines, paint.dim(cut(`  ${words.join(', ')}`, most))].join('\n');
}

/** By how long those took that ended here. */
function leftText(
  { beganMs, endedBefore }: ManyView,
  ended: number,
  total: number,
  nowMs: number,
): readonly string[] {
  const here = ended - endedBefore;
  if (here < 3 || ended === total) return [];
  return [`about ${formatDuration(((nowMs - beganMs) / here) * (total - ended))} left`];
}

/** `clean, score (3 of 7 steps)`. */
function stepsOf(view: RunView | undefined): string {
  if (view === undefined) return '';
  const ended = view.steps.filter((step) => step.state === 'ended').length;
  const now = view.steps
    .filter((step) => step.state === 'running' || step.state === 'retrying')
    .map(({ id }) => id);
  const names = now.length === 0 ? '' : `${now.join(', ')} `;
  return `${names}(${ended} of ${view.steps.length} steps)`;
}
