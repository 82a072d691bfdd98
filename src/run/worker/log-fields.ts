/**
 * What the SDK's lines about an activity say of the step that it works for: its job, run, name and attempt, as everywhere
 * else. The SDK itself knows the workflow only, which of items is another one, and each attempt as a first one.
 */

import { fullName } from '../../model/nested.ts';

import type { ActivityInterceptorsFactory } from '@temporalio/worker';

import type { StepInput } from '../../model/step-result.ts';

/** For `interceptors.activity` of a worker, before those that may refuse. */
export function makeLogInterceptor(): ActivityInterceptorsFactory {
  return () => {
    let fields: Readonly<Record<string, unknown>> = {};
    return {
      inbound: {
        async execute(input, next) {
          fields = fieldsOf(input.args[0]);
          return next(input);
        },
      },
      outbound: { getLogAttributes: (input, next) => ({ ...next(input), ...fields }) },
    };
  };
}

/** Of what an activity is given; nothing where it works for no step. */
export function fieldsOf(given: unknown): Readonly<Record<string, unknown>> {
  const { run, step, item, attempt } = (given ?? {}) as Partial<StepInput>;
  if (typeof run?.id !== 'string' || typeof step?.id !== 'string') return {};
  const name = fullName({ run, step, item: typeof item?.index === 'number' ? item : undefined });
  return {
    ...{ job: run.job, profile: run.profile, run_id: run.id, step: name },
    ...(typeof attempt === 'number' ? { attempt } : {}),
  };
}
