/**
 * Some hundred items of a step, each a step of a plan of its own: the same `drive()` as for a run, with the same retries,
 * stops and endings. Answers a reference to how they ended.
 */

import { CancellationScope, isCancellation, proxySinks, sleep } from '@temporalio/workflow';

import { drive } from '../model/drive.ts';
import { itemName } from '../model/items.ts';
import { insideOf } from '../model/nested.ts';
import { makePlaces } from '../model/places.ts';
import { measuredOf } from '../model/endings.ts';
import { numbersIn } from '../model/ranges.ts';
import { newRunState } from '../model/run-state.ts';
import { attemptStep, itemsActivities } from './activities.ts';
import { attemptOf } from './attempt.ts';
import { attemptNested } from './nested.ts';

import type { Completed } from '../model/drive.ts';
import type { EventSinks, RunEvent } from '../model/events.ts';
import type { ItemEnd } from '../model/step-result.ts';
import type { ItemCounts, Outcome, Status } from '../model/outcome.ts';
import type { NestedProfile, Plan, PlanStep } from '../model/plan.ts';
import type { Surroundings } from './surroundings.ts';
import type { ForEachInput, ForEachResult } from './items-page.ts';

const sinks = proxySinks<EventSinks>();

/** Works on the items, and writes down how each ended. */
export async function forEach(input: ForEachInput): Promise<ForEachResult> {
  const { order, key, given, list } = input;
  const indices = numbersIn(input.items);
  const places = new Map(indices.map((index) => [itemName(order.step.id, index), index]));
  const plan = planOf(input, [...places.keys()]);
  // Before any activity is scheduled: who demands orders hears whose child this is.
  sinks.events.emit(key, []);
  const work = new CancellationScope();
  const around = surroundingsOf(input);
  /** Of profiles, by the name of the item: what no worker measures. */
  const measured = new Map<string, ReturnType<typeof measuredOf>>();
  const driven = await work.run(() =>
    drive(plan, newRunState(plan), {
      now: () => Date.now(),
      attempt: (step, attempt, { limitMs }, answer) => {
        const item = { index: places.get(step.id) ?? 0, list };
        const limit = limitMs === undefined ? {} : { limitMs };
        const profile = profileOf(order.step, step.id);
        if (input.plan === undefined || profile === undefined) {
          return attemptStep(order, attempt, { ...given, ...limit, item }, answer);
        }
        const own = { ...given, ...limit, outerItem: item };
        return attemptNested(input.plan, profile, own, around, (told) => {
          measured.set(step.id, measuredOf(told));
          answer(told);
        });
      },
      pause: (ms, wake) => around.pause(ms, wake),
      abort: (cause) => {
        for (const each of [...around.onStop]) each(cause);
        work.cancel();
        sinks.attempts.stop(key);
      },
      onStop: (listener) => {
        const { deadlineMs = Infinity } = input;
        void CancellationScope.current().cancelRequested.catch(() =>
          listener(Date.now() >= deadlineMs ? 'budget' : 'cancelled'),
        );
      },
      emit: (events) => {
        const told = events.flatMap((event) => {
          const ofItem = itemEvent(event, order.step.id, places);
          if (ofItem?.type !== 'attempt_ended' || event.type !== 'attempt_ended')
            return ofItem ?? [];
          return { ...ofItem, ...measured.get(event.step) };
        });
        if (told.length > 0)
          sinks.events.emit(key, insideOf({ profile: order.run.profile, run: order.run }, told));
      },
    }),
  );
  if (!driven.complete) throw new Error('unreachable: the ports of a workflow tell every attempt');
  const begun = driven.outcomes.filter(isBegun);
  const counts = countsOf(begun);
  if (work.consideredCancelled) return { counts };
  const ends = begun.map((outcome) => endOf(outcome, driven, places));
  const { run, step, concurrency, tag } = order;
  const collection = await itemsActivities(order, 'ends').collectItems({
    ...{ run, step, concurrency, list, ends },
    ...(tag === undefined ? {} : { tag }),
  });
  return { counts, collection };
}

/** The step as the profile that it is for one item; undefined: it is none. */
function profileOf(
  all: PlanStep,
  name: string,
): (PlanStep & { readonly nested: NestedProfile }) | undefined {
  const { foreach: _, nested, ...step } = all;
  return nested === undefined ? undefined : { ...step, nested, id: name };
}

/** What is around the steps of a profile that is done for an item. */
function surroundingsOf({ key, atOnce, deadlineMs }: ForEachInput): Surroundings {
  return {
    emit: (events) => sinks.events.emit(key, events),
    note: () => undefined,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    places: makePlaces(atOnce),
    pause: (ms, wake) =>
      void sleep(ms).then(wake, (error: unknown) => {
        if (!isCancellation(error)) throw error;
      }),
    onStop: new Set(),
    attempt: (within, of, step, attempt, given, answer) =>
      attemptOf(of, step, attempt, given, answer, within),
    stopWithin: (within) => sinks.attempts.stop(key, within),
  };
}

/** A plan whose steps are the items. */
function planOf({ order, atOnce, stopsEarly }: ForEachInput, names: readonly string[]): Plan {
  const { id, generation, job, profile, date } = order.run;
  const { kind, timeoutMs, heartbeatMs, retry, reuse } = order.step;
  const step: Omit<PlanStep, 'id'> = {
    ...{ kind, timeoutMs, heartbeatMs, retry, reuse },
    ...{ needs: [], reads: [], options: {}, core: false, allowFailure: false },
  };
  return {
    format: 1,
    ...{ job, profile, params: {}, budgets: {} },
    concurrency: atOnce,
    onFailure: stopsEarly ? 'stop' : 'continue',
    steps: names.map((name) => ({ ...step, id: name })),
    run: { id, generation, date, planSha256: '', deliverQueue: '', previousRows: {} },
  };
}

/** One that was not begun has no end to tell. */
function isBegun({ startedAtMs }: Outcome): boolean {
  return startedAtMs !== undefined;
}

function countsOf(outcomes: readonly Outcome[]): ItemCounts {
  const counts: Partial<Record<Status, number>> = {};
  for (const { status } of outcomes) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** An event of a step of the derived plan as one of an item; nothing for what is told of steps alone. */
function itemEvent(
  event: RunEvent,
  step: string,
  places: ReadonlyMap<string, number>,
): RunEvent | undefined {
  const { atMs } = event;
  if (event.type === 'attempt_ended') {
    return { ...event, step, item: places.get(event.step) ?? 0 };
  }
  if (event.type !== 'step_ended' || !isBegun(event.outcome)) return undefined;
  const item = places.get(event.outcome.step) ?? 0;
  return { type: 'item_ended', atMs, step, item, status: event.outcome.status };
}

function endOf(
  { step, status, fingerprint, code, reason, exitCode, log, failedChecks }: Outcome,
  { results }: Completed,
  places: ReadonlyMap<string, number>,
): ItemEnd {
  const seal = results.get(step)?.seals?.result;
  return {
    index: places.get(step) ?? 0,
    status,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(log === undefined ? {} : { log }),
    ...(failedChecks === undefined ? {} : { failedChecks }),
    ...(seal === undefined ? {} : { seal }),
  };
}
