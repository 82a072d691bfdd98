import { expect, test } from '@jest/globals';

import { check, JOB, placesOf, problemsOf, stepOf } from './fake-kinds.ts';

const BASE = `profile: base
expected_every: 1h
defaults: { timeout: 5m, retry: { attempts: 7, factor: 3 } }
steps:
  a: { uses: fake.make, description: first, core: true, retry: { factor: 4 }, with: { rows: 5, text: t } }
  b: { uses: fake.make, needs: [a] }
`;

test('keeps the steps of the base in their order and adds its own', () => {
  const { plan } = check(JOB, [
    BASE,
    'profile: main\nextends: base\nsteps:\n  c: { uses: fake.make }\n',
  ]);

  expect(plan?.profile).toBe('main');
  expect(plan?.expectedEveryMs).toBe(3_600_000);
  expect(plan?.steps.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('needs no steps of its own', () => {
  expect(check(JOB, [BASE, 'profile: main\nextends: base\nconcurrency: 9\n']).plan).toMatchObject({
    concurrency: 9,
    steps: [{ id: 'a' }, { id: 'b' }],
  });
});

test('merges a step by key: settings, retry and options one by one, lists as a whole', () => {
  const main =
    'profile: main\nextends: base\nsteps:\n  a: { timeout: 1m, retry: { attempts: 2 }, with: { rows: 6 } }\n  b: { needs: [] }\n';

  expect(stepOf('a', JOB, [BASE, main])).toMatchObject({
    description: 'first',
    core: true,
    timeoutMs: 60_000,
    retry: { attempts: 2, factor: 4 },
    options: { rows: 6, text: 't' },
  });
  expect(stepOf('b', JOB, [BASE, main]).needs).toEqual([]);
});

test('merges defaults by key', () => {
  const main = 'profile: main\nextends: base\ndefaults: { timeout: 9m, retry: { attempts: 1 } }\n';

  expect(stepOf('b', JOB, [BASE, main])).toMatchObject({
    timeoutMs: 540_000,
    retry: { attempts: 1, factor: 3 },
  });
});

test('drops an inherited option that is null, and all of them with another kind', () => {
  const without = 'profile: main\nextends: base\nsteps:\n  a: { with: { text: null } }\n';
  const other =
    'profile: main\nextends: base\nsteps:\n  c: { uses: fake.make }\n  a: { uses: fake.send, with: { table: c, name: x } }\n';

  expect(stepOf('a', JOB, [BASE, without]).options).toEqual({ rows: 5 });
  expect(stepOf('a', JOB, [BASE, other]).options).toEqual({ table: 'c', name: 'x' });
});

test('removes a step with null, and says so to who still needs it', () => {
  const gone = 'profile: main\nextends: base\nsteps:\n  b: null\n';
  const needed = 'profile: main\nextends: base\nsteps:\n  a: null\n';

  expect(check(JOB, [BASE, gone]).plan?.steps.map(({ id }) => id)).toEqual(['a']);
  expect(problemsOf(JOB, [BASE, needed])).toEqual([
    "p0.yaml:6:33: UNKNOWN_NEED: step 'b' needs 'a', which is no step of this profile; there is none. p1.yaml removes it.",
  ]);
});

test('finds a mistake of the base even where it is overridden', () => {
  const base = BASE.replace('core: true', 'core: yes!');
  const main = 'profile: main\nextends: base\nsteps:\n  a: { core: false }\n';

  expect(placesOf(JOB, [base, main])).toEqual(['p0.yaml:5:51: WRONG_TYPE']);
});

test('merges what an anchor and a merge key share', () => {
  const profile = `profile: main
steps:
  a: &a { uses: fake.make, timeout: 3m, with: { rows: 2 } }
  b:
    <<: *a
    timeout: 4m
`;

  expect(stepOf('b', JOB, profile)).toMatchObject({ timeoutMs: 240_000, options: { rows: 2 } });
});
