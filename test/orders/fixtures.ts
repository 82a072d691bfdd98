/** An order of two steps and a delivery, and a guard to try it on, with nothing but a key in memory. */

import { makeOrderGuard } from '../../src/orders/guard.ts';
import { deliverFilesOf, deliverOrder, stepOrder } from '../../src/model/order.ts';
import { sealResult, tagPlan } from '../../src/orders/tags.ts';

import type { Outcome } from '../../src/model/outcome.ts';
import type { Plan, PlanStep } from '../../src/model/plan.ts';
import type { DeliverInput, StepInput, StepResult } from '../../src/model/step-result.ts';
import type { Orders, Refused } from '../../src/orders/guard.ts';

export const KEY = Buffer.alloc(32, 7);
export const EXECUTION = { workflowId: 'run-1', runId: 'x' };

const step = (id: string, reads: readonly string[]): PlanStep => ({
  id,
  kind: 'transform.sql',
  needs: reads,
  reads,
  options: { sql: 'select 1' },
  timeoutMs: 1000,
  heartbeatMs: 1000,
  retry: { attempts: 1, backoffMs: 1, factor: 1, maxBackoffMs: 1 },
  core: false,
  allowFailure: false,
  reuse: true,
});

export const PLAN: Plan = tagPlan(KEY, {
  format: 1,
  job: 'j',
  profile: 'p',
  params: { n: 1 },
  concurrency: 2,
  onFailure: 'continue',
  budgets: {},
  steps: [step('a', []), step('b', ['a'])],
  run: {
    id: 'run-1',
    date: '2026-01-31',
    generation: 1,
    out: '/out',
    planSha256: 'h',
    deliverQueue: 'run-1',
    previousRows: { a: 5 },
  },
});

export const RESULT: StepResult = {
  fingerprint: 'f',
  cached: false,
  durationMs: 12,
  outputs: { table: { sha256: 's', bytes: 3, format: 'csv', deliver: 'a.csv' } },
  values: { rows: 3 },
};

export const SEALED = sealResult(KEY, 'run-1', { id: 'a' }, RESULT);

/** What the workflow gives to the first attempt of `b`. */
export const INPUT: StepInput = {
  ...stepOrder(PLAN, PLAN.steps[1]!),
  attempt: 1,
  inputs: { a: SEALED },
  tag: PLAN.run.tags!.steps['b']!,
};

/** What `b` returns: nothing of it is delivered. */
export const RESULT_B: StepResult = { ...RESULT, outputs: {} };
export const SEALED_B = sealResult(KEY, 'run-1', { id: 'b' }, RESULT_B);

/** What the workflow gives to the first attempt of `a`. */
export const INPUT_A: StepInput = {
  ...stepOrder(PLAN, PLAN.steps[0]!),
  attempt: 1,
  inputs: {},
  tag: PLAN.run.tags!.steps['a']!,
};

const outcome = (id: string, seal: string): Outcome => ({
  step: id,
  kind: 'transform.sql',
  status: 'OK',
  attempts: 1,
  lost: 0,
  durationMs: 1,
  elapsedMs: 1,
  endedAtMs: 1,
  seal,
});
export const OUTCOMES = [outcome('a', SEALED.seals!.result), outcome('b', SEALED_B.seals!.result)];

/** What the workflow gives to the delivery. */
export const DELIVERY: DeliverInput = {
  ...deliverOrder(PLAN),
  startedAtMs: 1,
  status: 'OK',
  files: deliverFilesOf({ id: 'a' }, SEALED).map((file) => ({
    ...file,
    seal: SEALED.seals!.files['table']!,
  })),
  outcomes: OUTCOMES,
  tag: PLAN.run.tags!.deliver,
};

/** A guard of `KEY`, and what it does with an activity's input: the result, or the reason of its refusal. */
export function guardOf(about: Partial<Orders> = {}) {
  const refused: Refused[] = [];
  const guard = makeOrderGuard({
    key: KEY,
    isOpen: async () => true,
    onRefused: (one) => refused.push(one),
    ...about,
  });
  const call = async (
    activityType: string,
    input: unknown,
    work: () => Promise<unknown> = async () => RESULT,
    workflowExecution: object | undefined = EXECUTION,
  ): Promise<unknown> => {
    const before = refused.length;
    const context = { info: { activityType, workflowExecution } } as never;
    const { inbound } = guard.activity(context);
    try {
      return await inbound!.execute!({ args: [input], headers: {} }, work);
    } catch (error) {
      return refused.length === before ? error : refused.at(-1)!.why;
    }
  };
  return { guard, refused, call };
}
