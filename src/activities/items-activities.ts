/** The work around the items of a step as Temporal activities: find them, write down how some ended, put all together. */

import { join } from 'node:path';

import { z } from 'zod';

import { putCollection } from './collection.ts';
import { expandItems } from './expand-items.ts';
import { gatherItems } from './gather-items.ts';
import { makeLazyFolder } from './lazy-folder.ts';
import { defineStep } from '../kinds/contract.ts';
import { logFileOf } from './run-step.ts';
import { waitForWork } from './wait-for-work.ts';
import { fileNameOf, nameIn } from '../model/nested.ts';
import { PROFILE_KIND } from '../model/plan.ts';
import { StepError } from '../model/step-error.ts';

import type { AnyStepDefinition } from '../kinds/contract.ts';
import type {
  Collection,
  CollectInput,
  Expanded,
  GatherInput,
  StepInput,
  StepResult,
} from '../model/step-result.ts';
import type { StepEnvironment } from './run-step.ts';
import type { Waiting, Work } from './wait-for-work.ts';

export type ItemsActivities = {
  expandItems(input: StepInput): Promise<Expanded>;
  collectItems(input: CollectInput): Promise<Collection>;
  gatherItems(input: GatherInput): Promise<StepResult>;
};

/** Stands for the kind of a profile that is done for each item: its own steps are what is executed. */
const NESTED = defineStep<never>({
  kind: PROFILE_KIND,
  version: '1',
  summary: '',
  schema: z.never(),
  run: async () => {
    throw new StepError('KIND_BROKEN', 'a profile is no activity');
  },
});

/** The activities of one worker. */
export function makeItemsActivities(
  kinds: readonly AnyStepDefinition[],
  environment: StepEnvironment,
  options: Waiting,
): ItemsActivities {
  const kindOf = ({ step }: Pick<StepInput, 'step'>): AnyStepDefinition => {
    if (step.nested !== undefined) return NESTED;
    const found = kinds.find(({ kind }) => kind === step.kind);
    if (found === undefined) throw new StepError('UNKNOWN_KIND', `no kind '${step.kind}' here`);
    return found;
  };
  const waiting = <T>(
    what: string,
    { run, step }: Pick<StepInput, 'run' | 'step'>,
    work: Work<T>['work'],
  ): Promise<T> =>
    waitForWork(
      {
        run,
        name: `${nameIn(run.within, step.id)} ${what}`,
        heartbeatMs: step.heartbeatMs,
        log: logFileOf(environment, { run, step }),
        work,
      },
      options,
    );
  return {
    expandItems: async (input) =>
      waiting('items', input, async (signal, { onProgress }) =>
        expandItems(kindOf(input), input, environment, signal, { onProgress }),
      ),
    collectItems: async ({ run, step, ends }) => {
      const name = fileNameOf(nameIn(run.within, step.id));
      const own = `${name}.${ends[0]?.index ?? 0}.ends.${run.generation}-1`;
      const folder = makeLazyFolder(join(environment.attemptsRoot, run.id, own));
      try {
        return await putCollection(ends, folder.path(), environment.store);
      } finally {
        await folder.remove();
      }
    },
    gatherItems: async (input) =>
      waiting('all', input, async (signal, { onProgress }) =>
        gatherItems(kindOf(input), input, environment, signal, { onProgress }),
      ),
  };
}
