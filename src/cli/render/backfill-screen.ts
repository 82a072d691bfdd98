/** The events of a backfill on a terminal: a line for each partition that has ended, and below them what runs now. */

import { hasEnded } from '../../model/backfill.ts';
import { formatDuration } from '../../model/duration.ts';
import {
  closingLines,
  countsText,
  cut,
  rowLine,
  shownPath,
  widthOf,
  widthOfIds,
} from './backfill-table.ts';
import { makePaint } from './paint.ts';
import { makeShownCommands } from './shown-commands.ts';
import { engineLine, waitingLine } from './terminal.ts';

import type { BackfillRow, ProjectEvent, RunView } from '../../index.ts';
import type { StateDir } from '../../run/state-dir.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';
import type { Page } from './backfill-table.ts';
import type { Paint } from './paint.ts';

export type BackfillScreen = {
  tell(event: ProjectEvent): void;
  /** Removes the live region; lines already printed stay. */
  stop(): void;
};

/** What is known of a backfill while it goes on. */
export type BackfillView = {
  readonly beganMs: number;
  /** Partitions that had ended when this process began. */
  readonly endedBefore: number;
  readonly rows: Map<string, BackfillRow>;
  /** By partition. */
  readonly running: Map<string, { readonly sinceMs: number; view?: RunView }>;
  paused: boolean;
};

const REFRESH_MS = 250;
/** Of more partitions a terminal shows only those that did not come out well. */
const MOST_LINES = 50;
/** Runs that are shown at once. */
const MOST_RUNNING = 10;

/** Shows one backfill. */
export async function makeBackfillScreen(about: {
  readonly io: Io;
  readonly settings: Settings;
  readonly stateDir: StateDir;
  readonly shownOut?: string;
}): Promise<BackfillScreen> {
  const { io, settings, stateDir } = about;
  const paint = makePaint(io.color);
  const commands = makeShownCommands({ cwd: io.cwd, settings, stateDir: stateDir.path });
  const region = io.live ? (await import('log-update')).createLogUpdate(io.stream) : undefined;
  const view: BackfillView = {
    beganMs: Date.now(),
    endedBefore: 0,
    rows: new Map(),
    running: new Map(),
    paused: false,
  };
  const partitions = new Map<string, string>();
  const once = new Set<string>();
  let width = 4;
  let id = '';
  let out = '';
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
  const again = (): string => `${commands.shown('backfill resume')} ${id}`;

  const tell = (event: ProjectEvent): void => {
    switch (event.type) {
      case 'backfill_opened': {
        ({ backfillId: id, out } = event);
        for (const row of event.rows) view.rows.set(row.partition, row);
        Object.assign(view, { endedBefore: event.rows.filter(hasEnded).length });
        width = widthOfIds(event.rows, io);
        for (const line of openingLines(event, view.endedBefore)) io.say(line);
        isOn = region !== undefined;
        timer = setInterval(draw, REFRESH_MS).unref();
        return draw();
      }
      case 'engine':
        return event.kind === 'none' ? undefined : sayOnce(engineLine(event));
      case 'run_opened': {
        const { runId, partition = '' } = event;
        partitions.set(runId, partition);
        view.running.set(partition, { sinceMs: Date.now() });
        return draw();
      }
      case 'run_event': {
        const running = view.running.get(partitions.get(event.runId) ?? '');
        if (running !== undefined) running.view = event.view;
        return;
      }
      case 'run_suspended':
        view.running.delete(partitions.get(event.runId) ?? '');
        return;
      case 'order_made': {
        const { partition = '', runId: run_id, status, exitCode: exit_code, reason } = event.made;
        const sinceMs = view.running.get(partition)?.sinceMs ?? Date.now();
        view.running.delete(partition);
        const row: BackfillRow = {
          ...{ partition, status, run_id, exit_code },
          started_at: new Date(sinceMs).toISOString(),
          finished_at: new Date().toISOString(),
          ...(reason === undefined ? {} : { reason }),
        };
        view.rows.set(partition, row);
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
          'cancelling: waiting for the running steps to stop (Ctrl-C again leaves the backfill open)',
        );
      case 'backfill_left':
        stop();
        return io.say(`left ${id} open; go on with: ${again()}`);
      case 'backfill_closed': {
        stop();
        const shownOut = about.shownOut ?? shownPath(out, io.cwd);
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

function openingLines(
  event: ProjectEvent & { readonly type: 'backfill_opened' },
  ended: number,
): readonly string[] {
  const { backfillId, job, profile, rows, atMost, stateDir, metricsUrl, resumed } = event;
  const so = ended === 0 ? '' : `, ${ended} of them ended`;
  return [
    `${resumed ? 'resume   ' : 'backfill '} ${backfillId} (${job} with ${profile})`,
    `makes     ${rows.length} partition${rows.length === 1 ? '' : 's'}${so}, at most ${atMost} at once`,
    `state     ${stateDir}`,
    ...(metricsUrl === undefined ? [] : [`metrics   ${metricsUrl}`]),
  ];
}

/** Text of the region at a moment. Pure. */
export function regionOf(view: BackfillView, nowMs: number, page: Page, paint: Paint): string {
  const rows = [...view.rows.values()];
  const ended = rows.filter(hasEnded);
  const shown = [...view.running].slice(0, MOST_RUNNING);
  const width = widthOfIds(
    shown.map(([partition]) => ({ partition })),
    page,
  );
  const most = widthOf(page) - 1;
  const lines = shown.map(([partition, { sinceMs, view: run }]) => {
    const since = formatDuration(Math.max(0, nowMs - sinceMs));
    const plain = `  ${cut(partition, width).padEnd(width)}  RUNNING  ${since.padStart(7)}  `;
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
  { beganMs, endedBefore }: BackfillView,
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
