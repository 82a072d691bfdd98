/**
 * Tries a step that is a profile: drives its own steps, and answers how they ended as one attempt. Pure, as `drive()`.
 *
 * 1. It fails with the worst of its steps; it is CACHED only if nothing in it was executed.
 * 2. Its steps are retried by themselves; it is tried once.
 */

import { boundText } from './bounded-text.ts';
import { drive } from './drive.ts';
import { failed, isExecuted } from './endings.ts';
import { failure } from './failure.ts';
import { tellsOwn } from './items.ts';
import {
  conditionWith,
  depthOf,
  insideOf,
  nameIn,
  nestedPlan,
  outerPaths,
  planName,
} from './nested.ts';
import { giveOrder } from './order.ts';
import { newRunState } from './run-state.ts';

import type { Answer, Completed, DrivePorts } from './drive.ts';
import type { Attempted } from './endings.ts';
import type { Failure } from './failure.ts';
import type { ItemPlace, GiveInput, StepResult } from './step-result.ts';
import type { Outcome, Status, StopCause } from './outcome.ts';
import type { NestedProfile, Plan, PlanStep } from './plan.ts';
import type { Given } from './run-state.ts';

/** What surrounds one nested profile. All but `give` are those of `drive()`, for the steps in it. */
export type NestedPorts = Pick<DrivePorts, 'now' | 'pause' | 'emit' | 'places'> & {
  /** Tries a step of the profile, in the plan that it is a step of. */
  attempt(
    plan: Plan,
    step: PlanStep,
    attempt: number,
    given: Given,
    answer: (answer: Answer) => void,
  ): void;
  /** Registers a listener for a stop of the pipeline that it is in, called before anything of that is cancelled. */
  onStop(listener: (cause: StopCause) => void): void;
  /** As that of `drive()`, for what is in it. */
  abort(cause: StopCause): void;
  /** Makes the result of the step of what its own steps made. */
  give(input: GiveInput, answer: (answer: Answer) => void): void;
};

/** Answers once, when all steps of the profile have ended. */
export function driveNested(
  plan: Plan,
  step: PlanStep & { readonly nested: NestedProfile },
  given: Given,
  ports: NestedPorts,
  answer: (answer: Answer) => void,
): void {
  const beganMs = ports.now();
  const inner = nestedPlan(plan, step, step.nested);
  const { within } = inner.run;
  const depth = depthOf(within);
  const outer = {
    ...given.outer,
    ...Object.fromEntries(
      Object.entries(given.inputs).map(([id, result]) => [
        planName(nameIn(plan.run.within, id)),
        result,
      ]),
    ),
  };
  const ordered = new Map(inner.steps.map((each) => [each.id, each]));
  // Only the scheduler looks at conditions: what is ordered stays as it was ordered.
  const driven: Plan = {
    ...inner,
    steps: inner.steps.map((each) =>
      each.when === undefined ? each : { ...each, when: conditionWith(each.when, outer) },
    ),
  };
  const isTold = tellsOwn(inner);
  void drive(driven, newRunState(driven), {
    ...(ports.places === undefined ? {} : { places: ports.places }),
    now: () => ports.now(),
    pause: (ms, wake) => ports.pause(ms, wake),
    abort: (cause) => ports.abort(cause),
    emit: (events) => ports.emit(insideOf(inner, events.filter(isTold))),
    onStop: (listener) => {
      ports.onStop(listener);
      if (step.limitIsDefault !== true) {
        ports.pause(given.limitMs ?? step.timeoutMs, () => listener('limit'));
      }
    },
    attempt: ({ id }, attempt, own, told) => {
      const each = ordered.get(id)!;
      const paths = outerPaths(each, depth).filter((path) => outer[path] !== undefined);
      const around = Object.fromEntries(paths.map((path) => [path, outer[path]!]));
      ports.attempt(
        inner,
        each,
        attempt,
        {
          ...own,
          ...(given.outerItem === undefined ? {} : { outerItem: given.outerItem }),
          ...(paths.length === 0 ? {} : { outer: around }),
        },
        told,
      );
    },
  }).then((ended) => {
    if (!ended.complete) return answer({ ending: 'unknown' });
    const about = { durationMs: Math.max(1, ports.now() - beganMs) };
    const outcomes = ended.outcomes.map(inShort);
    const withInner = (attempted: Attempted): Attempted => ({ ...attempted, inner: outcomes });
    const why = failureOf(ended, inner.profile, about);
    if (why !== undefined) return answer(withInner(failed(why)));
    ports.give(giveInput(plan, step, ended, { ...about, item: given.outerItem }), (made) =>
      answer(made.ending === 'unknown' ? made : withInner(made)),
    );
  });
}

