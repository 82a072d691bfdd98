/** Where the SDK and the worker log to: a file of a run, or stderr of a long-lived worker. One JSON object a line. */

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import type { LogLevel } from '@temporalio/worker';
import type { Logger } from 'pino';

export type Log = (level: LogLevel, message: string, meta?: Record<string, unknown>) => void;

const LEVELS = Object.freeze({
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
});

/** A log to `file`, or to stderr when there is none. Nothing is loaded before the first line: most runs have none. */
export function openWorkerLog(file: string | undefined): Log {
  let logger: Promise<Logger> | undefined;
  return (level, message, meta) => {
    logger ??= openLogger(file);
    void logger.then((to) => to[LEVELS[level]](fieldsOf(meta), message)).catch(() => undefined);
  };
}

/**
 * What the SDK says of a line, in our words: `err` is what pino writes with message and stack; a run is its workflow, or
 * begins the id of one for some of its items; a step is its activity where log-fields.ts knows no better.
 */
function fieldsOf({ error, workflowId, activityId, ...rest }: Record<string, unknown> = {}): Record<
  string,
  unknown
> {
  const [runId] = typeof workflowId === 'string' ? workflowId.split('/') : [];
  return {
    ...(runId === undefined ? {} : { run_id: runId }),
    ...(runId === workflowId ? {} : { workflow_id: workflowId }),
    ...(activityId === undefined ? {} : { step: activityId }),
    ...rest,
    ...(error === undefined ? {} : { err: error }),
  };
}

async function openLogger(file: string | undefined): Promise<Logger> {
  const { default: pino } = await import('pino');
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  // Else of the SDK's errors nothing but their names would be left.
  const serializers = { error: pino.stdSerializers.err };
  return pino({ serializers }, pino.destination({ dest: file ?? 2, sync: true, append: true }));
}
