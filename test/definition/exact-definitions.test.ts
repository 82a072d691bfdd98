import { expect, test } from '@jest/globals';

import { check, JOB, problemsOf, stepOf } from './fake-kinds.ts';

const STEPS = 'profile: main\nsteps:\n';
const MAKE = `${STEPS}  a: { uses: fake.make }\n`;

test('keeps the letters of numbers and words where text is wanted', () => {
  const env =
    '{ A: 1.10, B: 007, C: 1e3, D: 12345678901234567890, E: yes, F: True, G: 0x1F, H: "1.0" }';
  const step = stepOf('a', JOB, `${STEPS}  a: { uses: fake.make, with: { env: ${env} } }\n`);

  expect(step.options).toMatchObject({
    env: {
      A: '1.10',
      B: '007',
      C: '1e3',
      D: '12345678901234567890',
      E: 'yes',
      F: 'True',
      G: '0x1F',
      H: '1.0',
    },
  });
});

test.each([
  ['rows: 010', '010 begins with 0, which a number does not keep; write 10, or'],
  ['rows: 9007199254740993', '9007199254740993 is not a number that can be kept exactly'],
  ['options: { depth: 0.12345678901234567890 }', '0.12345678901234567890 is not a number that'],
])('refuses %s where a number is wanted', (option, message) => {
  const [problem, ...others] = problemsOf(
    JOB,
    `${STEPS}  a: { uses: fake.make, with: { ${option} } }\n`,
  );

  expect(others).toEqual([]);
  expect(problem).toContain(`BAD_VALUE: ${message}`);
});

test.each([
  [
    'a text for a number',
    '{ value: "${{ params.n }}", equals: "3" }',
    "equals: found '3', which is text, and the value is a number (3); the condition can never hold",
  ],
  [
    'texts for a number',
    '{ value: "${{ params.n }}", in: [a, b] }',
    'the condition can never hold',
  ],
  [
    'a difference from another type',
    '{ value: "${{ params.n }}", not_equals: "3" }',
    'the condition always holds',
  ],
  [
    'a text above a number',
    '{ value: "${{ job.name }}", above: 3 }',
    "the value is text (demo), and 'above' compares numbers, dates and times; the condition can never hold",
  ],
])('refuses a condition with %s', (_name, when, message) => {
  const job = `${JOB}params: { n: { type: integer, default: 3 } }\n`;
  const problems = problemsOf(job, `${STEPS}  a: { uses: fake.make, when: ${when} }\n`);

  expect(problems).toEqual([expect.stringContaining(message)]);
  expect(problems[0]).toMatch(/^p0\.yaml:3:\d+: WRONG_TYPE: steps\.a\.when/);
});

test('takes conditions whose types fit', () => {
  const job = `${JOB}params: { n: { type: integer, default: 3 }, s: { type: string, default: x } }\n`;
  const profile = `${STEPS}  a: { uses: fake.make, when: { value: '\${{ params.n }}', in: [1, 3] } }\n  b: { uses: fake.make, when: { value: '\${{ params.s }}', equals: "3" } }\n`;

  expect(problemsOf(job, profile)).toEqual([]);
});

test.each([
  ['x', 'x.csv/y', 'x.csv/y.csv and step'],
  ['x.csv/y', 'x', 'x.csv and step'],
  ['m', 'manifest.json/x', 'manifest.json is a file of every delivery'],
])('refuses exports named %s and %s: a file cannot be a folder', (first, second, message) => {
  const problems = problemsOf(
    JOB,
    `${MAKE}  b: { uses: fake.send, with: { table: a, name: ${first} } }\n  c: { uses: fake.send, with: { table: a, name: ${second} } }\n`,
  );

  expect(problems).toEqual([expect.stringContaining(message)]);
  expect(problems[0]).toMatch(/^p0\.yaml:5:\d+: DUPLICATE_EXPORT/);
});

