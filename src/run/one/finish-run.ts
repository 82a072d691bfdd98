/** What follows the end of a run: its record, its lock, a last scrape, and what it left on disk. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { exitCode } from '../../model/exit-code.ts';
import { recordEnd } from './detached.ts';

import type { RunSummary } from '../../model/run-summary.ts';
import type { RunControl, Stops } from '../control.ts';
import type { Execution, Watching } from './execution.ts';
import type { Parts } from '../parts.ts';
import type { RunClosed, RunEnded } from '../project-events.ts';

/** Records the end, tells it, and answers when this process has nothing more to do with the run. */
export async function finishRun(
  parts: Parts,
  { plan, lock, hooks }: Execution,
  { tell, linger = parts.options.metrics?.linger ?? 0 }: RunControl,
  ended: {
    readonly summary: RunSummary;
    readonly engine: RunClosed['engine'];
    /** Its page in Temporal's UI. */
    readonly uiUrl?: string;
    readonly watching: Watching;
    readonly stops: Stops;
    /** Stops what executed it. */
    readonly closing?: () => Promise<void>;
  },
): Promise<RunEnded> {
  const { options } = parts;
  const { summary, engine, watching, stops } = ended;
  const runId = plan.run.id;
  const metrics = await parts.metrics(tell);
  const { view } = watching;
  const endedAtMs = view.endedAtMs ?? Date.now();
  const elapsedMs = endedAtMs - view.startedAtMs;
  const hooking = await parts.hooks(tell, hooks.length > 0);
  // The embedded engine's page is gone with the command.
  const staysUp = engine === 'service' || hooking.isServing();
  const end = {
    ...{ plan, summary, hooks, endedAtMs, elapsedMs },
    ...(staysUp ? { uiUrl: ended.uiUrl } : {}),
  };
  // A run that cannot be recorded any more is told all the same, and its counts may be scraped.
  const recorded = await recordEnd(parts, end, tell).then(
    (record) => ({ record }),
    (failure: unknown) => {
      if (failure instanceof UserError && failure.code === 'FENCED') throw failure;
      return { failure };
    },
  );
  await lock?.unlock({ keep: summary.delivery === undefined });
  const closed: RunClosed = {
    runId,
    summary,
    ...('record' in recorded ? { record: recorded.record } : {}),
    folder: parts.folder(runId),
    exitCode: exitCode(summary),
    elapsedMs,
    engine,
    ...(metrics.url === undefined ? {} : { metricsUrl: metrics.url }),
  };
  tell({ type: 'run_closed', ...closed });
  const closing = ended.closing?.();
  const leaving = new AbortController();
  // The cancel that ended the run is not one that ends the wait for its last scrape.
  if (!stops.isCancelled) stops.onCancel(() => leaving.abort());
  void stops.suspended.then(() => leaving.abort());
  const sending = hooking.settle(leaving.signal);
  const say = (text: string): void => tell({ type: 'said', text });
  await metrics.linger(linger, say, leaving.signal);
  await sending;
  await closing;
  await (await parts.store()).settled();
  await rm(join(options.stateDir, 'attempts', runId), { recursive: true, force: true });
  if ('failure' in recorded) throw recorded.failure;
  return { state: 'closed', ...closed, record: recorded.record };
}
