import { expect, test } from '@jest/globals';

import { planOfChosen } from '../../src/model/chosen-steps.ts';
import { planOf, stepOf } from './world.ts';

import type { ChosenSteps } from '../../src/model/plan.ts';

/** a -> b -> d -> e, a -> c, other -> d */
const PLAN = planOf([
  stepOf('a'),
  stepOf('other'),
  stepOf('b', { needs: ['a'] }),
  stepOf('c', { needs: ['a'] }),
  stepOf('d', { needs: ['b', 'other'] }),
  stepOf('e', { needs: ['d'] }),
]);

const stepsOf = (only: ChosenSteps): Record<string, unknown> =>
  Object.fromEntries(planOfChosen(PLAN, only).steps.map(({ id, lays }) => [id, lays]));

test('a step is run with all that it needs, directly or not, and nothing beside it', () => {
  expect(stepsOf({ step: 'd' })).toEqual({
    a: 'exports',
    other: 'exports',
    b: 'exports',
    d: 'all',
  });
});

test('downstream, everything that needs it is run, with what that needs', () => {
  expect(stepsOf({ step: 'b', downstream: true })).toEqual({
    a: 'exports',
    other: 'exports',
    b: 'all',
    d: 'all',
    e: 'all',
  });
});

test('only the step that is forced is never looked up', () => {
  const { steps } = planOfChosen(PLAN, { step: 'b', downstream: true, force: true });
  expect(steps.filter(({ reuse }) => !reuse).map(({ id }) => id)).toEqual(['b']);
});

test('a step that is not there is told with what is meant', () => {
  const long = planOf([stepOf('load_orders'), stepOf('load_shops')]);
  expect(() => planOfChosen(long, { step: 'load_order' })).toThrow(
    expect.objectContaining({ code: 'STEP_NOT_FOUND', hint: "Did you mean 'load_orders'?" }),
  );
});
