import { expect, test } from '@jest/globals';

import { isDate } from '../../src/definition/params.ts';
import { check, JOB, problemsOf } from './fake-kinds.ts';

const MAKE = 'profile: main\nsteps:\n  a: { uses: fake.make }\n';
const jobWith = (rules: string): string => `${JOB}params: { p: { ${rules} } }\n`;

test.each([
  ['type: string', 'a=b c', 'a=b c'],
  ['type: string', '', ''],
  ['type: integer', '-12', -12],
  ['type: number', '1.5e3', 1500],
  ['type: number', '-.5', -0.5],
  ['type: boolean', 'false', false],
  ['type: date', '2024-02-29', '2024-02-29'],
  ['type: string, enum: [a, b]', 'b', 'b'],
  ["type: string, pattern: '^[A-Z]+$'", 'US', 'US'],
  ['type: integer, min: 1, max: 3, default: 2', '3', 3],
])('takes a parameter of %s given as %j', (rules, text, value) => {
  expect(check(jobWith(rules), MAKE, { p: text }).plan?.params).toEqual({ p: value });
});

test.each([
  [
    'type: integer',
    '1.5',
    'is not of its type integer; expected a whole number up to 9007199254740991',
  ],
  [
    'type: integer',
    '9007199254740993',
    'is not of its type integer; expected a whole number up to 9007199254740991',
  ],
  ['type: number', '1,5', 'is not of its type number; expected a number that can be kept exactly'],
  [
    'type: number',
    'Infinity',
    'is not of its type number; expected a number that can be kept exactly',
  ],
  ['type: boolean', 'yes', 'is not of its type boolean; expected true or false'],
  ['type: date', '2023-02-29', 'is not of its type date; expected a date as YYYY-MM-DD'],
  ['type: integer, min: 1', '0', 'is too small; expected at least 1'],
  ["type: date, max: '2024-01-01'", '2024-01-02', 'is too large; expected at most 2024-01-01'],
  ['type: string, enum: [a, b]', 'c', 'is not allowed; allowed: a, b'],
  ["type: string, pattern: '^[A-Z]+$'", 'us', 'does not match its pattern ^[A-Z]+$'],
])('refuses a parameter of %s given as %j', (rules, text, why) => {
  expect(problemsOf(jobWith(rules), MAKE, { p: text })).toEqual([
    `--param p: BAD_PARAM: '${text}' ${why}`,
  ]);
});

test('asks for a parameter without default, and names one that the job does not have', () => {
  expect(problemsOf(jobWith('type: string'), MAKE)).toEqual([
    "job.yaml:3:11: BAD_PARAM: the parameter 'p' has no value; it has no default, so each run must give one. Give --param p=..., or add a default.",
  ]);
  const job = `${JOB}params: { country: { type: string, default: US } }\n`;
  expect(problemsOf(job, MAKE, { county: 'CA', constructor: 'x' })).toEqual([
    "--param constructor: BAD_PARAM: the job has no parameter 'constructor'; it has country",
    "--param county: BAD_PARAM: the job has no parameter 'county'; it has country. Did you mean 'country'?",
  ]);
});

test.each([
  ['type: integer, default: x', 'WRONG_TYPE'],
  ['type: integer, default: 1.5', 'WRONG_TYPE'],
  ['type: date, default: 2024-13-01', 'WRONG_TYPE'],
  ['type: integer, default: 1, min: 2', 'BAD_VALUE'],
  ['type: string, default: a, enum: [b]', 'BAD_VALUE'],
  ['type: string, default: a, min: 1', 'BAD_VALUE'],
  ["type: string, default: a, pattern: '('", 'BAD_VALUE'],
  ['type: integer, default: 1, pattern: x', 'BAD_VALUE'],
  ['type: integer, default: 1, min: x', 'WRONG_TYPE'],
  ['type: integer, default: 1, min: 3, max: 2', 'BAD_VALUE'],
  ['type: integer, default: 1, enum: [1, b]', 'WRONG_TYPE'],
])('refuses the definition { %s }', (rules, code) => {
  expect(check(jobWith(rules), MAKE).problems.map((problem) => problem.code)).toContain(code);
});

test('takes the date of the run and the name of the job as defaults, and no parameter', () => {
  const { plan } = check(jobWith("type: date, default: '${{ run.date }}'"), MAKE);

  expect(plan?.params).toEqual({ p: '2026-01-31' });
  expect(problemsOf(jobWith("type: string, default: '${{ params.p }}'"), MAKE)).toHaveLength(1);
});

test('knows the calendar', () => {
  expect(['2000-02-29', '2024-12-31'].every(isDate)).toBe(true);
  expect(['1900-02-29', '2024-04-31', '2024-00-10', '2024-1-1', '24-01-01'].some(isDate)).toBe(
    false,
  );
});
