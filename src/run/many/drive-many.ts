/**
 * Drives one backfill or batch in this process: starts its workflow anew, whatever is left of an earlier one, serves its queue, and
 * closes its record when it has ended. Until then everything stays as it is for the next who drives it.
 */

import { PAGE_SIZE } from '../../model/backfill.ts';
import { UserError } from '../../model/errors.ts';
import { listenForStops } from '../control.ts';
import { idOf, manyOf, nameOf, openMany, ordersOf } from './many-records.ts';
import { manyReport } from './many-report.ts';
import { resultWithoutTrouble } from '../one/follow.ts';
import { isServed } from '../worker/queues.ts';
import { serveOrders } from './serve-orders.ts';
import { brokenWorker } from '../worker/worker-failure.ts';

import type { WorkflowHandle } from '@temporalio/client';
import type { BackfillProgress, BackfillSpec } from '../../model/backfill.ts';
import type { StandingOrder } from '../../model/standing-order.ts';
import type { ManyRecord } from './many-records.ts';
import type { FindRuns, ManyReport } from './many-report.ts';
import type { RunControl, Stops } from '../control.ts';
import type { Link } from '../worker/link.ts';
import type { Parts } from '../parts.ts';
import type { ServedOrders } from './serve-orders.ts';

export type ManyEnded = {
  /** `left`: it stays open, and the same request goes on with it. */
  readonly state: 'closed' | 'left' | 'nothing to make';
  readonly report?: ManyReport;
};

type Driving = {
  readonly parts: Parts;
  readonly record: ManyRecord;
  readonly control: RunControl;
  readonly stops: Stops;
};

const LOOK_EVERY_MS = 1_000;

/** To the end, or until told to stop. @throws UserError with exit code 3 */
export async function driveMany(
  parts: Parts,
  record: ManyRecord,
  control: RunControl,
  about: { readonly find: FindRuns; readonly resumed: boolean },
): Promise<ManyEnded> {
  const { stateDir } = parts.options;
  const { tell } = control;
  const { at_most: atMost } = record;
  const backfillId = idOf(record);
  const reported = async (now: ManyRecord) => manyReport(stateDir, now, about.find);
  const before = await reported(record);
  const metrics = await parts.metrics(tell);
  tell({
    type: 'backfill_opened',
    ...{ backfillId, resumed: about.resumed, atMost, stateDir },
    report: before,
    ...(metrics.url === undefined ? {} : { metricsUrl: metrics.url }),
  });
  const records = openMany(stateDir, manyOf(record));
  let isCancelling = false;
  const onFirstCancel = (): void => {
    isCancelling = true;
    tell({ type: 'backfill_cancelling', backfillId });
  };
  const stops = listenForStops({ ...control, onFirstCancel });
  try {
    const ended = await throughEngine({ parts, record, control, stops });
    if (ended === 'left') {
      await records.letGo(backfillId);
      tell({ type: 'backfill_left', backfillId });
      const left = (await records.read(backfillId)) ?? record;
      return { state: 'left', report: await reported(left) };
    }
    const closed = await records.update(backfillId, {
      state: 'closed',
      ended,
      finished_at: new Date().toISOString(),
    });
    const leaving = new AbortController();
    if (!isCancelling) stops.onCancel(() => leaving.abort());
    void stops.suspended.then(() => leaving.abort());
    const { linger = parts.options.metrics?.linger ?? 0 } = control;
    const report = await reported(closed);
    tell({ type: 'backfill_closed', report });
    // Of runs that could not be begun, nobody has waited for what is due.
    await (await parts.hooks(tell)).settle(leaving.signal);
    await metrics.linger(linger, (text) => tell({ type: 'said', text }), leaving.signal);
    return { state: 'closed', report };
  } catch (error) {
    await records.letGo(backfillId).catch(() => undefined);
    throw error;
  } finally {
    stops.end();
  }
}

/** How it ended; or that it was left. */
async function throughEngine(driving: Driving): Promise<'DONE' | 'CANCELLED' | 'left'> {
  const { parts, record, control, stops } = driving;
  const { tell } = control;
  const backfillId = idOf(record);
  if (stops.isSuspended) return 'left';
  const over = new AbortController();
  const folder = openMany(parts.options.stateDir, manyOf(record)).folder(backfillId);
  const opening = open(driving, `${folder}/worker.log`);
  const opened = await Promise.race([stops.suspended, opening]);
  if (opened === 'suspended') {
    void opening.then(({ orders }) => orders.stop()).catch(() => undefined);
    return 'left';
  }
  const { link, orders, handle } = opened;
  const { engine, connection } = link;
  stops.onCancel(() => void handle.cancel().catch(() => undefined));
  const unwatch = watchPause(driving, handle);
  const waiting = (what: 'service' | 'engine') => (): void =>
    tell({ type: 'waiting', runId: backfillId, for: what, taskQueue: backfillId });
  try {
    const ended = await Promise.race([
      resultOf(handle, {
        stop: over.signal,
        ...(engine.isUp === undefined ? {} : { isUp: engine.isUp }),
        isServed: () => isServed({ link, engine }, backfillId),
        onNoWorker: () => undefined,
        onSilence: waiting(engine.kind === 'service' ? 'service' : 'engine'),
      }),
      brokenWorker({ engine, connection, worker: orders }, over.signal),
      stops.suspended,
    ]);
    return ended === 'suspended' ? 'left' : ended;
  } catch (error) {
    throw leftOpen(error, record);
  } finally {
    over.abort();
    await unwatch();
    await orders.stop();
  }
}

