/**
 * Stands before everything a worker does that demands orders: what no command of its state folder asked for is not
 * executed, not measured and not recorded.
 *
 * 1. An activity's input is checked as it arrives, whoever scheduled it: part by part against its tags, the results it
 *    builds on against the seals of the steps that made them, and the execution against those that are open.
 * 2. What an activity returns is sealed, so that a result made elsewhere is of no use.
 * 3. An attempt that is going on is not begun a second time beside itself.
 */

import { ApplicationFailure } from '@temporalio/activity';

import { MAX_LOST } from '../model/endings.ts';
import { depthOf, nameIn, nameOfPath, outerPaths } from '../model/nested.ts';
import { GIVE } from '../model/step-result.ts';
import {
  isOrderedDelivery,
  isOrderedGift,
  isOrderedRun,
  isOrderedStep,
  isSealedFile,
  isSealedResult,
  sealResult,
} from './tags.ts';
import { makeWitness } from './witness.ts';

import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { EventSinks, RunEvent } from '../model/events.ts';
import type { DeliverInput, GiveInput, StepInput, StepResult } from '../model/step-result.ts';
import type { OrderKey } from './key.ts';
import type { Execution, IsOpen } from './open-runs.ts';

/** What a worker needs to demand orders. */
export type Orders = {
  readonly key: OrderKey;
  readonly isOpen: IsOpen;
  /** Told of each activity that is refused; `execution` is absent where no workflow asked. */
  readonly onRefused: (refused: Refused) => void;
};

export type Refused = {
  readonly activity: string;
  readonly why: string;
  readonly execution?: Execution;
};

export type OrderGuard = {
  /** The outermost of a worker's interceptors: those inside see only what was ordered. */
  readonly activity: ActivityInterceptorsFactory;
  /** The same sinks, deaf to workflows that nobody ordered. */
  sinks(inner: InjectedSinks<EventSinks>): InjectedSinks<EventSinks>;
};

