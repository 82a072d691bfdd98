/** Executes one plan to its end, whoever asked for it: starts the workflow, shows it, records it, cleans up. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { exitCode } from '../../model/exit-code.ts';
import { ownExecution } from '../../orders/open-runs.ts';
import { shapeOf } from '../../model/run-shape.ts';
import { growView } from '../../model/view.ts';
import { makePaint } from '../render/paint.ts';
import { makeRenderer } from '../render/live.ts';
import { shellWord } from '../render/shell-word.ts';
import { summaryLines } from '../render/summary.ts';
import { stateDirOf } from '../state-dir.ts';
import { follow } from './follow.ts';
import { openSession } from './session.ts';
import { listenForSignals } from './signals.ts';
import { resultJson } from './result-json.ts';
import { deliverQueueOf, isServed, queuesOf, taskQueueOf, tellOfNoDeliverer } from './queues.ts';
import { whileUp } from './watch-engine.ts';
import { brokenWorker, engineFailure } from './worker-failure.ts';

import type { WorkflowHandle } from '@temporalio/client';
import type { Metrics } from '../../metrics/open-metrics.ts';
import type { RunEvent } from '../../model/events.ts';
import type { Plan } from '../../model/plan.ts';
import type { RunSummary } from '../../model/run-summary.ts';
import type { RunView } from '../../model/view.ts';
import type { OutLock } from '../../delivery/folder/out-lock.ts';
import type { RunRecords } from '../../store/run-records.ts';
import type { Io } from '../io.ts';
import type { Paint } from '../render/paint.ts';
import type { Settings } from '../settings.ts';
import type { Engine, Session } from './session.ts';

export type Execution = {
  /** Everything but the queue that only the engine decides. */
  readonly plan: Plan;
  readonly settings: Settings;
  readonly stateDir: string;
  readonly records: RunRecords;
  readonly lock: OutLock | undefined;
  readonly metrics: Metrics;
  readonly io: Io;
  /** `--out` as the user wrote it, for messages. */
  readonly shownOut?: string;
  /** An open workflow of this run may still be served by others: wait for it instead of starting it again. */
  readonly reattach?: boolean;
};

/** Runs, or goes on with, a plan. Answers the exit code. @throws UserError with exit code 3 */
export async function execute(execution: Execution): Promise<number> {
  const { settings, stateDir, records, metrics, io } = execution;
  const runId = execution.plan.run.id;
  const paint = makePaint(io.color);
  const renderer = await makeRenderer(io, paint);
  const { view, fold } = growView(Date.now());
  const onEvent = (event: RunEvent): void => {
    fold(event);
    renderer.event(event, view);
  };

  const own = ownExecution();
  const session = await openSession({
    settings,
    stateDir,
    io,
    metrics,
    queues: (kind) => queuesOf(kind, runId),
    slots: execution.plan.concurrency + 1,
    isOpen: own.isOpen,
    logFile: join(records.folder(runId), 'worker.log'),
    onEvent: (key, event) => {
      if (key.generation === execution.plan.run.generation) onEvent(event);
    },
    ...(execution.plan.run.generation > 1 ? { endFirst: runId } : {}),
  });
  const { engine } = session;
  const plan = session.sign({
    ...execution.plan,
    run: { ...execution.plan.run, deliverQueue: deliverQueueOf(engine.kind, settings, runId) },
  });
  await records.update(runId, {
    engine: { kind: engine.kind, address: engine.address, namespace: engine.namespace },
  });
  const ui = uiOf(engine, runId);
  if (ui !== undefined) io.say(`ui        ${ui}`);
  const signals = listenForSignals();
  /** The run is over for this process. */
  const over = new AbortController();
  try {
    if (settings.waitForScrape > 0) {
      const enough = new AbortController();
      signals.onInterrupt(() => enough.abort());
      void signals.suspended.then(() => enough.abort());
      const say = (line: string): void => io.say(line);
      await metrics.awaitScrape(shapeOf(plan), settings.waitForScrape, say, enough.signal);
    }
    const starting = own.begin(() =>
      startOrAttach(session, plan, settings, execution.reattach ?? false),
    );
    const handle = await Promise.race([
      signals.suspended,
      whileUp(
        engine.isUp,
        starting.catch(async (error: unknown) => {
          throw (await engineFailure(error, engine, session.connection)) ?? error;
        }),
      ),
    ]);
    if (handle === 'suspended') return await suspend(execution, session);
    signals.onInterrupt(() => {
      io.say(
        'cancelling: waiting for the running steps to stop (Ctrl-C again leaves the run open)',
      );
      void handle.cancel().catch(() => undefined);
    });
    if (plan.run.deliverQueue !== queuesOf(engine.kind, runId).deliverQueue) {
      void tellOfNoDeliverer(session, plan.run.deliverQueue, (line) => io.say(line));
    }
    const embedded = engine.kind === 'embedded';
    const ended = await Promise.race([
      follow({
        stop: over.signal,
        handle,
        ...(embedded ? { ownView: () => view } : {}),
        onEvent: (event) => {
          onEvent(event);
          // The worker that serves it may write into another store.
          records.noteEvent(runId, event);
        },
        onNoWorker: () =>
          io.say(
            `waiting: no worker serves task queue '${taskQueueOf(engine.kind, settings, runId)}'; start one with \`builder_cli worker\``,
          ),
        isServed: () => isServed(session, taskQueueOf(engine.kind, settings, runId)),
        ...(engine.isUp === undefined ? {} : { isUp: engine.isUp }),
        onSilence: () => io.say('waiting: the Temporal service does not answer'),
        resume: resumeCommand(execution),
      }),
      brokenWorker(session, over.signal),
      signals.suspended,
      lockLost(execution.lock),
    ]);
    over.abort();
    renderer.stop();
    execution.lock?.check();
    if (ended === 'suspended') {
      return await suspend(execution, session);
    }
    const leaving = new AbortController();
    // The Ctrl-C that cancelled the run is not one that ends the wait for its last scrape.
    if (!signals.interrupted) signals.onInterrupt(() => leaving.abort());
    void signals.suspended.then(() => leaving.abort());
    return await finish(execution, session, ended, { view, paint, leaving: leaving.signal });
  } catch (error) {
    over.abort();
    renderer.stop();
    await session.close();
    throw error;
  } finally {
    signals.stop();
    await metrics.close();
  }
}