async function open(
  { parts, record, control }: Driving,
  logFile: string,
): Promise<{ link: Link; orders: ServedOrders; handle: WorkflowHandle }> {
  const { tell } = control;
  const backfillId = idOf(record);
  const link = await parts.link(tell);
  const { kind, address, namespace } = link.engine;
  const engine = { kind, address, namespace };
  await openMany(parts.options.stateDir, manyOf(record)).update(backfillId, { engine });
  const orders = await serveOrders(parts, { tell, taskQueue: backfillId, logFile });
  try {
    const { workflow } = await link.client();
    const handle = await workflow.start(manyOf(record), {
      args: [specOf(record, link)],
      workflowId: backfillId,
      taskQueue: backfillId,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      // What became of each run is on record: a new one begins where the old one was.
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      staticSummary: summaryOf(record),
    });
    return { link, orders, handle };
  } catch (error) {
    await orders.stop();
    throw error;
  }
}

function summaryOf(record: ManyRecord): string {
  if ('batch_id' in record) return `${record.items.length} runs`;
  const { job, profile, partitions } = record;
  return `${job} with ${profile}, ${partitions.length} partitions`;
}

function specOf(record: ManyRecord, link: Link): BackfillSpec {
  return {
    order: link.signOrder(orderOfAll(record)),
    atMs: Date.parse(record.asked_at),
    atMost: record.at_most,
    pageSize: PAGE_SIZE,
    paused: false,
  };
}

/** Of a batch the orders of its runs are made from its record, page by page. */
function orderOfAll(record: ManyRecord): StandingOrder {
  if ('batch_id' in record) return { by: 'batch', id: record.batch_id, job: '', out: '' };
  const [first] = ordersOf(record);
  if (first === undefined) throw new Error(`unreachable: ${nameOf(record)} makes nothing`);
  return first.order;
}

async function resultOf(
  handle: WorkflowHandle,
  how: Omit<Parameters<typeof resultWithoutTrouble>[0], 'handle'>,
): Promise<'DONE' | 'CANCELLED'> {
  // Loaded by now: a handle comes from a client.
  const { CancelledFailure, WorkflowFailedError } = await import('@temporalio/client');
  try {
    await resultWithoutTrouble<BackfillProgress>({ handle, ...how });
    return 'DONE';
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (error.cause instanceof CancelledFailure) return 'CANCELLED';
    const why = error.cause?.message ?? error.message;
    throw new UserError('ENGINE_LOST', `its workflow was ended from outside (${why})`, {
      exitCode: 3,
      cause: error,
    });
  }
}

/** Tells, and writes down for others, that somebody paused or resumed it. */
function watchPause({ parts, record, control }: Driving, handle: WorkflowHandle) {
  const backfillId = idOf(record);
  let isPaused = false;
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const seen = await handle.query<BackfillProgress>('backfillProgress');
    if (seen.paused === isPaused) return;
    isPaused = seen.paused;
    control.tell({ type: isPaused ? 'backfill_paused' : 'backfill_resumed', backfillId });
    await openMany(parts.options.stateDir, manyOf(record)).update(backfillId, { paused: isPaused });
  };
  const timer = setInterval(() => {
    looking ??= look()
      .catch(() => undefined)
      .finally(() => (looking = undefined));
  }, LOOK_EVERY_MS);
  return async (): Promise<void> => {
    clearInterval(timer);
    await looking;
  };
}

/** What ended the driving, not what was driven. */
function leftOpen(error: unknown, record: ManyRecord): unknown {
  if (!(error instanceof UserError) || error.exitCode !== 3) return error;
  const { code, message, cause } = error;
  return new UserError(code, message.replace(`run ${idOf(record)}`, nameOf(record)), {
    exitCode: 3,
    cause: cause ?? error,
    hint: `What was made is kept. Go on with: builder_cli ${manyOf(record)} resume ${idOf(record)}`,
  });
}
