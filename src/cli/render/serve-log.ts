/** What a long-lived process says: lines for people, or JSON lines for whoever collects them. To stderr. */

import { UserError } from '../../index.ts';
import { formatDuration } from '../../model/duration.ts';
import { engineLine } from './terminal.ts';

import type { Level, Logger } from 'pino';
import type { ProjectEvent } from '../../index.ts';
import type { Io } from '../io.ts';

export type LogForm = 'text' | 'json';

export type ServeLog = {
  tell(event: ProjectEvent): void;
  /** The process is about to end by this. People are told by who ends it. */
  failed(error: unknown): void;
};

type Entry = {
  readonly level: Level;
  /** A short phrase; what is different each time is in the fields. */
  readonly phrase: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The same for people; absent: they need not know. */
  readonly lines?: readonly string[];
};

/** A log in one of the two forms. */
export async function makeServeLog(form: LogForm, io: Io): Promise<ServeLog> {
  if (form === 'text') {
    return {
      tell: (event) => {
        for (const line of entryOf(event)?.lines ?? []) io.say(line);
      },
      failed: () => undefined,
    };
  }
  const { default: pino } = await import('pino');
  const logger: Logger = pino({}, pino.destination({ dest: 2, sync: true }));
  return {
    tell: (event) => {
      const entry = entryOf(event);
      if (entry !== undefined) logger[entry.level](entry.fields ?? {}, entry.phrase);
    },
    failed: (error) => {
      const about = error instanceof UserError ? { code: error.code, hint: error.hint } : {};
      logger.error({ ...about, err: error }, 'the process ends');
    },
  };
}

function entryOf(event: ProjectEvent): Entry | undefined {
  switch (event.type) {
    case 'engine': {
      // A run that the store answers needs none.
      if (event.kind === 'none') return undefined;
      const { kind, address, namespace } = event;
      const fields = { kind, address, namespace };
      return { level: 'info', phrase: 'engine', fields, lines: [engineLine(event)] };
    }
    case 'serving': {
      const { stateDir, uiUrl, metricsUrl, taskQueue, slots } = event;
      const ui = uiUrl === undefined ? [] : [`ui        ${uiUrl}`];
      const metrics = metricsUrl === undefined ? [] : [`metrics   ${metricsUrl}`];
      const last = `serving   task queue '${taskQueue}', ${slots} steps at once; Ctrl-C stops`;
      const lines = [`state     ${stateDir}`, ...ui, ...metrics, last];
      const fields = {
        state_dir: stateDir,
        task_queue: taskQueue,
        slots,
        ui: uiUrl,
        metrics: metricsUrl,
      };
      return { level: 'info', phrase: 'serving', fields, lines };
    }
    case 'schedules': {
      const changes = event.changes.map(({ job, change, failed }) => ({ job, change, failed }));
      const lines = changes.map(
        ({ job, change, failed }) =>
          `schedule  ${job}: ${failed === undefined ? DONE[change] : `not taken: ${failed}`}`,
      );
      const isGood = changes.every(({ failed }) => failed === undefined);
      const level = isGood ? 'info' : 'error';
      return { level, phrase: 'schedules applied', fields: { changes }, lines };
    }
    case 'run_opened': {
      const { runId, resumed, job, profile, partition, out } = event;
      const fields = { run_id: runId, job, profile, partition, out, resumed };
      const lines = [`run       ${runId} ${resumed ? 'goes on' : 'begins'}`];
      return { level: 'info', phrase: resumed ? 'run goes on' : 'run begins', fields, lines };
    }
    case 'run_closed': {
      const { runId, summary, elapsedMs, record } = event;
      const { status } = summary;
      const error = record?.error;
      const why = error === undefined ? '' : `: ${error}`;
      const lines = [`run       ${runId} ${status} after ${formatDuration(elapsedMs)}${why}`];
      const fields = { run_id: runId, job: record?.job, status, duration_ms: elapsedMs, error };
      return { level: status === 'OK' ? 'info' : 'warn', phrase: 'run ended', fields, lines };
    }
    case 'order_made': {
      const { runId, partition, status, exitCode, reason } = event.made;
      // What has begun tells its own end.
      if (exitCode !== 2) return undefined;
      const lines = [`run       ${runId} ${status}: ${reason ?? 'it could not be begun'}`];
      const fields = { run_id: runId, partition, status, error: reason };
      return { level: 'warn', phrase: 'run not begun', fields, lines };
    }
    case 'run_suspended': {
      const lines = [
        `run       ${event.runId} is left open; it goes on when this is started again`,
      ];
      return { level: 'info', phrase: 'run left open', fields: { run_id: event.runId }, lines };
    }
    case 'engine_again': {
      const lines = ['engine    it has ended; it is started again'];
      return { level: 'warn', phrase: 'engine ended, started again', lines };
    }
    case 'stopping':
      return {
        level: 'info',
        phrase: 'stopping',
        lines: ['stopping: running steps are given back to the service'],
      };
    case 'stopped': {
      const { leftOpen } = event;
      const runs = leftOpen === 1 ? '1 run is' : `${leftOpen} runs are`;
      const what = leftOpen === 0 ? 'no run is left open' : `${runs} left open for the next start`;
      const fields = { left_open: leftOpen };
      return { level: 'info', phrase: 'stopped', fields, lines: [`stopped   ${what}`] };
    }
    case 'refused': {
      const lines = [
        `refused   an order that no command gave; nothing was executed (${event.why})`,
      ];
      return { level: 'warn', phrase: 'order refused', fields: { why: event.why }, lines };
    }
    case 'said':
      return { level: 'info', phrase: event.text, lines: [event.text] };
    default:
      return undefined;
  }
}

const DONE = Object.freeze({
  create: 'made',
  change: 'changed',
  remove: 'removed',
  none: 'unchanged',
  keep: 'kept',
} as const);
