import { expect, test } from '@jest/globals';

import { JOB, problemsOf } from './fake-kinds.ts';

const MAKE = 'profile: main\nsteps:\n  a: { uses: fake.make }\n';

/** What is wrong in a job, given a good profile: first the job's lines, then the problem. */
const JOBS: readonly (readonly [name: string, job: string, problem: string])[] = [
  ['an empty file', '', 'job.yaml:1:1: BAD_YAML: the file is empty'],
  ['a file of comments', '# nothing\n', 'job.yaml:1:1: BAD_YAML: the file is empty'],
  [
    'a list',
    '- a\n',
    'job.yaml:1:1: WRONG_TYPE: a job file is a mapping; expected keys such as job, params and inputs',
  ],
  [
    'a text',
    'hello\n',
    'job.yaml:1:1: WRONG_TYPE: a job file is a mapping; expected keys such as job, params and inputs',
  ],
  [
    'two documents',
    `${JOB}---\njob: b\n`,
    "job.yaml:3:1: BAD_YAML: the file has more than one document; one is allowed. Leave out the '---'.",
  ],
  [
    'a tab',
    'job: demo\nparams:\n\ta: 1\n',
    'job.yaml:3:1: BAD_YAML: tabs cannot indent; only spaces can',
  ],
  [
    'a bare reference in braces',
    `${JOB}inputs: { a: { path: \${{ job.name }} } }\n`,
    "job.yaml:3:22: BAD_YAML: a reference inside { } or [ ] must be in quotes. Write '${{ ... }}' in quotes.",
  ],
  [
    'a tag',
    'job: !name demo\n',
    'job.yaml:1:6: BAD_YAML: tags (!name) are not known here; only plain values are allowed',
  ],
  [
    'an alias without anchor',
    `${JOB}params: *nowhere\n`,
    "job.yaml:3:9: BAD_YAML: the alias 'nowhere' has no anchor before it",
  ],
  [
    'an alias inside itself',
    `${JOB}params: &x { a: *x }\n`,
    'job.yaml:3:12: BAD_YAML: an alias stands inside the value it names',
  ],
  [
    'a number too large to keep',
    `${JOB}params: { a: { type: integer, default: 9007199254740993 } }\n`,
    'job.yaml:3:40: BAD_VALUE: 9007199254740993 is not a number that can be kept exactly; whole numbers go to 9007199254740991 and others have about 15 digits, and as text it stands in quotes',
  ],
  [
    'a reference as a key',
    `${JOB}inputs: { '\${{ job.name }}': { path: a } }\n`,
    'job.yaml:3:11: BAD_REFERENCE: a reference cannot be a key; references stand in values',
  ],
  [
    'a key twice',
    `${JOB}job: other\n`,
    "job.yaml:3:1: DUPLICATE_KEY: the key 'job' is already there in line 1; only one may stay",
  ],
  [
    'an unknown key',
    `${JOB}parms: {}\n`,
    "job.yaml:3:1: UNKNOWN_KEY: unknown key 'parms'; allowed keys: job, profile, description, params, inputs, partition, schedule, hooks, budgets. Did you mean 'params'?",
  ],
  [
    'an unknown key further down',
    `${JOB}budgets: { wal: 5m }\n`,
    "job.yaml:3:12: UNKNOWN_KEY: unknown key 'wal' in budgets; allowed keys: wall. Did you mean 'wall'?",
  ],
  [
    'no name',
    'profile: main\n',
    "job.yaml:1:1: MISSING_KEY: the key 'job' is missing; expected text",
  ],
  [
    'a name of the wrong type',
    'job: [a]\nprofile: main\n',
    'job.yaml:1:6: WRONG_TYPE: job: found a list; expected text. Write a, without brackets.',
  ],
  [
    'a bad name',
    'job: a b\nprofile: main\n',
    "job.yaml:1:6: BAD_VALUE: job: found 'a b'; expected a name of at most 63 letters, digits, - and _",
  ],
  [
    'a bad duration',
    `${JOB}budgets: { wall: 5 minutes }\n`,
    "job.yaml:3:18: BAD_DURATION: budgets.wall: '5 minutes' is no duration; expected a number with a unit (d, h, m, s, ms) such as 90s or 1h30m, at most 3650d. Did you mean '5m'?",
  ],
  [
    'an unknown type',
    `${JOB}params: { a: { type: strin, default: x } }\n`,
    "job.yaml:3:22: BAD_VALUE: params.a.type: found 'strin'; allowed: string, integer, number, boolean, date, list. Did you mean 'string'?",
  ],
  [
    'an unknown reference',
    `${JOB}inputs: { a: { path: 'x/\${{ params.day }}.csv' } }\n`,
    "job.yaml:3:25: UNKNOWN_REFERENCE: unknown reference 'params.day': the job has no parameter 'day'; there is none",
  ],
  [
    'a reference where none belongs',
    'job: ${{ run.date }}\nprofile: main\n',
    "job.yaml:1:6: BAD_REFERENCE: the reference 'run.date' cannot stand here; no reference can stand here",
  ],
];

test.each(JOBS)('finds %s in a job', (_name, job, problem) => {
  expect(problemsOf(job, MAKE)).toContain(problem);
});
