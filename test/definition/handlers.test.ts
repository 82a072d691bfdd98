/** What `run_if` and conditions on a status make of a step in the plan, and what is refused. */

import { expect, test } from '@jest/globals';

import { JOB, check, problemsOf } from './fake-kinds.ts';

const HEAD = 'profile: main\nsteps:\n';

const PLANNED = `${HEAD}  a: { uses: fake.make }
  b: { uses: fake.make, needs: [a] }
  mourn: { uses: fake.make, run_if: failed, with: { text: 'failed: \${{ run.failed }}' } }
  close: { uses: fake.make, run_if: always }
  archive: { uses: fake.make, needs: [close] }
  rescue: { uses: fake.make, when: { value: '\${{ steps.b.status }}', not_in: [OK, CACHED] } }
  tell: { uses: fake.make, run_if: always, with: { text: '\${{ steps.a.message }}' } }
`;

test('what waits for nothing waits for the end of the run, and not for its like or what needs them', () => {
  const plan = check(JOB, PLANNED).plan!;
  const step = (id: string) => plan.steps.find((each) => each.id === id);

  expect(step('a')).not.toHaveProperty('heeds');
  expect(step('mourn')).toMatchObject({
    runIf: 'failed',
    reuse: false,
    needs: ['a', 'b', 'rescue', 'tell'],
    heeds: ['a', 'b', 'rescue', 'tell'],
    hears: ['a', 'b', 'rescue', 'tell'],
    reads: [],
  });
  expect(step('close')).toMatchObject({ runIf: 'always', needs: ['a', 'b', 'rescue', 'tell'] });
  expect(step('close')).not.toHaveProperty('hears');
  expect(step('archive')).toMatchObject({ needs: ['close'] });
  expect(step('rescue')).toMatchObject({ needs: ['b'], heeds: ['b'], reuse: true });
  expect(step('tell')).toMatchObject({ needs: ['a'], hears: ['a'], reads: [] });
});

test('takes conditions that are joined, and dates', () => {
  const profile = `${HEAD}  a: { uses: fake.make }
  x:
    uses: fake.make
    when:
      all:
        - \${{ params.yes }}
        - any:
            - { value: '\${{ steps.a.values.v }}', at_least: 3 }
            - { value: '\${{ run.date }}', below: 2026-01-01 }
        - not: { value: '\${{ steps.a.status }}', equals: CACHED }
`;
  const job = `${JOB}params: { yes: { type: boolean, default: true } }\n`;
  const { plan, problems } = check(job, profile);

  expect(problems).toEqual([]);
  expect(plan?.steps[1]).toMatchObject({
    needs: ['a'],
    heeds: ['a'],
    when: {
      all: [
        { value: true },
        { any: [{ value: { $ref: 'steps.a.values.v' }, at_least: 3 }, { below: '2026-01-01' }] },
        { not: { value: { $ref: 'steps.a.status' }, equals: 'CACHED' } },
      ],
    },
  });
});

test.each([
  [
    'a status that there is not',
    "when: { value: '${{ steps.a.status }}', equals: FAILED }",
    "BAD_VALUE: steps.b.when.equals: found 'FAILED'; a status is one of OK, WARN, CACHED, SKIPPED, FAIL,",
  ],
  [
    'a status that no run has',
    "run_if: always, when: { value: '${{ run.status }}', equals: SKIPPED }",
    "BAD_VALUE: steps.b.when.equals: found 'SKIPPED'; a status of a run is one of OK, WARN, FAIL,",
  ],
  [
    'an order of statuses',
    "when: { value: '${{ steps.a.status }}', above: 3 }",
    'WRONG_TYPE: steps.b.when.above: a status has no order; use equals, not_equals, in or not_in',
  ],
  [
    'a date that there is not',
    "when: { value: '${{ run.date }}', above: 2026-02-30 }",
    "BAD_VALUE: steps.b.when: above: '2026-02-30' is neither a number nor a date or time such as 2026-03-01",
  ],
  [
    'a comparison beside a joint',
    "when: { any: ['${{ steps.a.values.v }}'], equals: 3 }",
    "BAD_VALUE: steps.b.when: 'when' takes 'value' and exactly one of equals,",
  ],
  [
    'a mistake in a joined condition, at its place',
    "when: { all: [{ value: '${{ job.name }}', above: 3 }] }",
    "WRONG_TYPE: steps.b.when.all[0].above: the value is text (demo), and 'above' compares numbers, dates and times",
  ],
  [
    'a pattern that is none',
    "when: { value: '${{ job.name }}', matches: '(' }",
    "BAD_VALUE: steps.b.when: matches: '(': it is not a regular expression",
  ],
  [
    'an outcome told to a step that runs only after successes',
    "with: { text: '${{ steps.a.status }}' }",
    "BAD_REFERENCE: step 'b' runs once all it needs succeeded, so steps.a.status tells it nothing; give it run_if: failed or run_if: always",
  ],
  [
    'the outcome of a run told to such a step',
    "when: { value: '${{ run.status }}', equals: FAIL }",
    "BAD_REFERENCE: step 'b' runs once all it needs succeeded, so run.status tells it nothing",
  ],
  [
    'a word for run_if that there is not',
    'run_if: failure',
    "BAD_VALUE: steps.b.run_if: found 'failure'; allowed: succeeded, failed, always",
  ],
])('refuses %s', (_name, key, message) => {
  const [problem, ...others] = problemsOf(
    JOB,
    `${HEAD}  a: { uses: fake.make }\n  b: { uses: fake.make, ${key} }\n`,
  );

  expect(others).toEqual([]);
  expect(problem).toMatch(/^p0\.yaml:4:\d+: /);
  expect(problem).toContain(message);
});

test('a handler that is needed by what it waits for is a circle', () => {
  const profile = `${HEAD}  a: { uses: fake.make, needs: [mourn] }\n  mourn: { uses: fake.make, needs: [a], run_if: failed }\n`;

  expect(problemsOf(JOB, profile)).toEqual([expect.stringContaining('CYCLE')]);
});
