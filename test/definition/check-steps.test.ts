import { expect, test } from '@jest/globals';

import { JOB, problemsOf } from './fake-kinds.ts';

/** What is wrong in a profile, given a job with a parameter and an input: `steps` of it, then the problem. */
const RICH_JOB = `${JOB}params: { n: { type: integer, default: 3 }, t: { type: string, default: x } }\ninputs: { data: { path: d.csv } }\n`;
const STEPS: readonly (readonly [name: string, steps: string, problem: string])[] = [
  [
    'a key twice',
    '  a: { uses: fake.make }\n  a: { uses: fake.make }\n',
    "p0.yaml:4:3: DUPLICATE_KEY: the key 'a' is already there in line 3; only one may stay",
  ],
  [
    'an unknown key',
    '  a: { uses: fake.make, tiemout: 5m }\n',
    "p0.yaml:3:25: UNKNOWN_KEY: unknown key 'tiemout' in steps.a; allowed keys: uses, description, needs, with, run_if, when, foreach, timeout, retry, core, alert, allow_failure, reuse, uses_limit. Did you mean 'timeout'?",
  ],
  [
    'no kind',
    '  a: { core: true }\n',
    "p0.yaml:3:3: MISSING_KEY: step 'a': the key 'uses' is missing; known kinds: fake.make, fake.send, profile",
  ],
  [
    'an unknown kind',
    '  a: { uses: fake.mkae }\n',
    "p0.yaml:3:14: UNKNOWN_KIND: unknown kind 'fake.mkae'; known kinds: fake.make, fake.send, profile. Did you mean 'fake.make'?",
  ],
  [
    'a wrong type',
    '  a: { uses: fake.make, core: maybe }\n',
    "p0.yaml:3:31: WRONG_TYPE: steps.a.core: found 'maybe'; expected true or false",
  ],
  [
    'a fraction',
    '  a: { uses: fake.make, retry: { attempts: 1.5 } }\n',
    'p0.yaml:3:44: WRONG_TYPE: steps.a.retry.attempts: found 1.5; expected a whole number',
  ],
  [
    'too small a number',
    '  a: { uses: fake.make, retry: { attempts: 0 } }\n',
    'p0.yaml:3:44: BAD_VALUE: steps.a.retry.attempts: found 0; expected at least 1',
  ],
  [
    'a step that is text',
    '  a: fake.make\n',
    "p0.yaml:3:6: WRONG_TYPE: steps.a: found 'fake.make'; expected a mapping. Write { uses: fake.make, with: { ... } }.",
  ],
  [
    'a bad id',
    '  A-b: { uses: fake.make }\n',
    "p0.yaml:3:3: BAD_VALUE: 'A-b' cannot be used as a name here; expected the id of a step: a small letter, then at most 62 small letters, digits and _. Such as 'a_b'.",
  ],
  [
    'a timeout of nothing',
    '  a: { uses: fake.make, timeout: 0s }\n',
    'p0.yaml:3:34: BAD_VALUE: steps.a.timeout: this duration is out of range; expected at least 1ms',
  ],
  [
    'a longest wait below the first',
    '  a: { uses: fake.make, retry: { backoff: 10s, max_backoff: 5s } }\n',
    'p0.yaml:3:61: BAD_VALUE: max_backoff 5s is shorter than backoff 10s; expected at least as long',
  ],
  [
    'an unknown option',
    '  a:\n    uses: fake.make\n    with: { rwos: 2 }\n',
    "p0.yaml:5:13: BAD_OPTION: unknown key 'rwos' in step 'a' (fake.make); allowed keys: sql, outputs, from, rows, text, mode, env, options. Did you mean 'rows'?",
  ],
  [
    'an unknown option further down',
    '  a:\n    uses: fake.make\n    with:\n      options: { deepth: 2 }\n',
    "p0.yaml:6:18: BAD_OPTION: unknown key 'deepth' in step 'a' (fake.make): options; allowed keys: depth. Did you mean 'depth'?",
  ],
  [
    'a wrong option',
    '  a: { uses: fake.make, with: { mode: fats } }\n',
    "p0.yaml:3:39: BAD_OPTION: step 'a' (fake.make): mode: found 'fats'; allowed: fast, exact. Did you mean 'fast'?",
  ],
  [
    'a missing option',
    '  a: { uses: fake.make }\n  b: { uses: fake.send, with: { table: a } }\n',
    "p0.yaml:4:25: BAD_OPTION: step 'b' (fake.send): the key 'name' is missing; expected text",
  ],
  [
    'options that are a list',
    '  a: { uses: fake.make, with: [1] }\n',
    'p0.yaml:3:31: WRONG_TYPE: steps.a.with: found a list; expected a mapping. Write each option under its name: { sql: select 1 }.',
  ],
  [
    'an unknown need',
    '  clean: { uses: fake.make }\n  b: { uses: fake.make, needs: [claen] }\n',
    "p0.yaml:4:33: UNKNOWN_NEED: step 'b' needs 'claen', which is no step of this profile; known: clean. Did you mean 'clean'?",
  ],
  [
    'the table of an unknown step',
    '  a: { uses: fake.send, with: { table: gone, name: x } }\n',
    "p0.yaml:3:40: UNKNOWN_NEED: step 'a' needs 'gone', which is no step of this profile; there is none",
  ],
  [
    'an output that a table does not have',
    '  a: { uses: fake.make, with: { outputs: { good: select 1 } } }\n  b: { uses: fake.send, with: { table: a, name: x } }\n',
    "p0.yaml:4:40: UNKNOWN_REFERENCE: step 'a' has no output 'table'; known: good",
  ],
  [
    'an output that nobody makes',
    "  a: { uses: fake.make }\n  b: { uses: fake.make, with: { text: '${{ steps.a.outputs.tabel }}' } }\n",
    "p0.yaml:4:40: UNKNOWN_REFERENCE: step 'a' has no output 'tabel'; known: table. Did you mean 'table'?",
  ],
  [
    'a circle',
    '  a: { uses: fake.make, needs: [b] }\n  b: { uses: fake.make, needs: [c] }\n  c: { uses: fake.make, needs: [a] }\n',
    'p0.yaml:3:33: CYCLE: steps need each other in a circle: a -> b -> c -> a',
  ],
  [
    'a step that needs itself',
    '  a: { uses: fake.make, needs: [a] }\n',
    'p0.yaml:3:33: CYCLE: steps need each other in a circle: a -> a',
  ],
  [
    'a circle through a mention',
    "  a: { uses: fake.make, with: { text: '${{ steps.b.values.v }}' } }\n  b: { uses: fake.make, needs: [a] }\n",
    'p0.yaml:3:40: CYCLE: steps need each other in a circle: a -> b -> a',
  ],
  [
    'an unknown root of a reference',
    "  a: { uses: fake.make, with: { text: 'x ${{ parms.n }}' } }\n",
    "p0.yaml:3:42: UNKNOWN_REFERENCE: unknown reference 'parms.n'; a reference starts with params, inputs, job, run, partition, item, steps, secrets. Did you mean 'params'?",
  ],
  [
    'an unknown parameter',
    '  a:\n    uses: fake.make\n    with:\n      text: >-\n        first\n        and ${{ params.nn }}\n',
    "p0.yaml:8:13: UNKNOWN_REFERENCE: unknown reference 'params.nn': the job has no parameter 'nn'; known: n, t. Did you mean 'n'?",
  ],
  [
    'an unknown input',
    '  a:\n    uses: fake.make\n    with:\n      from: ${{ inputs.dta }}\n',
    "p0.yaml:6:13: UNKNOWN_REFERENCE: unknown reference 'inputs.dta': the job has no input 'dta'; known: data. Did you mean 'data'?",
  ],
  [
    'an unknown step in a reference',
    "  a: { uses: fake.make, with: { text: '${{ steps.bb.values.v }}' } }\n",
    "p0.yaml:3:40: UNKNOWN_REFERENCE: unknown reference 'steps.bb.values.v': the profile has no step 'bb'; known: a",
  ],
  [
    'a reference to a whole step',
    "  a: { uses: fake.make, with: { text: '${{ steps.a }}' } }\n",
    "p0.yaml:3:40: UNKNOWN_REFERENCE: unknown reference 'steps.a'; allowed here: steps.id.outputs.name, steps.id.values.name, steps.id.status or steps.id.message",
  ],
  [
    'the id of the run',
    "  a: { uses: fake.make, with: { text: '${{ run.id }}' } }\n",
    "p0.yaml:3:40: UNKNOWN_REFERENCE: unknown reference 'run.id'; allowed here: run.date, run.status, run.failed, run.message",
  ],
  [
    'code in a reference',
    "  a: { uses: fake.make, with: { text: '${{ params.n + 1 }}' } }\n",
    "p0.yaml:3:40: BAD_REFERENCE: 'params.n + 1' is not a reference; only dotted names are, such as params.x, never code",
  ],
  [
    'a reference without an end',
    "  a: { uses: fake.make, with: { text: '${{ params.n' } }\n",
    "p0.yaml:3:40: BAD_REFERENCE: a '${{' has no '}}'; write '${{ params.x }}'",
  ],
  [
    'a reference in a need',
    "  a: { uses: fake.make, needs: ['${{ params.t }}'] }\n",
    "p0.yaml:3:34: BAD_REFERENCE: the reference 'params.t' cannot stand here; no reference can stand here",
  ],
  [
    'a result of a step in a setting',
    "  a: { uses: fake.make }\n  b: { uses: fake.make, timeout: '${{ steps.a.values.v }}' }\n",
    "p0.yaml:4:35: UNKNOWN_REFERENCE: unknown reference 'steps.a.values.v': the profile has no step 'a'; there is none",
  ],
  [
    'a secret where it would leak',
    "  a: { uses: fake.make, with: { text: 'x${{ secrets.KEY }}' } }\n",
    'p0.yaml:3:41: SECRET_NOT_ALLOWED: a secret cannot stand here; fake.make takes secrets in: env.*',
  ],
  [
    'a secret in a query',
    "  a: { uses: fake.make, with: { sql: 'select ${{ secrets.KEY }}' } }\n",
    'p0.yaml:3:46: SECRET_NOT_ALLOWED: a secret cannot stand here; a query would show it; pass it to exec.command by its environment',
  ],
  [
    'a reference in quotes of a query',
    "  a:\n    uses: fake.make\n    with:\n      sql: |\n        select 1\n        where x = '${{ params.t }}'\n",
    'p0.yaml:8:20: BAD_REFERENCE: a reference in a query is a bound value and cannot stand inside quotes; leave them out',
  ],
  [
    'an input in a query',
    "  a: { uses: fake.make, with: { sql: 'from read_csv(${{ inputs.data }})' } }\n",
    'p0.yaml:3:53: BAD_REFERENCE: a query cannot read files; collect the input with collect.files and name that step',
  ],
  [
    'an output in a query',
    "  a: { uses: fake.make }\n  b: { uses: fake.make, with: { sql: 'from ${{ steps.a.outputs.table }}' } }\n",
    'p0.yaml:4:44: BAD_REFERENCE: in a query a needed step is a table; write a and list the step under needs',
  ],
  [
    'a query that is a reference',
    "  a: { uses: fake.make, with: { sql: '${{ params.t }}' } }\n",
    'p0.yaml:3:39: BAD_REFERENCE: a query cannot be a reference; only values in it can',
  ],
  [
    'a condition that is text',
    "  a: { uses: fake.make, when: '${{ params.t }}' }\n",
    "p0.yaml:3:31: WRONG_TYPE: steps.a.when: found 'x'; expected true or false or a mapping",
  ],
  [
    'a condition on a file',
    "  a: { uses: fake.make }\n  b: { uses: fake.make, when: '${{ steps.a.outputs.table }}' }\n",
    'p0.yaml:4:32: BAD_REFERENCE: a condition compares values, and steps.a.outputs.table is a file; use steps.a.values',
  ],
  [
    'a condition with words around its reference',
    "  a: { uses: fake.make }\n  b: { uses: fake.make, when: 'not ${{ steps.a.values.v }}' }\n",
    'p0.yaml:4:36: BAD_REFERENCE: a condition takes one reference and nothing around it',
  ],
  [
    'two comparisons',
    "  a: { uses: fake.make, when: { value: '${{ params.n }}', above: 1, below: 5 } }\n",
    "p0.yaml:3:31: BAD_VALUE: steps.a.when: 'when' takes 'value' and exactly one of equals, not_equals, above, below, at_least, at_most, in, not_in, matches; or one of all, any, not alone",
  ],
  [
    'two exports of one name',
    '  a: { uses: fake.make }\n  b: { uses: fake.send, with: { table: a, name: out } }\n  c: { uses: fake.send, with: { table: a, name: OUT } }\n',
    "p0.yaml:5:49: DUPLICATE_EXPORT: steps 'b' and 'c' both export OUT.csv; give one of them another name",
  ],
  [
    'a removed step that is not there',
    '  a: { uses: fake.make }\n  b: null\n',
    "p0.yaml:4:3: BAD_VALUE: null removes the step 'b', but there is none of that name in what is extended",
  ],
];

test.each(STEPS)('finds %s in a profile', (_name, steps, problem) => {
  expect(problemsOf(RICH_JOB, `profile: main\nsteps:\n${steps}`)).toEqual(
    expect.arrayContaining([problem]),
  );
});

test.each(STEPS.filter(([name]) => !['a circle', 'a step that is text'].includes(name)))(
  'says nothing more than that of %s',
  (_name, steps) => {
    expect(problemsOf(RICH_JOB, `profile: main\nsteps:\n${steps}`)).toHaveLength(1);
  },
);
