import { expect, test } from '@jest/globals';

import { checkDefinition } from '../../src/definition/check.ts';
import { problemLine } from '../../src/definition/render-problems.ts';
import { FAKE_KINDS } from './fake-kinds.ts';

import type { Checked } from '../../src/definition/check.ts';

const JOB =
  'job: demo\nprofile: main\nparams: { n: { type: integer, default: 3 } }\ninputs: { data: { path: d.csv } }\n';

/** Checks a run's profile with those that its steps name; a file is its name with `.yaml`. */
function check(main: string, others: Readonly<Record<string, string>> = {}): Checked {
  return checkDefinition({
    job: { path: 'job.yaml', text: JOB },
    profiles: [{ path: 'main.yaml', text: main }],
    kinds: FAKE_KINDS,
    given: {},
    start: { date: '2026-01-31' },
    resolvePath: (path) => `/abs/${path}`,
    profileNamed: (name) => {
      const text = others[name];
      return text === undefined
        ? { wrong: { code: 'FILE_NOT_FOUND', message: `the profile '${name}' was not found` } }
        : { files: [{ path: `${name}.yaml`, text }], complete: true };
    },
  });
}

function problemsOf(main: string, others: Readonly<Record<string, string>> = {}): string[] {
  return check(main, others).problems.map(problemLine);
}

const MAIN = `profile: main
steps:
  load: { uses: fake.make, with: { from: d.csv } }
  north:
    uses: profile
    with: { profile: shop, params: { shop: north, seen: '\${{ steps.load.values.rows }}' }, tables: { bought: load } }
  last: { uses: fake.make, with: { sql: 'select \${{ steps.north.values.count }} from north' }, needs: [north] }
`;
const SHOP = `profile: shop
concurrency: 2
takes: [bought]
gives: { table: total, count: '\${{ steps.mine.values.rows }}' }
steps:
  mine: { uses: fake.make, needs: [bought], with: { sql: 'select * from bought where s = \${{ params.shop }}', rows: '\${{ params.seen }}' } }
  total: { uses: fake.make, needs: [mine], timeout: 5m, with: { sql: 'select \${{ params.n }} from mine', text: 'seen \${{ params.seen }} by \${{ params.shop }}' } }
`;

test('a profile that is a step becomes its own steps, with what they are given in its place', () => {
  const { plan, problems, origins } = check(MAIN, { shop: SHOP });
  expect(problems.map(problemLine)).toEqual([]);
  expect(plan?.steps[1]).toMatchObject({
    ...{ id: 'north', kind: 'profile', needs: ['load'], reads: ['load'] },
    ...{ limitIsDefault: true, retry: { attempts: 1 } },
    nested: {
      ...{ profile: 'shop', concurrency: 2, onFailure: 'continue' },
      gives: {
        outputs: { table: { step: 'total', output: 'table' } },
        values: { count: { step: 'mine', value: 'rows' } },
      },
      steps: [
        {
          id: 'mine',
          needs: [],
          reads: [],
          takes: { bought: { step: 'load', output: 'table' } },
          options: {
            sql: { $sql: ['select * from bought where s = ', { value: 'north' }] },
            rows: { $ref: 'steps.^load.values.rows' },
          },
        },
        {
          id: 'total',
          needs: ['mine'],
          timeoutMs: 300_000,
          options: {
            sql: { $sql: ['select ', { value: 3, type: 'BIGINT' }, ' from mine'] },
            text: { $concat: ['seen ', { $ref: 'steps.^load.values.rows' }, ' by north'] },
          },
        },
      ],
    },
  });
  expect(origins['steps.north.steps.total.timeout']).toBe('shop.yaml:7');
});

