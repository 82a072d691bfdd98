/**
 * Runs a plan. Pure: no clock, no I/O, no Temporal; the workflow and the tests supply the ports.
 *
 * Invariants:
 * 1. A step is attempted only after each of its needs has ended.
 * 2. At most `plan.concurrency` attempts run at once; a step waiting for its retry holds no place.
 * 3. Every step ends in exactly one outcome, and its `step_ended` is emitted once.
 * 4. A lost worker is not a failed attempt: it is tried again, at most MAX_LOST times a step.
 * 5. After a stop no attempt begins.
 */

import { holds } from './condition.ts';
import { isSuccess, runStatus } from './outcome.ts';

import type { RunEvent } from './events.ts';
import type { AttemptResult, Outcome, RunStatus, Status, StopCause } from './outcome.ts';
import type { Plan, PlanStep } from './plan.ts';
import type { FailureDetail, StepResult } from './step-result.ts';

/** Times one step may lose its worker before it is called failed. */
export const MAX_LOST = 10;

/** How one attempt ended. `fail` without `retryable` is final whatever the profile says. */
export type Attempted =
  | { readonly ending: 'ok'; readonly result: StepResult }
  | (FailureDetail & {
      readonly ending: 'fail';
      readonly code: string;
      readonly reason: string;
      readonly retryable: boolean;
    })
  | (FailureDetail & {
      readonly ending: 'timeout' | 'cancelled' | 'lost';
      readonly reason: string;
    });

export type DrivePorts = {
  /** Unix milliseconds. */
  now(): number;
  /** Tries a step once; never rejects. `attempt` counts from 1 over every ending. */
  attempt(
    step: PlanStep,
    attempt: number,
    inputs: Readonly<Record<string, StepResult>>,
  ): Promise<Attempted>;
  /** Waits before a retry; resolves early when the run is stopped. */
  pause(ms: number): Promise<void>;
  /** Cancels every running attempt and pause; attempts then end as `cancelled`. */
  abort(): void;
  /** Registers the one listener for a stop from outside. */
  onStop(listener: (cause: StopCause) => void): void;
  /** Tells what happened in one turn, in order; called once a turn. */
  emit(events: readonly RunEvent[]): void;
};

export type Driven = {
  readonly status: RunStatus;
  /** One a step, in the plan's order. */
  readonly outcomes: readonly Outcome[];
  readonly results: Readonly<Record<string, StepResult>>;
};

type Progress = {
  readonly step: PlanStep;
  readonly dependents: string[];
  waitsFor: number;
  state: 'waiting' | 'ready' | 'running' | 'pausing' | 'ended';
  tries: number;
  attempts: number;
  lost: number;
  firstStartMs?: number;
  lastStartMs?: number;
  lastDurationMs: number;
};

