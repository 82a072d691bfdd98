import { expect, test } from '@jest/globals';

import { checkDefinition } from '../../src/definition/check.ts';
import { KINDS } from '../../src/kinds/index.ts';

const JOB = `job: j
profile: p
params: { n: { type: integer, default: 3 }, l: { type: list, default: [a, b] } }
inputs: { src: { path: in.csv } }
`;
const HEAD = `profile: p
steps:
  src: { uses: collect.files, with: { from: '\${{ inputs.src }}' } }
`;

function problemsOf(profile: string, job = JOB) {
  return checkDefinition({
    job: { path: 'j.yaml', text: job },
    profiles: [{ path: 'p.yaml', text: profile }],
    kinds: KINDS,
    given: {},
    start: { date: '2026-01-31' },
    resolvePath: (path) => `/data/${path}`,
  }).problems;
}

const sql = (before: string): string =>
  `${HEAD}  q: { uses: transform.sql, ${before}, with: { sql: select 1 } }\n`;
const command = (options: string): string =>
  `${HEAD}  q: { uses: exec.command, with: { ${options} } }\n`;

test.each([
  [
    'params',
    `params: { n: 1 }\n${HEAD}`,
    JOB,
    "'params' stands in the job; a step that is a profile",
  ],
  ['schedule', `schedule: { every: 1h }\n${HEAD}`, JOB, "'schedule' stands in the job."],
  ['limits', `limits: { db: 2 }\n${HEAD}`, JOB, "'limits' stands in builder.yaml."],
  ['concurrency', HEAD, `${JOB}concurrency: 4\n`, "'concurrency' stands in the profile."],
])('where %s belongs is told with the file that it stands in', (_, profile, job, hint) => {
  const problems = problemsOf(profile, job);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.hint).toContain(hint);
});

test.each([
  ['a text in place of a list', sql('needs: src'), 'Write [src].'],
  ['a text of several', sql("needs: 'src, b'"), 'Write [src, b].'],
  ['a line in place of a command', command('command: echo hi'), 'Write [echo, hi]; a line for a'],
  ['a line with quotes', command(`command: "ls | wc 'a b'"`), 'Write each argument by itself'],
  ['a number of tries', sql('retry: 3'), 'Write { attempts: 3 }.'],
  ['no retries', sql('retry: never'), 'Write { attempts: 1 }.'],
  ['a bare list of items', sql('foreach: [a, b]'), 'Write { in: [a, b] }.'],
  ['the name of a table', sql('foreach: src'), 'Write { in: src }.'],
  ['a number of items', sql('foreach: { in: 5 }'), 'Write the items themselves'],
  ['failure', sql('run_if: failure'), "Did you mean 'failed'?"],
  ['success', sql('run_if: success'), "Did you mean 'succeeded'?"],
  ['a unit in words', sql('timeout: 10 minutes'), "Did you mean '10m'?"],
  ['weeks', sql('timeout: 1w'), "Did you mean '7d'?"],
  ['ages', sql('timeout: 10000d'), 'The longest is 3650d.'],
  ['a bare threshold', sql('alert: 30s'), 'Write { p95: 30s }.'],
  ['yes', sql('when: yes'), 'Write true.'],
  ['code', sql("when: 'params.n > 3'"), 'Write a comparison:'],
  ['gt', sql("when: { value: '${{ params.n }}', gt: 3 }"), "Did you mean 'above'?"],
  ['depends_on', sql('depends_on: [src]'), "Did you mean 'needs'?"],
  ['if', sql('if: true'), "Did you mean 'when'?"],
  ['an id with a dash', `${HEAD}  my-step: { uses: transform.sql, with: { sql: x } }\n`, 'my_step'],
  ['a bare file', command('command: [ls], files: a.py'), 'Write [a.py].'],
  ['a bare output', command('command: [ls], outputs: { table: o.csv }'), 'Write { path: o.csv }.'],
  ['assignments', command('command: [ls], env: [A=1]'), 'Write { NAME: value }.'],
  [
    'one in brackets',
    `${HEAD}  q: { uses: export.dataset, with: { from: [src] } }\n`,
    'Write src,',
  ],
  ['a short kind', `${HEAD}  q: { uses: sql, with: { sql: select 1 } }\n`, "'transform.sql'?"],
  ['another kind', `${HEAD}  q: { uses: shell, with: { shell: ls } }\n`, "'exec.command'?"],
  ['type', `${HEAD}  q: { type: transform.sql, with: { sql: select 1 } }\n`, "'uses'?"],
  ['options beside with', `${HEAD}  q: { uses: transform.sql, sql: select 1 }\n`, 'under `with`'],
  [
    'name',
    `name: p\nsteps:\n  q: { uses: transform.sql, with: { sql: select 1 } }\n`,
    "'profile'?",
  ],
  ['a list of steps', `profile: p\nsteps:\n  - { id: q }\n`, 'each step under its id'],
])('mends %s in one problem', (_, profile, mend) => {
  expect(problemsOf(profile)).toEqual([
    expect.objectContaining({ file: 'p.yaml', hint: expect.stringContaining(mend) }),
  ]);
});

