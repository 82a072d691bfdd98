/** Where the SDK and the worker log to: a file of a run, or stderr of a long-lived worker. One JSON object a line. */

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import type { LogLevel } from '@temporalio/worker';

export type Log = (level: LogLevel, message: string, meta?: Record<string, unknown>) => void;

const LEVELS = Object.freeze({
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
});

/** A log to `file`, or to stderr when there is none. */
export async function openWorkerLog(file: string | undefined): Promise<Log> {
  const { pino, destination } = await import('pino').then((m) => m.default);
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const logger = pino({}, destination({ dest: file ?? 2, sync: true, append: true }));
  return (level, message, meta) => logger[LEVELS[level]](meta ?? {}, message);
}