/** Runs every step of a plan that can run, and answers when all have ended. Never rejects. */
export function drive(plan: Plan, ports: DrivePorts): Promise<Driven> {
  const table = new Map<string, Progress>();
  for (const step of plan.steps) {
    table.set(step.id, {
      step,
      dependents: [],
      waitsFor: step.needs.length,
      state: 'waiting',
      tries: 0,
      attempts: 0,
      lost: 0,
      lastDurationMs: 0,
    });
  }
  for (const step of plan.steps) {
    for (const need of step.needs) at(need).dependents.push(step.id);
  }

  const outcomes = new Map<string, Outcome>();
  const results = new Map<string, StepResult>();
  /** Ended without a result although nothing is wrong: an allowed failure, a false `when`. */
  const withoutResult = new Set<string>();
  const queue: Progress[] = [];
  let told: RunEvent[] = [];
  let running = 0;
  let stop: StopCause | undefined;
  let finish: (driven: Driven) => void;
  const driven = new Promise<Driven>((resolve) => (finish = resolve));

  function at(id: string): Progress {
    const progress = table.get(id);
    if (progress === undefined) throw new Error(`plan has no step '${id}'`);
    return progress;
  }

  function enqueue(progress: Progress): void {
    progress.state = 'ready';
    queue.push(progress);
  }

  function pump(): void {
    while (running < plan.concurrency) {
      const next = queue.shift();
      if (next === undefined) break;
      if (next.state === 'ready') launch(next);
    }
    if (told.length > 0) ports.emit(told);
    told = [];
    if (outcomes.size === table.size) {
      finish({
        status: runStatus(
          [...outcomes.values()].map((o) => o.status),
          stop,
        ),
        outcomes: plan.steps.map((s) => outcomes.get(s.id) as Outcome),
        results: Object.fromEntries(results),
      });
    }
  }

  function launch(progress: Progress): void {
    const { step } = progress;
    const inputs: Record<string, StepResult> = {};
    for (const id of step.reads) inputs[id] = results.get(id) as StepResult;
    progress.state = 'running';
    progress.tries += 1;
    progress.lastStartMs = ports.now();
    progress.firstStartMs ??= progress.lastStartMs;
    running += 1;
    told.push({
      type: 'step_started',
      atMs: progress.lastStartMs,
      step: step.id,
      attempt: progress.tries,
    });
    void ports.attempt(step, progress.tries, inputs).then((attempted) => {
      running -= 1;
      settle(progress, attempted);
      pump();
    });
  }

  function settle(progress: Progress, attempted: Attempted): void {
    const { step } = progress;
    if (attempted.ending === 'lost') progress.lost += 1;
    else progress.attempts += 1;
    progress.lastDurationMs = Math.max(0, ports.now() - (progress.lastStartMs ?? ports.now()));
    const retryInMs = stop === undefined ? retryDelayMs(progress, attempted) : undefined;
    told.push({
      type: 'attempt_ended',
      atMs: ports.now(),
      step: step.id,
      attempt: progress.tries,
      result: attempted.ending satisfies AttemptResult,
      ...(attempted.ending === 'ok' ? {} : { reason: attempted.reason }),
      ...(retryInMs === undefined ? {} : { retryInMs }),
    });
    if (attempted.ending === 'ok') return succeed(progress, attempted.result);
    if (stop !== undefined) {
      const status = stop === 'cancelled' ? 'CANCELLED' : 'BUDGET_EXCEEDED';
      return end(progress, status, { reason: STOPPED[stop] });
    }
    if (retryInMs === 0) return enqueue(progress);
    if (retryInMs !== undefined) {
      progress.state = 'pausing';
      void ports.pause(retryInMs).then(() => {
        if (progress.state !== 'pausing') return;
        enqueue(progress);
        pump();
      });
      return;
    }
    fail(progress, attempted);
  }

  function retryDelayMs(progress: Progress, attempted: Attempted): number | undefined {
    const { attempts, backoffMs, factor, maxBackoffMs } = progress.step.retry;
    switch (attempted.ending) {
      case 'ok':
      case 'cancelled':
        return undefined;
      case 'lost':
        return progress.lost <= MAX_LOST ? 0 : undefined;
      case 'fail':
        if (!attempted.retryable) return undefined;
        break;
      case 'timeout':
        break;
    }
    if (progress.attempts >= attempts) return undefined;
    return Math.min(maxBackoffMs, backoffMs * factor ** (progress.attempts - 1));
  }

  function succeed(progress: Progress, result: StepResult): void {
    results.set(progress.step.id, result);
    const warned = result.warning !== undefined;
    end(progress, warned ? 'WARN' : result.cached ? 'CACHED' : 'OK', {
      durationMs: result.durationMs,
      ...(warned ? { reason: result.warning } : {}),
      ...(result.rowsIn === undefined ? {} : { rowsIn: result.rowsIn }),
      ...(result.rowsOut === undefined ? {} : { rowsOut: result.rowsOut }),
      ...(result.rowsRejected === undefined ? {} : { rowsRejected: result.rowsRejected }),
      ...(result.failedChecks === undefined ? {} : { failedChecks: result.failedChecks }),
      ...(result.seals === undefined ? {} : { seal: result.seals.result }),
    });
  }

  function fail(progress: Progress, attempted: Exclude<Attempted, { ending: 'ok' }>): void {
    const code = attempted.ending === 'fail' ? attempted.code : CODE_OF_ENDING[attempted.ending];
    const { log, failedChecks } = attempted;
    const detail: FailureDetail = {
      ...(log === undefined ? {} : { log }),
      ...(failedChecks === undefined ? {} : { failedChecks }),
    };
    if (progress.step.allowFailure && attempted.ending !== 'cancelled') {
      withoutResult.add(progress.step.id);
      end(progress, 'WARN', { code, reason: `allowed to fail: ${attempted.reason}`, ...detail });
      return;
    }
    const status =
      attempted.ending === 'timeout'
        ? 'TIMEOUT'
        : attempted.ending === 'cancelled'
          ? 'CANCELLED'
          : 'FAIL';
    end(progress, status, { code, reason: attempted.reason, ...detail });
    if (plan.onFailure === 'stop') halt(`the run stopped when '${progress.step.id}' failed`);
  }

  function end(progress: Progress, status: Status, about: Partial<Outcome>): void {
    if (progress.state === 'ended') return;
    progress.state = 'ended';
    const endedAtMs = ports.now();
    const outcome: Outcome = {
      step: progress.step.id,
      kind: progress.step.kind,
      status,
      attempts: progress.attempts,
      lost: progress.lost,
      durationMs: progress.lastDurationMs,
      elapsedMs:
        progress.firstStartMs === undefined ? 0 : Math.max(0, endedAtMs - progress.firstStartMs),
      ...(progress.firstStartMs === undefined ? {} : { startedAtMs: progress.firstStartMs }),
      endedAtMs,
      ...about,
    };
    outcomes.set(outcome.step, outcome);
    told.push({ type: 'step_ended', atMs: endedAtMs, outcome });
    for (const id of progress.dependents) release(at(id), outcome);
  }

  /** A need of `progress` has ended: skip it at once if it can never run, start it if all needs are there. */
  function release(progress: Progress, need: Outcome): void {
    if (progress.state !== 'waiting') return;
    progress.waitsFor -= 1;
    const { step } = progress;
    const absent = !isSuccess(need.status) || withoutResult.has(need.step);
    if (absent) {
      const benign = withoutResult.has(need.step);
      if (!benign || step.reads.includes(need.step)) {
        if (benign) withoutResult.add(step.id);
        const verb = benign && step.reads.includes(need.step) ? 'reads' : 'needs';
        end(progress, 'SKIPPED', { reason: `${verb} '${need.step}', which ended ${need.status}` });
        return;
      }
    }
    if (progress.waitsFor > 0) return;
    if (step.when !== undefined && !holds(step.when, results)) {
      withoutResult.add(step.id);
      end(progress, 'SKIPPED', { reason: 'its condition (when) does not hold' });
      return;
    }
    enqueue(progress);
  }

  /** Ends the steps that have not begun. Running ones, and their retries, go on to their own end. */
  function halt(reason: string): void {
    for (const progress of table.values()) {
      const retrying = progress.state === 'ready' && progress.tries > 0;
      const begun = progress.state !== 'waiting' && progress.state !== 'ready';
      if (begun || (retrying && stop === undefined)) continue;
      end(progress, stop === 'cancelled' ? 'CANCELLED' : 'SKIPPED', { reason });
    }
  }

  function stopped(cause: StopCause): void {
    if (stop !== undefined) return;
    stop = cause;
    halt(STOPPED[cause]);
    for (const progress of table.values()) {
      if (progress.state !== 'pausing') continue;
      end(progress, cause === 'cancelled' ? 'CANCELLED' : 'BUDGET_EXCEEDED', {
        reason: STOPPED[cause],
      });
    }
    ports.abort();
    pump();
  }

  ports.onStop(stopped);
  for (const progress of table.values()) {
    if (progress.state !== 'waiting' || progress.waitsFor > 0) continue;
    if (progress.step.when !== undefined && !holds(progress.step.when, results)) {
      withoutResult.add(progress.step.id);
      end(progress, 'SKIPPED', { reason: 'its condition (when) does not hold' });
    } else {
      enqueue(progress);
    }
  }
  pump();
  return driven;
}

const STOPPED: Readonly<Record<StopCause, string>> = Object.freeze({
  cancelled: 'the run was cancelled',
  budget: 'the wall-clock budget of the job ended',
});

const CODE_OF_ENDING = Object.freeze({
  timeout: 'STEP_TIMEOUT',
  cancelled: 'CANCELLED',
  lost: 'WORKER_LOST',
});
