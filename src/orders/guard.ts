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

import { fullName, nameIn } from '../model/nested.ts';
import { GIVE } from '../model/step-result.ts';
import {
  faultOfAttempt,
  faultOfCollecting,
  faultOfExpanding,
  faultOfGathering,
  faultOfGift,
} from './step-faults.ts';
import {
  isOrderedDelivery,
  isOrderedRun,
  isSealedFile,
  sealItem,
  sealList,
  sealResult,
} from './tags.ts';
import { makeWitness } from './witness.ts';

import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { EventSinks, RunEvent } from '../model/events.ts';
import type {
  Collection,
  CollectInput,
  DeliverInput,
  Expanded,
  GatherInput,
  GiveInput,
  StepInput,
  StepResult,
} from '../model/step-result.ts';
import type { PlanStep } from '../model/plan.ts';
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
  async function faultOf(
    given: unknown,
    activity: string,
    execution: Execution,
  ): Promise<string | undefined> {
    if (activity === 'deliver') return faultOfDelivery(given as DeliverInput, execution);
    if (activity === GIVE) return faultOfGiving(given as GiveInput, execution);
    const input = given as StepInput;
    const fault = {
      expandItems: () => faultOfExpanding(key, input),
      collectItems: () => faultOfCollecting(key, given as CollectInput),
      gatherItems: () => faultOfGathering(key, given as GatherInput),
      attempt: () => faultOfAttempt(key, input, activity),
    }[isItemsWork(activity) ? activity : 'attempt']();
    if (fault !== undefined) return fault;
    if (!(await isOpen(execution, input.run))) return 'its run is not going on in this workflow';
    const isTold = activity === 'collectItems' || isHeard(input);
    return isTold ? undefined : 'it is told of steps what did not happen';
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

  async function faultOfGiving(
    input: GiveInput,
    execution: Execution,
  ): Promise<string | undefined> {
    const fault = faultOfGift(key, input);
    if (fault !== undefined) return fault;
    const { run, step } = input;
    if (!(await isOpen(execution, run))) return 'its run is not going on in this workflow';
    const names = step.steps.map((id) => nameIn(fullName(input), id));
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

  /** What the activity answers, with the proof that it did. */
  function sealed(input: StepInput, activity: string, made: unknown): unknown {
    const { run, step, item } = input;
    const about = [run.id, nameIn(run.within, step.id)] as const;
    if (activity === 'collectItems') return sealList(key, 'ends', about, made as Collection);
    if (item !== undefined) {
      return sealItem(key, run.id, fullName(input), made as StepResult);
    }
    if (activity === 'expandItems') {
      const expanded = made as Expanded;
      if (expanded.kind === 'found') {
        return { ...expanded, result: sealedWhole(run, step, expanded.result) };
      }
      const { list, known } = expanded;
      return {
        ...expanded,
        list: sealList(key, 'items', about, list),
        ...(known === undefined ? {} : { known: sealList(key, 'ends', about, known) }),
      };
    }
    return sealedWhole(run, step, made as StepResult);
  }

  function sealedWhole(
    { id, within }: StepInput['run'],
    { lays, id: step }: Pick<PlanStep, 'id' | 'lays'>,
    made: StepResult,
  ): StepResult {
    const named = { id: nameIn(within, step), ...(lays === undefined ? {} : { lays }) };
    const result = sealResult(key, id, named, made);
    witness.made(named, result);
    return result;
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
          // Anybody may have written this: it can be of any shape.
          const given = call.args[0];
          const fault = await faultOf(given, activity, execution).catch(
            () => 'its input is of another form',
          );
          if (fault !== undefined) return refuse({ activity, why: fault, execution });
          if (activity === 'deliver') return next(call);

          const { attempt } = given as StepInput;
          const { id, generation } = (given as StepInput).run;
          const name = `${id} ${generation} ${fullName(given as StepInput)} ${attempt} ${activity}`;
          if (activity !== 'collectItems') {
            if (working.has(name))
              return refuse({ activity, why: 'it is going on already', execution });
            working.add(name);
          }
          try {
            return sealed(given as StepInput, activity, await next(call));
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

const ITEMS_WORK = ['expandItems', 'collectItems', 'gatherItems'] as const;

function isItemsWork(activity: string): activity is (typeof ITEMS_WORK)[number] {
  return (ITEMS_WORK as readonly string[]).includes(activity);
}

/** The seal has done its work: what is recorded and counted is the outcome alone. */
function withoutSeal(event: RunEvent): RunEvent {
  if (event.type !== 'step_ended') return event;
  const { seal: _, ...outcome } = event.outcome;
  return { ...event, outcome };
}
