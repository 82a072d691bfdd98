/**
 * What each thing that happens to a run changes in its state. Pure: no clock, no I/O; each transition
 * changes the state of its turn, tells the events it caused, and nothing else.
 *
 * 1. A step becomes ready only after each of its needs has ended.
 * 2. Every step ends in exactly one outcome, and its `step_ended` is told once.
 * 3. A lost worker is not a failed attempt: it is tried again, at most MAX_LOST times a step.
 * 4. After a stop no attempt begins.
 */

import { holds } from './condition.ts';
import { ENDINGS, MAX_LOST, measuredOf, STOPS } from './endings.ts';
import { saidBy } from './heard.ts';
import { isSuccess } from './outcome.ts';
import { heardBy } from './run-state.ts';
import { fitting, saidOf } from './said.ts';

import type { Attempted } from './endings.ts';
import type { RunEvent } from './events.ts';
import type { ValueOf } from './condition.ts';
import type { Failure } from './failure.ts';
import type { Outcome, Status, StopCause } from './outcome.ts';
import type { PlanStep } from './plan.ts';
import type { Said } from './said.ts';
import type { Graph, RunState, StepState } from './run-state.ts';
import type { StepResult } from './step-result.ts';

/** One moment of a run: everything in it happens at the same time. */
export type Turn = {
  readonly graph: Graph;
  readonly state: RunState;
  readonly nowMs: number;
  /** What happened in it, in order. */
  readonly told: RunEvent[];
};

/** Makes ready what needs nothing. */
export function begin(turn: Turn): void {
  turn.state.begun = true;
  turn.state.steps.forEach((step, i) => {
    if (step.state === 'waiting' && step.waitsFor === 0) makeReady(turn, i);
  });
}

/**
 * Begins the attempt that is next in line; undefined: none may begin now. A profile takes no place: the steps in it do.
 * `take` asks for a place among all attempts of the run.
 */
export function startNext(turn: Turn, take = (): boolean => true): number | undefined {
  const { graph, state, nowMs, told } = turn;
  for (;;) {
    const [i] = state.queue;
    if (i === undefined) return undefined;
    const step = stepAt(state, i);
    if (step.state !== 'ready') {
      state.queue.shift();
      continue;
    }
    const { id, nested } = planned(graph, i);
    if (nested === undefined) {
      if (state.running >= graph.plan.concurrency || !take()) return undefined;
      state.running += 1;
    }
    state.queue.shift();
    step.state = 'running';
    step.tries += 1;
    step.lastStartMs = nowMs;
    step.firstStartMs ??= nowMs;
    told.push({
      type: 'step_started',
      atMs: nowMs,
      step: id,
      attempt: step.tries,
      ...(nested === undefined ? {} : { isProfile: true }),
    });
    return i;
  }
}

/** The running attempt of a step has ended: the step ends, or is tried again at once or after a pause. */
export function onAttempted(turn: Turn, i: number, attempted: Attempted): void {
  const { graph, state, nowMs, told } = turn;
  const step = stepAt(state, i);
  if (planned(graph, i).nested === undefined) state.running -= 1;
  if (ENDINGS[attempted.ending].counts) step.attempts += 1;
  else step.lost += 1;
  const about = attempted.ending === 'ok' ? attempted.result : attempted.failure;
  // Measured by its worker; by our own clock only where no worker answered.
  step.lastDurationMs = about.durationMs ?? Math.max(0, nowMs - (step.lastStartMs ?? nowMs));
  const retryInMs =
    state.stop === undefined ? retryDelayMs(planned(graph, i), step, attempted, nowMs) : undefined;
  told.push({
    type: 'attempt_ended',
    atMs: nowMs,
    step: planned(graph, i).id,
    attempt: step.tries,
    result: attempted.ending,
    ...(planned(graph, i).nested === undefined ? {} : measuredOf(attempted)),
    ...(attempted.ending === 'ok' ? {} : { reason: attempted.failure.message }),
    ...(retryInMs === undefined ? {} : { retryInMs }),
  });
  const { inner } = attempted;
  const parts = inner === undefined ? {} : { inner };
  if (attempted.ending === 'ok') return succeed(turn, i, attempted.result, parts);
  if (state.stop !== undefined) {
    const { begun, reason } = STOPS[state.stop];
    const { items } = attempted.failure;
    return end(turn, i, begun, {
      reason,
      ...parts,
      ...(items === undefined ? {} : say(turn, { items })),
    });
  }
  if (retryInMs === undefined) return fail(turn, i, attempted, parts);
  if (retryInMs === 0) return enqueue(state, i);
  step.state = 'pausing';
  step.dueMs = nowMs + retryInMs;
}