test('refuses a plan that no workflow takes, at its largest step', () => {
  const query = `select '${'x'.repeat(190_000)}'`;
  const steps = Array.from(
    { length: 10 },
    (_, i) => `  s${i}: { uses: fake.make, with: { sql: "${query}" } }\n`,
  );
  const { plan, problems } = check(JOB, `${STEPS}${steps.join('')}`);

  expect(plan).toBeUndefined();
  expect(problems).toMatchObject([{ code: 'PLAN_TOO_LARGE', line: 3 }]);
  expect(problems[0]?.message).toMatch(/1\.9\d MB, at most 1\.80 MB; the largest step is 's0'/);
});

test('says nothing of what follows from one mistake', () => {
  const job = `${JOB}params:\n  x: { type: string, default: 01220 }\n`;
  const profile = `${STEPS}  s: { uses: fake.make, with: { sql: "select \${{ params.x }}" } }\n  e: { uses: fake.send, with: { table: s, name: x } }\n`;

  expect(problemsOf(job, profile)).toEqual([
    expect.stringMatching(/^job\.yaml:4:31: BAD_VALUE: 01220 begins with 0/),
  ]);
});

test.each([
  [
    'a duration without its unit',
    '  a: { uses: fake.make, timeout: 10 }\n',
    'expected a duration: a number with a unit (d, h, m, s, ms) such as 90s or 1h30m. Write 10s for seconds, 10m for minutes.',
  ],
  [
    'yes for true',
    '  a: { uses: fake.make, core: yes }\n',
    "found 'yes'; expected true or false. Write true.",
  ],
  [
    'a number for text',
    '  a: { uses: fake.make, description: 1.10 }\n',
    "found 1.10; expected text. Write '1.10' in quotes.",
  ],
  [
    'a Cyrillic letter',
    '  a: { usеs: fake.make, uses: fake.make }\n',
    "It holds 'е' (U+0435), which looks like 'e' and is not.",
  ],
  [
    'a Cyrillic letter in a kind',
    '  a: { uses: fаke.make }\n',
    "It holds 'а' (U+0430), which looks like 'a' and is not.",
  ],
  [
    'a blank of no width',
    '  a: { uses: "fake\u200b.make" }\n',
    'It holds a blank of no width (U+200B).',
  ],
])('tells a newcomer about %s', (_name, steps, message) => {
  expect(problemsOf(JOB, `${STEPS}${steps}`)).toEqual([expect.stringContaining(message)]);
});

test.each([
  [
    'a quote that is never closed',
    `${STEPS}  a: { uses: "fake.make }\n  b: { uses: fake.make }\n`,
    'p0.yaml:3:14: BAD_YAML: a quote is opened and never closed',
  ],
  [
    'a bracket that is never closed',
    `${STEPS}  a: { uses: fake.make\n`,
    'p0.yaml:3:6: BAD_YAML: a { or [ is opened and never closed',
  ],
  [
    'a quote inside quotes',
    `${STEPS}  a: { uses: 'fake's make' }\n`,
    'p0.yaml:3:20: BAD_YAML: more text after a value that has ended',
  ],
  [
    'two documents',
    `${MAKE}---\nprofile: q\n`,
    'p0.yaml:4:1: BAD_YAML: the file has more than one document',
  ],
  [
    'tabs',
    `profile: main\nsteps:\n\ta:\n\t\tuses: fake.make\n`,
    'p0.yaml:3:1: BAD_YAML: tabs cannot indent; only spaces can',
  ],
])('tells a newcomer about %s, once', (_name, profile, message) => {
  expect(problemsOf(JOB, profile)).toEqual([expect.stringContaining(message)]);
});

test('finds a need that no profile has a step for, also where a later profile writes the needs anew', () => {
  const base = `${STEPS}  a: { uses: fake.make, needs: [nope] }\n`;
  const top = 'profile: top\nextends: main\nsteps:\n  a: { needs: [] }\n';

  expect(problemsOf(JOB, [base, top])).toEqual([
    "p0.yaml:3:33: UNKNOWN_NEED: step 'a' needs 'nope', which is no step of any of the profiles",
  ]);
});