test('in a profile of a profile what is handed on keeps the name of where it comes from', () => {
  const main = `profile: main
steps:
  load: { uses: fake.make }
  outer: { uses: profile, with: { profile: middle, params: { a: '\${{ steps.load.values.rows }}' }, tables: { t: load } } }
`;
  const middle = `profile: middle
takes: [t]
steps:
  own: { uses: fake.make, needs: [t], with: { sql: 'select * from t' } }
  inner: { uses: profile, with: { profile: last, params: { b: '\${{ params.a }}', c: '\${{ steps.own.values.rows }}' }, tables: { t: t, o: own } } }
`;
  const last = `profile: last
takes: [t, o]
steps:
  z: { uses: fake.make, needs: [t, o], with: { sql: 'select * from t, o', text: '\${{ params.b }}-\${{ params.c }}' } }
`;
  const { plan, problems } = check(main, { middle, last });
  expect(problems.map(problemLine)).toEqual([]);
  const inner = plan?.steps[1]?.nested?.steps[1];
  expect(inner).toMatchObject({ needs: ['own'], reads: ['own'] });
  expect(inner?.nested?.steps[0]).toMatchObject({
    takes: { t: { step: 'load', output: 'table' }, o: { step: 'outer/own', output: 'table' } },
    options: {
      text: {
        $concat: [
          ...[{ $ref: 'steps.^load.values.rows' }, '-', { $ref: 'steps.^outer/own.values.rows' }],
        ],
      },
    },
  });
});

const STEP = (about: string): string =>
  `profile: main\nsteps:\n  load: { uses: fake.make }\n  in:\n    uses: profile\n    ${about}\n`;
const PLAIN =
  'profile: plain\nsteps:\n  a: { uses: fake.make, with: { rows: ${{ params.r }} } }\n'.replace(
    '${{ params.r }}',
    "'${{ params.r }}'",
  );

