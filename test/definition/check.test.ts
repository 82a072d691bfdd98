import { expect, test } from '@jest/globals';

import { check, JOB, placesOf } from './fake-kinds.ts';

/** A valid profile; tests add lines or replace it. */
const MAKE = 'profile: main\nsteps:\n  a: { uses: fake.make }\n';

test('makes a plan of valid files', () => {
  const { plan, problems } = check(JOB, MAKE);

  expect(problems).toEqual([]);
  expect(plan).toEqual({
    format: 1,
    job: 'demo',
    profile: 'main',
    params: {},
    concurrency: 4,
    onFailure: 'continue',
    budgets: {},
    steps: [
      {
        id: 'a',
        kind: 'fake.make',
        needs: [],
        reads: [],
        options: { rows: 1 },
        timeoutMs: 600_000,
        heartbeatMs: 15_000,
        retry: { attempts: 3, backoffMs: 2_000, factor: 2, maxBackoffMs: 60_000 },
        core: false,
        allowFailure: false,
        reuse: true,
      },
    ],
  });
});

test.each([
  ['no steps', 'profile: main\n', 'p0.yaml:1:1: MISSING_KEY'],
  ['empty steps', 'profile: main\nsteps: {}\n', 'p0.yaml:2:1: MISSING_KEY'],
  ['a list', '- a\n', 'p0.yaml:1:1: WRONG_TYPE'],
  ['nothing', '', 'p0.yaml:1:1: BAD_YAML'],
  ['a period above a quarter', `${MAKE}expected_every: 93d\n`, 'p0.yaml:4:17: BAD_VALUE'],
  ['no concurrency', `${MAKE}concurrency: 0\n`, 'p0.yaml:4:14: BAD_VALUE'],
  ['an unknown choice', `${MAKE}on_failure: halt\n`, 'p0.yaml:4:13: BAD_VALUE'],
])('finds %s in a profile, once', (_name, profile, place) => {
  expect(placesOf(JOB, profile)).toEqual([place]);
});

test('refuses more than 600 steps at the first one too many', () => {
  const steps = (count: number): string =>
    Array.from({ length: count }, (_, i) => `  s${i}: { uses: fake.make }\n`).join('');

  expect(placesOf(JOB, `profile: main\nsteps:\n${steps(600)}`)).toEqual([]);
  expect(placesOf(JOB, `profile: main\nsteps:\n${steps(601)}`)).toEqual([
    'p0.yaml:603:3: TOO_MANY_STEPS',
  ]);
  const [problem] = check(JOB, `profile: main\nsteps:\n${steps(5000)}`).problems;
  expect(problem?.message).toBe(
    "the profile has 5000 steps; at most 600 are supported; 5000 of them use fake.make, such as 's0' and 's1'",
  );
  expect(problem?.hint).toContain('foreach: { in: [north, south], item: region }');
});

test('survives a chain of 20,000 steps that ends in a circle', () => {
  const steps = Array.from(
    { length: 20_000 },
    (_, i) => `  s${i}: { uses: fake.make, needs: [s${(i + 1) % 20_000}] }\n`,
  ).join('');

  const codes = check(JOB, `profile: main\nsteps:\n${steps}`).problems.map(({ code }) => code);

  expect(codes).toEqual(['CYCLE', 'TOO_MANY_STEPS']);
}, 30_000);

test('reports every mistake of all files in one pass, in reading order', () => {
  const job = 'job: demo\nbudget: {}\nparams: { a: { type: integer, default: x } }\n';
  const base = 'profile: base\nsteps:\n  a: { uses: fake.mkae, timeout: soon }\n';
  const main =
    "profile: main\nextends: base\ncore: true\nsteps:\n  b: { uses: fake.make, needs: [x], with: { text: '${{ params.b }}' } }\n";

  expect(placesOf(job, [base, main])).toEqual([
    'job.yaml:2:1: UNKNOWN_KEY',
    'job.yaml:3:40: WRONG_TYPE',
    'p0.yaml:3:14: UNKNOWN_KIND',
    'p0.yaml:3:34: BAD_DURATION',
    'p1.yaml:3:1: UNKNOWN_KEY',
    'p1.yaml:5:33: UNKNOWN_NEED',
    'p1.yaml:5:52: UNKNOWN_REFERENCE',
  ]);
});

test('finds the mistakes of both values of a key that stands twice', () => {
  const profile =
    'profile: main\nsteps:\n  a: { uses: fake.mkae }\n  a: { uses: fake.make, with: { rows: x } }\n';

  expect(placesOf(JOB, profile)).toEqual([
    'p0.yaml:3:14: UNKNOWN_KIND',
    'p0.yaml:4:3: DUPLICATE_KEY',
    'p0.yaml:4:39: BAD_OPTION',
  ]);
});

test('joins two blocks of steps before it looks for needs', () => {
  const profile =
    'profile: main\nsteps:\n  a: { uses: fake.make }\nsteps:\n  b: { uses: fake.make, needs: [a] }\n';

  expect(placesOf(JOB, profile)).toEqual(['p0.yaml:4:1: DUPLICATE_KEY']);
});

test('does not miss what a file that could not be read may hold', () => {
  const main =
    "profile: main\nextends: gone\nsteps:\n  b: { needs: [x], timeout: soon, with: { text: '${{ steps.x.values.v }}' } }\n";

  const codes = check(JOB, main, {}, false).problems.map(({ code }) => code);

  expect(codes).toEqual(['BAD_DURATION']);
});

test('says nothing of params and inputs when the job could not be read', () => {
  const main =
    'profile: main\nsteps:\n  b:\n    uses: fake.make\n    timeout: ${{ params.x }}\n    with: { text: "${{ inputs.y }}" }\n';

  expect(placesOf('job: [\n', main)).toEqual(['job.yaml:1:6: BAD_YAML']);
});

test('a key without a value is told, and what it was meant to be, wherever it stands in braces', () => {
  const main = `profile: main
steps:
  a: { uses: fake.make, allow_failure:true, retry: { attempts:2, backoff: 1s }, with: { text: x } }
`;
  const job = 'job: j\nparams: { x }\n';
  expect(
    check(job, main).problems.map(({ line, column, message }) => [line, column, message]),
  ).toEqual(
    expect.arrayContaining([
      [2, 11, "the key 'x' has no value; write 'x: ...'"],
      [
        3,
        25,
        "'allow_failure:true' is a key without a value; with a space after the colon it is 'allow_failure: true'",
      ],
      [
        3,
        54,
        "'attempts:2' is a key without a value; with a space after the colon it is 'attempts: 2'",
      ],
    ]),
  );
});

test('reads past a byte order mark and Windows line ends', () => {
  const windows = '\uFEFFprofile: main\r\nsteps:\r\n  a: { uses: fake.mkae }\r\n';

  expect(placesOf(`\uFEFF${JOB.replaceAll('\n', '\r\n')}`, windows)).toEqual([
    'p0.yaml:3:14: UNKNOWN_KIND',
  ]);
});

test('stops an alias bomb', () => {
  const levels = Array.from({ length: 12 }, (_, i) => {
    const refs = Array.from({ length: 10 }, () => `*l${i}`).join(', ');
    return `l${i + 1}: &l${i + 1} [${refs}]\n`;
  });

  const places = placesOf(`${JOB}l0: &l0 lol\n${levels.join('')}`, MAKE);

  expect(places).toEqual(
    expect.arrayContaining([expect.stringMatching(/^job.yaml:\d+:\d+: BAD_YAML/)]),
  );
});