const MOST_BYTES_OF_REASON = 200;
const MOST_CHECKS = 4;

/** What the outcome of the whole keeps of one of its steps; all that was said is in the step's own. */
function inShort(whole: Outcome): Outcome {
  const { hint: _, seal: __, reason, failedChecks, ...outcome } = whole;
  return {
    ...outcome,
    ...(reason === undefined ? {} : { reason: boundText(reason, MOST_BYTES_OF_REASON) }),
    ...(failedChecks === undefined ? {} : { failedChecks: failedChecks.slice(0, MOST_CHECKS) }),
  };
}

/** Why it brought no result: the first of the steps that ended as badly as the whole. */
function failureOf(
  { status, outcomes }: Completed,
  profile: string,
  about: Pick<Failure, 'durationMs'>,
): Failure | undefined {
  if (status === 'OK' || status === 'WARN') return undefined;
  const worst = outcomes.find((outcome) => outcome.status === status);
  const code = CODES[status] ?? 'STEP_FAILED';
  if (worst === undefined) return failure(code, `the profile ${profile} ended ${status}`, about);
  const { step, reason = 'no reason given', hint, exitCode, log } = worst;
  return {
    ...failure(code, `step '${step}' of profile ${profile} ended ${status}: ${reason}`, {
      hint,
      ...about,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(log === undefined ? {} : { log }),
    }),
    ...(status === 'FAIL' && worst.code !== undefined ? { code: worst.code } : {}),
    retryable: false,
  };
}

const CODES = Object.freeze({
  TIMEOUT: 'STEP_TIMEOUT',
  CANCELLED: 'CANCELLED',
  BUDGET_EXCEEDED: 'CANCELLED',
} as const satisfies Partial<Record<Status, string>>) as Partial<
  Record<Status, 'STEP_TIMEOUT' | 'CANCELLED'>
>;

function giveInput(
  plan: Plan,
  step: PlanStep & { readonly nested: NestedProfile },
  { outcomes, results }: Completed,
  { durationMs, item }: { readonly durationMs: number; readonly item: ItemPlace | undefined },
): GiveInput {
  const isOfItem = step.id !== planName(step.id);
  const { outputs, values } = step.nested.gives;
  const from = new Set([...Object.values(outputs), ...Object.values(values)].map((of) => of.step));
  const missing = [...from].find((id) => !results.has(id));
  const about = missing === undefined ? undefined : outcomes.find((one) => one.step === missing);
  const wasMade = [...results.values()].some(isExecuted);
  const isOwn = [...results.values()].some(({ adopted }) => adopted === true);
  const warning = warningOf(outcomes);
  return {
    ...giveOrder(plan, { ...step, id: planName(step.id) }),
    ...(item === undefined ? {} : isOfItem ? { item } : { outerItem: item }),
    inputs: Object.fromEntries(
      [...from].flatMap((id): readonly (readonly [string, StepResult])[] => {
        const result = results.get(id);
        return result === undefined ? [] : [[id, result]];
      }),
    ),
    about: {
      cached: !wasMade && !isOwn && results.size > 0,
      ...(wasMade || !isOwn ? {} : { adopted: true }),
      ...(warning === undefined ? {} : { warning }),
      ...(about === undefined
        ? {}
        : { withheld: `step '${about.step}' in it ended ${about.status} and made nothing` }),
      durationMs,
    },
  };
}

function warningOf(outcomes: readonly Outcome[]): string | undefined {
  const warned = outcomes.filter(({ status }) => status === 'WARN');
  if (warned.length === 0) return undefined;
  const words = warned.map(({ step, reason }) => `step '${step}': ${reason ?? 'no reason given'}`);
  return boundText(words.join('; '), 1000);
}