/** Settles when another command has taken this run's `--out` over; never without a lock. */
async function lockLost(lock: OutLock | undefined): Promise<'suspended'> {
  await (lock?.lost ?? new Promise(() => undefined));
  return 'suspended';
}

/** A service that hangs must not hold a command that was told to leave; a delivery cut short is made good by the next. */
const CLOSE_LIMIT_MS = 1_000;

async function settledWithin(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/** Leaves the run open for `resume`. Answers the exit code. */
async function suspend(execution: Execution, session: Session): Promise<number> {
  const { plan, io } = execution;
  io.say(`suspended ${plan.run.id}; go on with: ${resumeCommand(execution)}`);
  const closing = session.close();
  if (session.engine.kind === 'service') await settledWithin(closing, CLOSE_LIMIT_MS);
  else await closing;
  return 130;
}

async function finish(
  execution: Execution,
  session: Session,
  summary: RunSummary,
  {
    view,
    paint,
    leaving,
  }: {
    readonly view: RunView;
    readonly paint: Paint;
    readonly leaving: AbortSignal;
  },
): Promise<number> {
  const { plan, settings, records, lock, metrics, io } = execution;
  const runId = plan.run.id;
  const code = exitCode(summary);
  // A run that cannot be recorded any more is told all the same, and its counts may be scraped.
  const closed = await records.close(runId, summary).then(
    (record) => ({ record }),
    (failure: unknown) => {
      if (failure instanceof UserError && failure.code === 'FENCED') throw failure;
      return { failure };
    },
  );
  const delivered = summary.delivery !== undefined;
  await lock?.unlock({ keep: !delivered });
  const elapsedMs = (view.endedAtMs ?? Date.now()) - view.startedAtMs;
  const lines = summaryLines(
    runId,
    summary,
    elapsedMs,
    {
      ...(execution.shownOut === undefined ? {} : { out: execution.shownOut }),
      record: records.folder(runId),
      ...(session.engine.kind === 'embedded'
        ? { ui: `${shownCommand('dev', execution)} keeps Temporal's UI up` }
        : {}),
      ...(metrics.url === undefined ? {} : { metrics: metrics.url }),
      ...(code === 0 ? {} : { resume: resumeCommand(execution) }),
    },
    paint,
  );
  for (const line of lines) io.say(line);
  if (settings.json && 'record' in closed) {
    io.out(JSON.stringify(resultJson(closed.record, summary, code), null, 2));
  }
  const closing = session.close();
  await metrics.linger(settings.linger, (line) => io.say(line), leaving);
  await closing;
  await session.store.settled();
  await rm(join(execution.stateDir, 'attempts', runId), { recursive: true, force: true });
  if ('failure' in closed) throw closed.failure;
  return code;
}

async function startOrAttach(
  session: Session,
  plan: Plan,
  settings: Settings,
  reattach: boolean,
): Promise<WorkflowHandle & { readonly firstExecutionRunId?: string }> {
  const { client, engine } = session;
  if (reattach && engine.kind === 'service') {
    const handle = client.workflow.getHandle(plan.run.id);
    const open = await handle.describe().then(
      (d) => d.status.name === 'RUNNING',
      () => false,
    );
    if (open) return handle;
  }
  return client.workflow.start('runProfile', {
    args: [plan],
    workflowId: plan.run.id,
    taskQueue: taskQueueOf(engine.kind, settings, plan.run.id),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    requestEagerStart: engine.kind === 'embedded',
    workflowTaskTimeout: engine.kind === 'embedded' ? '5s' : '10s',
    staticSummary: `${plan.job} with ${plan.profile}`,
  });
}

function uiOf(engine: Engine, runId: string): string | undefined {
  return engine.uiUrl === undefined
    ? undefined
    : `${engine.uiUrl}/namespaces/${engine.namespace}/workflows/${runId}`;
}

/** The words that go on with a run. */
function resumeCommand(execution: Execution): string {
  const { plan, shownOut } = execution;
  return shownOut === undefined
    ? `${shownCommand('resume', execution)} ${plan.run.id}`
    : `builder_cli resume --out ${shellWord(shownOut)}`;
}

/** A command for this run's state folder, to be typed where the user is. */
function shownCommand(verb: string, { settings, stateDir, io }: Execution): string {
  const found = stateDirOf({ from: io.cwd, cwd: io.cwd }) === stateDir;
  return found && settings.stateDir === undefined
    ? `builder_cli ${verb}`
    : `builder_cli ${verb} --state-dir ${shellWord(stateDir)}`;
}
