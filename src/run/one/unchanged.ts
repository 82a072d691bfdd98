/**
 * Answers a run from the store alone, without any engine: the same `drive()`, with ports that only look up, then the
 * real delivery.
 *
 * 1. Until every step is answered nothing is told, logged or counted: on the first that is not, the engine does it all.
 * 2. Outcomes are told, recorded and counted as those of any run.
 * 3. Never with a service: there the workflow is the record that others look for.
 */

import { setTimeout as pause } from 'node:timers/promises';

import { give } from '../../activities/give-activity.ts';
import { makeRedactor } from '../../activities/redactor.ts';
import { identifyAttempt, reuse, secretsInUse } from '../../activities/reuse.ts';
import { makeSecrets } from '../../activities/secrets.ts';
import { makeStepLog } from '../../activities/step-log.ts';
import { deliverInto } from '../../delivery/deliver.ts';
import { failureOf } from '../../model/failure.ts';
import { fileNameOf, nameIn } from '../../model/nested.ts';
import { lookUpRun } from '../../model/look-up.ts';
import { deliverFilesOf, deliverOrder, runOrder, stepOrder } from '../../model/order.ts';
import { runStatus } from '../../model/outcome.ts';
import { shapeOf } from '../../model/run-shape.ts';
import { awaitFirstScrape } from './first-scrape.ts';
import { lookAtItemsHere } from './look-at-items.ts';

import type { Completed } from '../../model/drive.ts';
import type { RunEvent } from '../../model/events.ts';
import type { Failure } from '../../model/failure.ts';
import type { Plan, PlanStep } from '../../model/plan.ts';
import type { Given } from '../../model/run-state.ts';
import type { RunSummary } from '../../model/run-summary.ts';
import type { DeliverResult, StepResult } from '../../model/step-result.ts';
import type { Store } from '../../store/store.ts';
import type { RunControl, Stops } from '../control.ts';
import type { Execution, Watching } from './execution.ts';
import type { Parts } from '../parts.ts';

/** What a step's log will hold, once all are answered. */
type Note = { readonly step: string; readonly lines: readonly string[] };

/** The ended run; undefined where something has to be executed, or a cancel is to be. */
export async function answerUnchanged(
  parts: Parts,
  execution: Execution,
  control: RunControl,
  { watching, stops }: { readonly watching: Watching; readonly stops: Stops },
): Promise<{ readonly summary: RunSummary; readonly engine: 'none' } | 'suspended' | undefined> {
  const { plan } = execution;
  if (execution.endFirst === true || execution.way === 'attach') return undefined;
  if (!(await parts.isEmbedded())) return undefined;
  const store = await parts.store();
  if (!(await mayBeUnchanged(plan, store))) return undefined;

  const startedAtMs = Date.now();
  const notes: Note[] = [];
  const looking = lookUpRun(plan, {
    now: () => Date.now(),
    find: async (step, given, within) => {
      // What goes wrong here is told by the attempt that the engine makes.
      const found = await lookUp(parts, within, step, given, store).catch(() => undefined);
      if (found === undefined) return undefined;
      notes.push(found.note);
      return { ending: 'ok', result: found.result };
    },
    give: async (input) => {
      const giving = { store, bootId: store.bootId };
      const result = await give(input, giving).catch(() => undefined);
      return result === undefined ? undefined : { ending: 'ok', result };
    },
  });
  // Hashing what a step reads may take long.
  const answered = await Promise.race([stops.suspended, looking]);
  if (answered === 'suspended') return answered;
  if (answered === undefined || stops.isCancelled) return undefined;
  const { driven } = answered;
  const told: readonly RunEvent[] = [
    { type: 'run_started', atMs: startedAtMs, shape: shapeOf(plan) },
    ...answered.events,
  ];

  const { tell } = control;
  tell({ type: 'engine', kind: 'none' });
  tell({ type: 'run_starting', runId: plan.run.id });
  const metrics = await parts.metrics(tell);
  await awaitFirstScrape(parts, plan, control, stops);
  if (stops.isSuspended) return 'suspended';
  const { emit } = metrics.sinks((_, event) => watching.note(event)).events;
  const emitAll = (events: readonly RunEvent[]): Promise<void> =>
    emit.fn(undefined, runOrder(plan), events);
  writeLogs(parts, plan.run.id, notes);
  await emitAll(told);
  const summary = await delivered(plan, driven, store, startedAtMs, stops);
  if (summary === 'suspended') return summary;
  const atMs = Date.now();
  const { status } = summary;
  await emitAll([{ type: 'run_ended', atMs, status, durationMs: atMs - startedAtMs }]);
  return { summary, engine: 'none' };
}