test.each([
  ['params: { n: integer }', 'Write { type: integer }.'],
  ['params: { n: { type: int } }', "Did you mean 'integer'?"],
  ['inputs: { src: in.csv }', 'Write { path: in.csv }.'],
  ["schedule: '0 3 * * *'", "Write { cron: '0 3 * * *' }."],
  ['schedule: 1h', 'Write { every: 1h }.'],
  ['budgets: 30m', 'Write { wall: 30m }.'],
])('mends a job with %s', (text, mend) => {
  const job = `job: j\nprofile: p\n${text}\n`;
  const profile = 'profile: p\nsteps:\n  q: { uses: transform.sql, with: { sql: select 1 } }\n';
  expect(problemsOf(profile, job)).toEqual([
    expect.objectContaining({ file: 'j.yaml', hint: expect.stringContaining(mend) }),
  ]);
});

test.each([
  ['at_most: "100"', "expected a number of rows, or a share such as '0.5%'"],
  ['at_most: "101%"', 'a rule that every row may break checks nothing'],
])('says once what is wrong with %s', (text, says) => {
  const check = `  q: { uses: check.table, with: { table: src, checks: [{ not_null: [a], ${text} }] } }\n`;
  expect(problemsOf(HEAD + check)).toEqual([
    expect.objectContaining({ message: expect.stringContaining(says) }),
  ]);
});

test('says once that a duration of a rule is none', () => {
  const rule = 'freshness: { column: d, max_age: 1w }';
  const check = `  q: { uses: check.table, with: { table: src, checks: [{ ${rule} }] } }\n`;
  expect(problemsOf(HEAD + check)).toHaveLength(1);
});

test('says that where stands in the mapping of its rule', () => {
  const check = `  q: { uses: check.table, with: { table: src, checks: [{ not_null: [a] }, { where: a > 1 }] } }\n`;
  expect(problemsOf(HEAD + check)).toEqual([
    expect.objectContaining({ message: expect.stringContaining('stands in its mapping') }),
  ]);
});

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
  'takes the key %s for no word of ours',
  (key) => {
    const profile = `${HEAD}  q: { uses: transform.sql, ${key}: 3, with: { sql: select 1 } }\n`;
    const params = `job: j\nprofile: p\nparams: { ${key}: 3 }\n`;
    expect(problemsOf(profile)).toHaveLength(1);
    expect(problemsOf(HEAD, params).length).toBeGreaterThan(0);
  },
);

test.each([
  ['a NUL byte', 'profile: p\nsteps:\n  q: { uses: x\0 }\n', 3, 'NUL byte'],
  ['UTF-16 without a mark', Array.from('profile: p\n').join('\0'), 1, 'NUL byte'],
  ['CR alone', 'profile: p\rsteps: {}\r', 1, 'CR alone'],
  ['an escaped NUL', sql('description: "a\\0b"'), 4, 'cannot hold'],
  ['thousands of brackets', `profile: p\nsteps: ${'['.repeat(5000)}`, 2, ''],
])('tells %s where it stands', (_, profile, line, says) => {
  const problems = problemsOf(profile);
  expect(problems).toEqual([
    expect.objectContaining({ line, code: 'BAD_YAML', message: expect.stringContaining(says) }),
  ]);
  expect(problems[0]?.message).not.toMatch(/call stack/);
});
