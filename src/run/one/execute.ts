/** Executes one plan to its end, whoever asked for it: answers it from the store, or has it executed by the engine. */

import { ownExecution } from '../../orders/open-runs.ts';
import { UserError } from '../../model/errors.ts';
import { mostAtOnce } from '../../model/items.ts';
import { growView } from '../../model/view.ts';
import { listenForStops } from '../control.ts';
import { finishRun } from './finish-run.ts';
import { awaitFirstScrape } from './first-scrape.ts';
import { leftOpen } from './left-open.ts';
import { lackOfRoom } from './room-on-disk.ts';
import { openSession } from '../worker/session.ts';
import { startWorkflow } from './start-workflow.ts';
import { deliverQueueOf, queuesOf, taskQueueOf } from '../worker/queues.ts';
import { answerUnchanged } from './unchanged.ts';
import { whileUp } from '../worker/watch-engine.ts';
import { watchRun } from './watch-run.ts';

import type { EngineChoice } from '../project-options.ts';
import type { OutLock } from '../../delivery/folder/out-lock.ts';
import type { RunSummary } from '../../model/run-summary.ts';
import type { RunControl, Stops } from '../control.ts';
import type { Parts } from '../parts.ts';
import type { RunEnded, Tell } from '../project-events.ts';
import type { Session } from '../worker/session.ts';
import type { Watched } from './watch-run.ts';
import type { Execution, Watching } from './execution.ts';

/** Runs, or goes on with, a plan. @throws UserError with exit code 3 */
export async function executeRun(
  parts: Parts,
  execution: Execution,
  control: RunControl,
): Promise<RunEnded> {
  const { id: runId } = execution.plan.run;
  const { tell } = control;
  const watching = watchingOf(runId, control);
  const stops = listenForStops({
    ...control,
    onFirstCancel: () => {
      if (watching.view.endedAtMs === undefined) tell({ type: 'run_cancelling', runId });
    },
  });
  let isClosed = false;
  (await parts.hooks(tell, execution.hooks.length > 0)).start();
  try {
    const answered = await answerUnchanged(parts, execution, control, { watching, stops });
    if (answered === 'suspended') return suspended(runId, control);
    const ended =
      answered === undefined
        ? await throughEngine(parts, execution, control, watching, stops)
        : await finishRun(parts, execution, control, { ...answered, watching, stops });
    isClosed = ended.state === 'closed';
    return ended;
  } catch (error) {
    throw leftOpen(error, runId);
  } finally {
    stops.end();
    if (!isClosed) {
      const records = await parts.records();
      await records.letGo(runId).catch(() => undefined);
    }
  }
}

function watchingOf(runId: string, { tell }: RunControl): Watching {
  const { view, fold } = growView(Date.now());
  return {
    view,
    note: (event) => {
      fold(event);
      tell({ type: 'run_event', runId, event, view });
    },
  };
}