/** False where it is plain that something has to be executed: big sources are not hashed twice for that. */
async function mayBeUnchanged(
  { job, profile, partition, steps }: Pick<Plan, 'job' | 'profile' | 'partition' | 'steps'>,
  store: Store,
): Promise<boolean> {
  const always = steps.filter((step) => step.when === undefined && step.runIf !== 'failed');
  if (always.some((step) => !step.reuse)) return false;
  for (const { id, needs, nested, foreach } of always) {
    if (nested !== undefined) {
      if (foreach !== undefined) return false;
      const { profile: own, steps: inner } = nested;
      if (!(await mayBeUnchanged({ job, profile: own, partition, steps: inner }, store))) {
        return false;
      }
      continue;
    }
    if (needs.length > 0) continue;
    if ((await store.latestOf(job, profile, id, partition?.id)) === undefined) return false;
  }
  return true;
}

async function lookUp(
  { options }: Parts,
  plan: Plan,
  step: PlanStep,
  given: Given,
  store: Store,
): Promise<{ readonly result: StepResult; readonly note: Note } | undefined> {
  const { kinds, env = {}, secretsDir } = options;
  const definition = kinds.find(({ kind }) => kind === step.kind);
  if (definition === undefined) return undefined;
  const startedAt = performance.now();
  const elapsedMs = (): number => Math.max(1, Math.round(performance.now() - startedAt));
  const secrets = secretsInUse(makeSecrets({ env, dir: secretsDir }));
  const input = { ...stepOrder(plan, step), ...given };
  if (step.foreach !== undefined) {
    const about = { store, secrets, elapsedMs, always: false };
    const { whole } = await lookAtItemsHere(definition, input, about);
    const lines = ['reused the result of all items'];
    return whole === undefined ? undefined : { result: whole, note: { step: step.id, lines } };
  }
  const signal = new AbortController().signal;
  const identity = await identifyAttempt(definition, input, store, secrets, signal);
  const lines: string[] = [];
  const redactor = makeRedactor([...secrets.used.values()]);
  const log = (line: string): void => void lines.push(redactor.text(line));
  const result = await reuse(definition, input, identity, store, log, elapsedMs);
  if (result === undefined) return undefined;
  return { result, note: { step: fileNameOf(nameIn(plan.run.within, step.id)), lines } };
}

function writeLogs({ folder }: Parts, runId: string, notes: readonly Note[]): void {
  for (const { step, lines } of notes) {
    const log = makeStepLog(`${folder(runId)}/logs/${step}.log`, (text) => text);
    for (const line of lines) log.line(line);
    log.flush();
  }
}

async function delivered(
  plan: Plan,
  driven: Completed,
  store: Store,
  startedAtMs: number,
  stops: Stops,
): Promise<RunSummary | 'suspended'> {
  const { status, outcomes } = driven;
  const isGood = status === 'OK' || status === 'WARN';
  if (plan.run.out === undefined || !isGood) return { status, outcomes };
  const ended = await deliver(plan, driven, store, startedAtMs, stops);
  if (ended === 'suspended') return ended;
  return 'files' in ended
    ? { status, outcomes, delivery: ended }
    : { status: runStatus([status, 'FAIL']), outcomes, deliveryFailure: ended };
}

/** As often, and with the pauses, that the workflow tries. */
const MOST_TRIES = 10;
const FIRST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 100_000;

async function deliver(
  plan: Plan,
  { results, status, outcomes }: Completed,
  store: Store,
  startedAtMs: number,
  stops: Stops,
): Promise<DeliverResult | Failure | 'suspended'> {
  const files = plan.steps.flatMap((step) => {
    const result = results.get(step.id);
    return result === undefined ? [] : deliverFilesOf(step, result);
  });
  const input = { ...deliverOrder(plan), startedAtMs, status, files, outcomes };
  for (let tries = 1; ; tries += 1) {
    try {
      return await deliverInto({ input, store });
    } catch (error) {
      const failure = failureOf(error, 'DELIVERY_FAILED');
      if (!failure.retryable || tries === MOST_TRIES) return failure;
      // What is being written is written to its end; only the wait for another try can be left.
      await Promise.race([
        stops.suspended,
        pause(Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1))),
      ]);
      if (stops.isSuspended) return 'suspended';
    }
  }
}