test.each<[string, string, Record<string, string>, string]>([
  [
    'a profile that is not there',
    STEP('with: { profile: nowhere }'),
    {},
    "main.yaml:6:22: FILE_NOT_FOUND: the profile 'nowhere' was not found",
  ],
  [
    'no profile',
    STEP('with: {}'),
    {},
    "main.yaml:6:5: BAD_OPTION: step 'in' (profile): the key 'profile' is missing; expected text",
  ],
  [
    'a name that is a reference',
    STEP("with: { profile: 'a${{ params.n }}' }"),
    {},
    "main.yaml:6:22: BAD_REFERENCE: step 'in': the name of its profile stands as it is; no reference can stand here",
  ],
  [
    'an option that it has not',
    STEP('with: { profile: plain, param: { r: 1 } }'),
    { plain: PLAIN },
    "main.yaml:6:29: BAD_OPTION: unknown key 'param' in step 'in' (profile); allowed keys: profile, params, tables. Did you mean 'params'?",
  ],
  [
    'a parameter that is not given',
    STEP('with: { profile: plain }'),
    { plain: PLAIN },
    "plain.yaml:3:40: UNKNOWN_REFERENCE: unknown reference 'params.r': the job has no parameter 'r', and step 'in' gives none; known: n. Did you mean 'n'?",
  ],
  [
    'a parameter that nobody uses',
    STEP('with: { profile: plain, params: { r: 1, q: 2 } }'),
    { plain: PLAIN },
    "main.yaml:6:45: UNKNOWN_KEY: step 'in' gives the parameter 'q', which no step of the profile plain names; known: r. Did you mean 'r'?",
  ],
  [
    'a parameter of the job with a value of another type',
    STEP('with: { profile: p, params: { n: many } }'),
    { p: "profile: p\nsteps: { a: { uses: fake.make, with: { rows: '${{ params.n }}' } } }\n" },
    'main.yaml:6:38: WRONG_TYPE: step \'in\': params.n: "many" is not of its type integer; expected a whole number up to 9007199254740991',
  ],
  [
    'a parameter that is a secret',
    STEP("with: { profile: plain, params: { r: '${{ secrets.S }}' } }"),
    { plain: PLAIN },
    'main.yaml:6:43: SECRET_NOT_ALLOWED: a secret cannot stand here; profile takes no secrets',
  ],
  [
    'how a step ended, as a parameter',
    STEP("with: { profile: plain, params: { r: '${{ steps.load.status }}' } }\n    run_if: always"),
    { plain: PLAIN },
    "main.yaml:6:43: BAD_REFERENCE: step 'in': how a step ended cannot be given to a profile; a step with run_if beside it can tell it",
  ],
  [
    'a setting that is known too late',
    STEP("with: { profile: p, params: { r: '${{ steps.load.values.rows }}' } }"),
    { p: "profile: p\nconcurrency: '${{ params.r }}'\nsteps: { a: { uses: fake.make } }\n" },
    "p.yaml:2:15: BAD_REFERENCE: 'params.r' is known only when the step runs, and a setting is needed before; give it a value that is known",
  ],
  [
    'a text that is put together, in a query',
    STEP("with: { profile: p, params: { r: 'x${{ steps.load.values.rows }}' } }"),
    {
      p: "profile: p\nsteps: { a: { uses: fake.make, with: { sql: 'select ${{ params.r }}' } } }\n",
    },
    'p.yaml:2:53: BAD_REFERENCE: params.r is a text that is put together when the step runs, and a query takes single values; give it one',
  ],
  [
    'a mistake in the profile, in its own file',
    STEP('with: { profile: p }'),
    { p: 'profile: p\nsteps:\n  a: { uses: fake.make, with: { rows: no } }\n' },
    "p.yaml:3:39: BAD_OPTION: step 'a' (fake.make): rows: found 'no'; expected a number or a mapping",
  ],
  [
    'steps that need each other in it',
    STEP('with: { profile: p }'),
    {
      p: 'profile: p\nsteps:\n  a: { uses: fake.make, needs: [b] }\n  b: { uses: fake.make, needs: [a] }\n',
    },
    'p.yaml:3:33: CYCLE: steps need each other in a circle: a -> b -> a',
  ],
  [
    'a step around it that it is not given',
    STEP('with: { profile: p }'),
    { p: 'profile: p\nsteps:\n  a: { uses: fake.make, needs: [load] }\n' },
    "p.yaml:3:33: UNKNOWN_NEED: step 'a' needs 'load', which is no step of this profile; there is none",
  ],
  [
    'a table that is not given',
    STEP('with: { profile: p }'),
    { p: 'profile: p\ntakes: [t]\nsteps: { a: { uses: fake.make, needs: [t] } }\n' },
    "main.yaml:6:11: MISSING_KEY: step 'in' (profile): tables: the key 't' is missing; the profile takes it",
  ],
  [
    'a table that it does not take',
    STEP('with: { profile: p, tables: { s: load } }'),
    { p: 'profile: p\nsteps: { a: { uses: fake.make } }\n' },
    "main.yaml:6:35: UNKNOWN_KEY: step 'in' (profile): tables: the profile takes no table 's'; it takes none",
  ],
  [
    'a table that no step makes',
    STEP('with: { profile: p, tables: { t: lod } }'),
    { p: 'profile: p\ntakes: [t]\nsteps: { a: { uses: fake.make, needs: [t] } }\n' },
    "main.yaml:6:38: UNKNOWN_NEED: step 'in' needs 'lod', which is no step of this profile; known: load. Did you mean 'load'?",
  ],
  [
    'a table with the name of a step',
    STEP('with: { profile: p, tables: { a: load } }'),
    { p: 'profile: p\ntakes: [a]\nsteps: { a: { uses: fake.make } }\n' },
    "p.yaml:2:9: BAD_VALUE: the profile takes a table 'a' and has a step of that name; give one of them another name",
  ],
  [
    'a value of a table',
    STEP('with: { profile: p, tables: { t: load } }'),
    {
      p: "profile: p\ntakes: [t]\nsteps: { a: { uses: fake.make, with: { rows: '${{ steps.t.values.rows }}' } } }\n",
    },
    "p.yaml:3:47: BAD_REFERENCE: 't' is a table that the profile is given: it has no other outputs, no values and no status",
  ],
  [
    'what it gives and no step makes',
    STEP('with: { profile: p }'),
    { p: 'profile: p\ngives: { table: b }\nsteps: { a: { uses: fake.make } }\n' },
    "p.yaml:2:17: UNKNOWN_NEED: gives.table: 'b' is no step of this profile; known: a. Did you mean 'a'?",
  ],
  [
    'an output that the step has not',
    STEP('with: { profile: p }'),
    { p: 'profile: p\ngives: { table: a.more }\nsteps: { a: { uses: fake.make } }\n' },
    "p.yaml:2:17: UNKNOWN_REFERENCE: gives.table: step 'a' has no output 'more'; known: table",
  ],
  [
    'an output of it that it does not give',
    `${STEP('with: { profile: p }')}  after: { uses: fake.send, with: { table: in, name: x } }\n`,
    { p: 'profile: p\nsteps: { a: { uses: fake.make } }\n' },
    "main.yaml:7:44: UNKNOWN_REFERENCE: step 'in' has no output 'table'; there is none",
  ],
  [
    'an export',
    STEP('with: { profile: p }'),
    {
      p: 'profile: p\nsteps:\n  a: { uses: fake.make }\n  out: { uses: fake.send, with: { table: a, name: x } }\n',
    },
    "p.yaml:4:16: BAD_VALUE: step 'out' exports files, and its profile is a step here ('in'); only the run's own profile delivers: name the table under 'gives' and export it there",
  ],
  [
    'a retry',
    STEP('with: { profile: p }\n    retry: { attempts: 2 }'),
    { p: 'profile: p\nsteps: { a: { uses: fake.make } }\n' },
    "main.yaml:7:12: BAD_VALUE: step 'in' is a profile, whose steps are retried by themselves and never done twice; give the step that may fail its 'retry', in that profile",
  ],
  [
    'a circle of profiles',
    STEP('with: { profile: p }'),
    {
      p: 'profile: p\nsteps: { q: { uses: profile, with: { profile: q } } }\n',
      q: 'profile: q\nsteps: { p: { uses: profile, with: { profile: p } } }\n',
    },
    'q.yaml:2:47: CYCLE: profiles are steps of each other in a circle: p.yaml -> q.yaml -> p.yaml',
  ],
  [
    'a profile that takes tables, alone',
    'profile: main\ntakes: [t]\nsteps: { a: { uses: fake.make, needs: [t] } }\n',
    {},
    'main.yaml:2:8: BAD_VALUE: this profile takes the tables t, so it can only be a step of another profile (uses: profile)',
  ],
])('says what is wrong: %s', (_name, main, others, line) => {
  expect(problemsOf(main, others)).toContain(line);
});

test('counts the steps of its profiles among those of the run', () => {
  const many = Array.from({ length: 300 }, (_, i) => `  s${i}: { uses: fake.make }`).join('\n');
  const two =
    'profile: main\nsteps:\n  a: { uses: profile, with: { profile: many } }\n  b: { uses: profile, with: { profile: many } }\n';
  expect(problemsOf(two, { many: `profile: many\nsteps:\n${many}\n` })).toEqual([
    expect.stringContaining(
      "main.yaml:3:3: TOO_MANY_STEPS: the run has 602 steps with those of the profiles in it; at most 600 are supported, and step 'a' brings 300 of them",
    ),
  ]);
});

test('says a mistake once, however many steps are that profile', () => {
  const two =
    'profile: main\nsteps:\n  a: { uses: profile, with: { profile: p } }\n  b: { uses: profile, with: { profile: p } }\n';
  expect(problemsOf(two, { p: 'profile: p\nsteps:\n  x: { uses: fake.mkae }\n' })).toHaveLength(1);
});