/** The pause before a retry is over. */
export function onDue({ state }: Turn, i: number): void {
  const step = stepAt(state, i);
  if (step.state !== 'pausing') return;
  delete step.dueMs;
  enqueue(state, i);
}

/** The run is stopped from outside: what does not run ends now, what runs is to be cancelled. */
export function onStop(turn: Turn, cause: StopCause): void {
  const { state } = turn;
  if (state.stop !== undefined) return;
  state.stop = cause;
  const { begun, waiting, reason } = STOPS[cause];
  endWhere(turn, 'waiting', waiting, reason);
  endWhere(turn, 'ready', waiting, reason);
  endWhere(turn, 'pausing', begun, reason);
}

/** Milliseconds until the next attempt; undefined: this ending decides the step. */
function retryDelayMs(
  { retry }: PlanStep,
  { attempts, lost, firstStartMs = 0 }: StepState,
  attempted: Attempted,
  nowMs: number,
): number | undefined {
  const leftMs = (retry.maxDurationMs ?? Infinity) - (nowMs - firstStartMs);
  switch (ENDINGS[attempted.ending].retried) {
    case 'never':
      return undefined;
    case 'at once':
      return lost <= MAX_LOST && leftMs > 0 ? 0 : undefined;
    case 'policy': {
      const isFinal = attempted.ending !== 'ok' && !attempted.failure.retryable;
      if (isFinal || attempts >= retry.attempts) return undefined;
      const delayMs = Math.min(
        retry.maxBackoffMs,
        retry.backoffMs * retry.factor ** (attempts - 1),
      );
      return delayMs < leftMs ? delayMs : undefined;
    }
  }
}

type Parts = Pick<Outcome, 'inner'>;

function succeed(turn: Turn, i: number, result: StepResult, parts: Parts): void {
  stepAt(turn.state, i).result = result;
  if (result.withheld !== undefined) stepAt(turn.state, i).excused = true;
  const { warning, cached, durationMs, rowsIn, rowsOut, rowsRejected, failedChecks, items } =
    result;
  const status = warning !== undefined ? 'WARN' : cached ? 'CACHED' : 'OK';
  end(turn, i, status, {
    ...parts,
    durationMs,
    fingerprint: result.fingerprint,
    ...(rowsIn === undefined ? {} : { rowsIn }),
    ...(rowsOut === undefined ? {} : { rowsOut }),
    ...(rowsRejected === undefined ? {} : { rowsRejected }),
    ...say(turn, {
      ...(warning === undefined ? {} : { reason: warning }),
      ...(failedChecks === undefined ? {} : { failedChecks }),
      ...(items === undefined ? {} : { items }),
    }),
    ...(result.seals === undefined ? {} : { seal: result.seals.result }),
  });
}

function fail(
  turn: Turn,
  i: number,
  { ending, failure }: Extract<Attempted, { readonly failure: Failure }>,
  parts: Parts,
): void {
  const { graph, state } = turn;
  const { id, allowFailure } = planned(graph, i);
  const { status, allowable } = ENDINGS[ending];
  if (allowFailure && allowable) {
    stepAt(state, i).excused = true;
    return end(turn, i, 'WARN', {
      ...parts,
      ...say(turn, saidOf(failure, 'allowed to fail: ')),
    });
  }
  end(turn, i, status, { ...parts, ...say(turn, saidOf(failure)) });
  // Attempts that run go on to their own end, and so do retries of what has begun.
  if (graph.plan.onFailure === 'stop') {
    const why = `the run stopped when '${id}' failed`;
    endWhere(turn, 'waiting', 'SKIPPED', why, { butHandlers: true });
    endWhere(turn, 'ready', 'SKIPPED', why, { butBegun: true, butHandlers: true });
  }
}

/** What an outcome says, within what the run may still say. */
function say({ state }: Turn, words: Said): Said {
  if (words.reason === undefined && words.failedChecks === undefined && words.items === undefined) {
    return words;
  }
  const { said, takenBytes } = fitting(words, state.takenBytes);
  state.takenBytes = takenBytes;
  return said;
}