/** The guard of one process. */
export function makeOrderGuard({ key, isOpen, onRefused }: Orders): OrderGuard {
  const witness = makeWitness();
  const working = new Set<string>();

  /** Why it is refused. */
  async function faultOfStep(
    input: StepInput,
    kind: string,
    execution: Execution,
  ): Promise<string | undefined> {
    if (!isOrderedStep(key, input)) return 'its step was not ordered like this';
    const { run, step, attempt, inputs } = input;
    if (step.kind !== kind) return 'its step is of another kind';
    const most = step.retry.attempts + MAX_LOST;
    if (!Number.isInteger(attempt) || attempt < 1 || attempt > most)
      return 'no attempt has that number';
    const { limitMs = step.timeoutMs } = input;
    if (!(limitMs > 0 && limitMs <= step.timeoutMs)) return 'no attempt has that limit';
    const given = Object.keys(inputs);
    const isWhole =
      given.length === step.reads.length && given.every((id) => step.reads.includes(id));
    if (!isWhole) return 'it does not read what it was ordered to read';
    const { within } = run;
    const paths = outerPaths(step, depthOf(within));
    const { outer = {} } = input;
    const isFull =
      Object.keys(outer).length === paths.length &&
      paths.every((path) => Object.hasOwn(outer, path));
    if (!isFull) return 'it is not given what it was ordered to read';
    const forged =
      given.some((id) => !isSealedResult(key, run.id, nameIn(within, id), inputs[id]!)) ||
      paths.some((path) => !isSealedResult(key, run.id, nameOfPath(within, path), outer[path]!));
    if (forged) return 'it reads a result that no step of this run returned';
    if (!(await isOpen(execution, run))) return 'its run is not going on in this workflow';
    return isHeard(input) ? undefined : 'it is told of steps what did not happen';
  }

  function isHeard({ run, step, heard }: StepInput): boolean {
    if (heard === undefined) return step.hears === undefined;
    const { hears = [] } = step;
    const told = Object.keys(heard);
    return (
      told.length === hears.length &&
      told.every((id) => hears.includes(id)) &&
      witness.heard(run, heard)
    );
  }

  async function faultOfGift(input: GiveInput, execution: Execution): Promise<string | undefined> {
    if (!isOrderedGift(key, input)) return 'its step was not ordered like this';
    const { run, step, inputs } = input;
    const within = nameIn(run.within, step.id);
    const { outputs, values } = step.gives;
    const from = new Set(
      [...Object.values(outputs), ...Object.values(values)].map((of) => of.step),
    );
    const given = Object.entries(inputs);
    const isSealed = given.every(
      ([id, result]) => from.has(id) && isSealedResult(key, run.id, nameIn(within, id), result),
    );
    if (!isSealed) return 'it gives a result that no step of this run returned';
    if (!(await isOpen(execution, run))) return 'its run is not going on in this workflow';
    const names = step.steps.map((id) => nameIn(within, id));
    return witness.endedWell(run, names) ? undefined : 'its steps did not end well';
  }

  async function faultOfDelivery(
    input: DeliverInput,
    execution: Execution,
  ): Promise<string | undefined> {
    if (!isOrderedDelivery(key, input)) return 'the delivery was not ordered like this';
    const { run } = input.plan;
    const forged = input.files.some((file) => !isSealedFile(key, run.id, file));
    if (forged) return 'it delivers a file that no step of this run returned';
    if (!(await isOpen(execution, run))) return 'its run is not going on in this workflow';
    return witness.agrees(input) ? undefined : 'it is not the delivery of what the run did';
  }

  function refuse(refused: Refused): never {
    onRefused(refused);
    throw ApplicationFailure.create({
      message: `not executed: ${refused.why}`,
      type: 'NOT_ORDERED',
      nonRetryable: true,
      category: 'BENIGN',
    });
  }

  return {
    activity: ({ info }) => ({
      inbound: {
        execute: async (call, next) => {
          const { activityType: activity, workflowExecution: execution } = info;
          if (execution === undefined) return refuse({ activity, why: 'no workflow asked for it' });
          const isDelivery = activity === 'deliver';
          const isGift = activity === GIVE;
          // Anybody may have written this: it can be of any shape.
          const given = call.args[0];
          const fault = await (
            isDelivery
              ? faultOfDelivery(given as DeliverInput, execution)
              : isGift
                ? faultOfGift(given as GiveInput, execution)
                : faultOfStep(given as StepInput, activity, execution)
          ).catch(() => 'its input is of another form');
          if (fault !== undefined) return refuse({ activity, why: fault, execution });
          if (isDelivery) return next(call);

          const { run, step, attempt } = given as StepInput;
          const stepName = nameIn(run.within, step.id);
          const name = `${run.id} ${run.generation} ${stepName} ${isGift ? GIVE : attempt}`;
          if (working.has(name))
            return refuse({ activity, why: 'it is going on already', execution });
          working.add(name);
          try {
            const result = sealResult(key, run.id, stepName, (await next(call)) as StepResult);
            witness.made(stepName, result);
            return result;
          } finally {
            working.delete(name);
          }
        },
      },
    }),
    sinks: ({ events, attempts }) => ({
      events: {
        emit: {
          ...events.emit,
          fn: async (info, about, told) => {
            const run = { id: about.runId, generation: about.generation };
            if (!isOrderedRun(key, about) || !(await isOpen(info, run))) return;
            witness.saw(about, told);
            await events.emit.fn(info, about, told.map(withoutSeal));
          },
        },
      },
      attempts: {
        stop: {
          ...attempts.stop,
          fn: async (info, about, within) => {
            const run = { id: about.runId, generation: about.generation };
            if (isOrderedRun(key, about) && (await isOpen(info, run))) {
              await attempts.stop.fn(info, about, within);
            }
          },
        },
      },
    }),
  };
}

/** The seal has done its work: what is recorded and counted is the outcome alone. */
function withoutSeal(event: RunEvent): RunEvent {
  if (event.type !== 'step_ended') return event;
  const { seal: _, ...outcome } = event.outcome;
  return { ...event, outcome };
}
