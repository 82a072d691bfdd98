/** Plans and a world for tests of `drive()`: attempts end, pauses are over and runs are stopped when the test says so. */

import { drive } from '../../src/model/drive.ts';
import { failed } from '../../src/model/endings.ts';
import { failure } from '../../src/model/failure.ts';
import { newRunState } from '../../src/model/run-state.ts';

import type { Completed, DrivePorts } from '../../src/model/drive.ts';
import type { Attempted } from '../../src/model/endings.ts';
import type { RunEvent } from '../../src/model/events.ts';
import type { StopCause } from '../../src/model/outcome.ts';
import type { Plan, PlanStep } from '../../src/model/plan.ts';
import type { StepResult } from '../../src/model/step-result.ts';

export const OK: Attempted = { ending: 'ok', result: resultOf({}) };
export const FAIL = failed(failure('STEP_FAILED', 'broke'));
export const FATAL = failed(failure('CHECK_FAILED', 'bad'));
export const TIMEOUT = failed(failure('STEP_TIMEOUT', 'too long'));
export const LOST = failed(failure('WORKER_LOST', 'worker gone'));
export const CANCELLED = failed(failure('CANCELLED', 'told to'));

export function resultOf(about: Partial<StepResult>): StepResult {
  return { fingerprint: 'f', cached: false, durationMs: 1, outputs: {}, values: {}, ...about };
}

export function stepOf(id: string, about: Partial<PlanStep> = {}): PlanStep {
  return {
    id,
    kind: 'test.noop',
    needs: [],
    reads: [],
    options: {},
    timeoutMs: 1000,
    heartbeatMs: 1000,
    retry: { attempts: 1, backoffMs: 10, factor: 2, maxBackoffMs: 1000 },
    core: false,
    allowFailure: false,
    reuse: true,
    ...about,
  };
}

export function planOf(steps: readonly PlanStep[], about: Partial<Plan> = {}): Plan {
  return {
    format: 1,
    job: 'j',
    profile: 'p',
    params: {},
    concurrency: 4,
    onFailure: 'continue',
    budgets: {},
    steps,
    run: {
      id: 'r',
      date: '2024-10-09',
      generation: 1,
      planSha256: '',
      deliverQueue: 'q',
      previousRows: {},
    },
    ...about,
  };
}

/** A world whose attempts end when the test says so. */
export function makeWorld(answer?: (step: string, attempt: number) => Attempted) {
  const open = new Map<string, (attempted: Attempted) => void>();
  const events: RunEvent[] = [];
  const pauses: (() => void)[] = [];
  const paused: number[] = [];
  let stop: ((cause: StopCause) => void) | undefined;
  let clock = 0;
  const ports: DrivePorts = {
    now: () => (clock += 1),
    attempt: (step, attempt, _inputs, tell) => {
      if (answer !== undefined) tell(answer(step.id, attempt));
      else open.set(step.id, tell);
    },
    pause: (ms, wake) => {
      paused.push(ms);
      if (answer === undefined) pauses.push(wake);
      else wake();
    },
    abort: () => {
      const running = [...open.values()];
      open.clear();
      for (const tell of running) tell(CANCELLED);
    },
    onStop: (listener) => (stop = listener),
    emit: (told) => events.push(...told),
  };
  return {
    ports,
    events,
    open,
    paused,
    end: async (id: string, attempted: Attempted) => {
      const tell = open.get(id);
      if (tell === undefined) throw new Error(`'${id}' is not running`);
      open.delete(id);
      tell(attempted);
      await settled();
    },
    wake: async () => {
      pauses.shift()?.();
      await settled();
    },
    stop: (cause: StopCause) => stop?.(cause),
    started: () => events.filter((e) => e.type === 'step_started').map((e) => e.step),
  };
}

export const settled = () => new Promise((resolve) => setImmediate(resolve));

export function statuses(driven: Completed): Record<string, string> {
  return Object.fromEntries(driven.outcomes.map((o) => [o.step, o.status]));
}

/** Drives a plan from its beginning to its end. */
export async function driveAll(plan: Plan, ports: DrivePorts): Promise<Completed> {
  const driven = await drive(plan, newRunState(plan), ports);
  if (!driven.complete) throw new Error('the run was left');
  return driven;
}