async function throughEngine(
  parts: Parts,
  execution: Execution,
  control: RunControl,
  watching: Watching,
  stops: Stops,
): Promise<RunEnded> {
  const records = await parts.records();
  const { tell } = control;
  const { way, lock, orderedBy } = execution;
  const { run } = execution.plan;
  const runId = run.id;
  if (stops.isSuspended) return suspended(runId, control);
  const own = ownExecution();
  const opening = openSession(parts, {
    tell,
    queues: (kind) => queuesOf(kind, run),
    slots: mostAtOnce(execution.plan) + 1,
    beside: control.beside ?? 1,
    isOpen: own.isOpen,
    logFile: `${parts.folder(runId)}/worker.log`,
    onEvent: (key, event) => {
      if (key.runId === runId && key.generation === run.generation) watching.note(event);
    },
    ...(execution.endFirst === true ? { endFirst: runId } : {}),
    ...(execution.way === 'attach' && run.outToken !== undefined ? { outToken: run.outToken } : {}),
  });
  const session = await whileHeld(lock, Promise.race([stops.suspended, opening]));
  if (session === 'suspended') {
    const left = suspended(runId, control);
    // An engine that is being fetched or started is left once it is there, or with this process.
    await settledWithin(
      opening.then((late) => late.close()),
      CLOSE_LIMIT_MS,
    );
    return left;
  }
  try {
    const { engine, link } = session;
    const isDetached = control.detach === true && way === 'start';
    const choice: EngineChoice = {
      ...parts.options.engine,
      ...(isDetached ? { deliverBy: 'workers' } : {}),
    };
    const plan = link.sign({
      ...execution.plan,
      run: {
        ...run,
        deliverQueue: deliverQueueOf(engine.kind, choice, run),
        ...(isDetached ? { detached: { hooks: execution.hooks } } : {}),
        ...(engine.kind === 'embedded' && control.heartbeats !== true ? { attended: true } : {}),
      },
    });
    await records.update(runId, {
      engine: { kind: engine.kind, address: engine.address, namespace: engine.namespace },
      bundle: link.modules.worker.workflowBundleHash(),
      deliver_queue: plan.run.deliverQueue,
      task_queue: taskQueueOf(engine.kind, parts.options.engine, run),
      ...(isDetached ? { detached: true } : {}),
    });
    const uiUrl =
      engine.uiUrl === undefined
        ? undefined
        : `${engine.uiUrl}/namespaces/${engine.namespace}/workflows/${runId}`;
    const { storeFolder, options } = parts;
    const lack = await lackOfRoom({
      ...{ plan, storeRoot: storeFolder, stateDir: options.stateDir },
      store: await parts.store(),
    });
    if (lack !== undefined) tell({ type: 'said', text: lack });
    tell({ type: 'run_starting', runId, ...(uiUrl === undefined ? {} : { uiUrl }) });
    await awaitFirstScrape(parts, plan, control, stops);
    const taskQueue = taskQueueOf(engine.kind, parts.options.engine, run);
    const ended = await whileHeld(
      lock,
      startAndWatch({
        ...{ session, plan, records, taskQueue, watching, stops, tell, lock, way, own, orderedBy },
        detach: control.detach === true,
      }),
    );
    if (ended === 'detached') {
      tell({ type: 'run_detached', runId, taskQueue });
      await session.close();
      return { state: 'detached', runId };
    }
    if (ended === 'suspended') return await suspend(session, runId, control);
    return await finishRun(parts, execution, control, {
      summary: ended,
      engine: engine.kind,
      ...(uiUrl === undefined ? {} : { uiUrl }),
      watching,
      stops,
      closing: () => session.close(),
    });
  } catch (error) {
    await keepRunningSteps(session, error, { runId, stops, tell });
    await session.close();
    throw error;
  }
}

/** A step that works while its engine ends is finished, and its result kept for `resume`; any stop ends the wait. */
async function keepRunningSteps(
  { engine, worker }: Session,
  error: unknown,
  about: { readonly runId: string; readonly stops: Stops; readonly tell: Tell },
): Promise<void> {
  const { runId, stops, tell } = about;
  const isLost = error instanceof UserError && error.code === 'ENGINE_LOST';
  if (!isLost || engine.kind !== 'embedded' || worker.steps() === 0 || stops.isCancelled) return;
  tell({ type: 'waiting', runId, for: 'steps', steps: worker.steps() });
  const cancelled = new Promise<void>((resolve) => stops.onCancel(resolve));
  await Promise.race([worker.stepsEnded(), stops.suspended, cancelled]);
}

/** Starts the workflow, or finds it, and watches it to its end. */
async function startAndWatch({
  own,
  way,
  orderedBy,
  detach,
  ...watched
}: Omit<Watched, 'handle'> & {
  readonly detach: boolean;
  readonly own: ReturnType<typeof ownExecution>;
} & Pick<Execution, 'way' | 'orderedBy'>): Promise<RunSummary | 'suspended' | 'detached'> {
  const { session, plan, taskQueue, stops } = watched;
  const { engine } = session;
  const starting = own.begin(() => startWorkflow(session, plan, { taskQueue, way, orderedBy }));
  const handle = await Promise.race([
    stops.suspended,
    whileUp(
      engine.isUp,
      starting.catch(async (error: unknown) => {
        const { engineFailure } = await import('../worker/worker-failure.ts');
        throw (await engineFailure(error, engine, session.connection)) ?? error;
      }),
    ),
  ]);
  if (handle === 'suspended') return handle;
  return detach ? 'detached' : watchRun({ ...watched, handle });
}

/**
 * What `work` answers, as long as nobody else has taken over what it writes to. Who was passed over is told that and
 * nothing else: whatever failed meanwhile followed from it. @throws UserError FENCED
 */
async function whileHeld<T>(lock: OutLock | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } finally {
    lock?.check();
  }
}

/** A service that hangs must not hold a process that was told to leave; a delivery cut short is made good by the next. */
const CLOSE_LIMIT_MS = 1_000;

/** Leaves the run open for `resume`. */
async function suspend(session: Session, runId: string, control: RunControl): Promise<RunEnded> {
  const left = suspended(runId, control);
  const closing = session.close();
  if (session.engine.kind === 'service') await settledWithin(closing, CLOSE_LIMIT_MS);
  else await closing;
  return left;
}

function suspended(runId: string, { tell }: RunControl): RunEnded {
  tell({ type: 'run_suspended', runId });
  return { state: 'suspended', runId };
}

/** Whether it ends well or not. */
async function settledWithin(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}