/** Ends every step in this state. What waits ends before what it waits for, so that its reason is the true one. */
function endWhere(
  turn: Turn,
  which: StepState['state'],
  status: Status,
  reason: string,
  { butBegun = false, butHandlers = false } = {},
): void {
  turn.state.steps.forEach((step, i) => {
    if (step.state !== which || (butBegun && step.tries > 0)) return;
    if (butHandlers && planned(turn.graph, i).runIf !== undefined) return;
    end(turn, i, status, { reason });
  });
}

function end(turn: Turn, i: number, status: Status, about: Partial<Outcome>): void {
  const { graph, state, nowMs, told } = turn;
  const step = stepAt(state, i);
  if (step.state === 'ended') return;
  step.state = 'ended';
  delete step.dueMs;
  state.ended += 1;
  const { id, kind } = planned(graph, i);
  const { attempts, lost, lastDurationMs, firstStartMs } = step;
  step.outcome = {
    step: id,
    kind,
    status,
    attempts,
    lost,
    durationMs: lastDurationMs,
    elapsedMs: Math.max(0, nowMs - (firstStartMs ?? nowMs)),
    ...(firstStartMs === undefined ? {} : { startedAtMs: firstStartMs }),
    endedAtMs: nowMs,
    ...about,
  };
  told.push({ type: 'step_ended', atMs: nowMs, outcome: step.outcome });
  for (const dependent of graph.dependents[i] ?? []) release(turn, dependent, i);
}

/** A need of step `i` has ended: the step can never run, or still waits, or is ready. */
function release(turn: Turn, i: number, need: number): void {
  const { graph, state } = turn;
  const step = stepAt(state, i);
  const { outcome, excused, result } = stepAt(state, need);
  if (step.state !== 'waiting' || outcome === undefined) return;
  step.waitsFor -= 1;
  const { reads: read, heeds = [] } = planned(graph, i);
  const reads = read.includes(outcome.step);
  const withheld = result?.withheld;
  // Who only needs what withheld something runs.
  const isMissed = withheld === undefined ? excused === true || !isSuccess(outcome.status) : reads;
  if (isMissed && (reads || (excused !== true && !heeds.includes(outcome.step)))) {
    if (excused === true) step.excused = true;
    const verb = reads ? 'reads' : 'needs';
    const reason =
      withheld === undefined
        ? `${verb} '${outcome.step}', which ended ${outcome.status}`
        : `${verb} '${outcome.step}', which has not all to give: ${withheld}`;
    return end(turn, i, 'SKIPPED', { reason });
  }
  if (step.waitsFor === 0) makeReady(turn, i);
}

/** All needs are there: it runs, unless nothing failed that it is for, or its condition says no. */
function makeReady(turn: Turn, i: number): void {
  const reason = whyNot(turn, i);
  if (reason === undefined) return enqueue(turn.state, i);
  stepAt(turn.state, i).excused = true;
  end(turn, i, 'SKIPPED', { reason });
}

function whyNot({ graph, state }: Turn, i: number): string | undefined {
  const { when, runIf, needs } = planned(graph, i);
  if (runIf === 'failed' && !needs.some((id) => hasFailed(stepNamed(graph, state, id)))) {
    return 'nothing failed that it waited for (run_if)';
  }
  if (when === undefined || holds(when, valuesFor(graph, state, needs))) return undefined;
  return 'its condition (when) does not hold';
}

/** It did not succeed, and not because its profile wanted it so. */
function hasFailed(step: StepState | undefined): boolean {
  return step?.outcome !== undefined && step.excused !== true && !isSuccess(step.outcome.status);
}

function valuesFor(graph: Graph, state: RunState, needs: readonly string[]): ValueOf {
  return (mention) => {
    if (mention.part === 'run') return saidBy(mention, heardBy(graph, state, needs));
    const { step, part, name } = mention;
    if (part === 'outcome') return saidBy(mention, heardBy(graph, state, [step]));
    const values = stepNamed(graph, state, step)?.result?.values ?? {};
    return part === 'values' && Object.hasOwn(values, name) ? values[name] : undefined;
  };
}

function stepNamed({ at }: Graph, { steps }: RunState, id: string): StepState | undefined {
  const position = at.get(id);
  return position === undefined ? undefined : steps[position];
}

function enqueue(state: RunState, i: number): void {
  stepAt(state, i).state = 'ready';
  state.queue.push(i);
}

function stepAt({ steps }: RunState, i: number): StepState {
  return steps[i] as StepState;
}

function planned({ plan }: Graph, i: number): PlanStep {
  return plan.steps[i] as PlanStep;
}
