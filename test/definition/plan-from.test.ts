import { expect, test } from '@jest/globals';

import { check, JOB, stepOf } from './fake-kinds.ts';

const RICH = `${JOB}params:
  n: { type: integer, default: 3 }
  t: { type: string, default: US }
  yes: { type: boolean, default: true }
inputs: { data: { path: d.csv } }
`;

/** Options of a step with these under \`with\`, in a profile that also has the steps a and b. */
function optionsOf(options: string): unknown {
  const profile = `profile: main
steps:
  a: { uses: fake.make }
  b: { uses: fake.make, with: { outputs: { good: select 1, bad: select 2 } } }
  x:
    uses: fake.make
    with:
${options.replaceAll(/^/gm, '      ')}
`;
  return stepOf('x', RICH, profile).options;
}

test.each([
  ['a whole reference keeps its type', 'rows: ${{ params.n }}', { rows: 3 }],
  ['a reference in text is text', 'text: n=${{params.n}}, ${{ job.name }}', { text: 'n=3, demo' }],
  ['the date of the run', 'text: ${{ run.date }}', { text: '2026-01-31' }],
  ['an input is an absolute path', 'from: ${{ inputs.data }}', { from: '/data/d.csv' }],
  ['a path is made absolute', 'from: x/*.csv', { from: '/data/x/*.csv' }],
  [
    'paths in a list are made absolute',
    "from: [a.csv, 'x/${{ params.t }}.csv']",
    { from: ['/data/a.csv', '/data/x/US.csv'] },
  ],
  [
    'the known beginning of a path is made absolute',
    'from: x/${{ steps.a.values.day }}.csv',
    'REFUSED',
  ],
  ['a result is a node', 'text: ${{ steps.a.values.v }}', { text: { $ref: 'steps.a.values.v' } }],
  [
    'a result in text is a node of parts',
    'text: v=${{ steps.a.values.v }} ${{ params.n }} ${{ params.t }}',
    { text: { $concat: ['v=', { $ref: 'steps.a.values.v' }, ' 3 US'] } },
  ],
  [
    'a secret is a node where one may stand',
    'env: { KEY: ${{ secrets.K }} }'.replace('${{ secrets.K }}', "'Bearer ${{ secrets.K }}'"),
    { env: { KEY: { $concat: ['Bearer ', { $secret: 'K' }] } } },
  ],
  ['an escaped mark is text', "text: '$${{ params.n }}'", { text: '${{ params.n }}' }],
  ['a query is a node without references too', 'sql: select 1', { sql: { $sql: ['select 1'] } }],
  [
    'a query binds values with their types',
    'sql: select ${{ params.n }}, ${{ params.t }} from a where v > ${{ steps.a.values.v }}',
    {
      sql: {
        $sql: [
          'select ',
          { value: 3, type: 'BIGINT' },
          ', ',
          { value: 'US' },
          ' from a where v > ',
          { $ref: 'steps.a.values.v' },
        ],
      },
    },
  ],
  [
    'a reference in a comment of a query is comment',
    'sql: |\n  select 1 -- ${{ params.n }}\n  /* ${{ nothing }} */',
    { sql: { $sql: ['select 1 -- ${{ params.n }}\n/* ${{ nothing }} */\n'] } },
  ],
])('%s', (_name, options, expected) => {
  if (expected === 'REFUSED') {
    // This kind takes no node there, so its schema has the last word.
    expect(() => optionsOf(options)).toThrow(/BAD_OPTION/);
  } else expect(optionsOf(options)).toEqual({ rows: 1, ...(expected as object) });
});

test('needs what is listed and mentioned, and reads what enters its result', () => {
  const profile = `profile: main
steps:
  only_needed: { uses: fake.make }
  in_query: { uses: fake.make }
  in_comment: { uses: fake.make }
  split: { uses: fake.make, with: { outputs: { good: select 1 } } }
  in_text: { uses: fake.make }
  in_condition: { uses: fake.make }
  x:
    uses: fake.make
    needs: [only_needed, in_query, in_comment, split]
    when: { value: '\${{ steps.in_condition.values.v }}', above: 2 }
    with:
      text: \${{ steps.in_text.values.v }}
      sql: |
        -- in_comment
        select 'only_needed' as "name" from In_Query join "split.good" using (id)
`;

  expect(stepOf('x', RICH, profile)).toMatchObject({
    needs: ['only_needed', 'in_query', 'in_comment', 'split', 'in_text', 'in_condition'],
    reads: ['in_text', 'in_query', 'split'],
    when: { value: { $ref: 'steps.in_condition.values.v' }, above: 2 },
  });
});

test('takes a table by name or by reference, as a need and a read', () => {
  const profile = `profile: main
steps:
  a: { uses: fake.make }
  b: { uses: fake.make, with: { outputs: { good: select 1 } } }
  x:
    uses: fake.send
    with: { table: '\${{ steps.a.outputs.table }}', name: x, also: [{ to: b.good }] }
`;

  expect(stepOf('x', RICH, profile)).toMatchObject({
    needs: ['a', 'b'],
    reads: ['a', 'b'],
    options: { table: 'a', name: 'x', also: [{ to: 'b.good' }] },
  });
});

test.each([
  ['true', { value: true }],
  ['${{ params.yes }}', { value: true }],
  ["{ value: '${{ params.t }}', in: [US, CA] }", { value: 'US', in: ['US', 'CA'] }],
  ["{ value: '${{ params.n }}', above: '${{ params.n }}' }", { value: 3, above: 3 }],
])('reads the condition %s', (when, expected) => {
  const profile = `profile: main\nsteps:\n  x:\n    uses: fake.make\n    when: ${when}\n`;

  expect(stepOf('x', RICH, profile).when).toEqual(expected);
});

test('takes settings from the step, then defaults, then what is built in, and says from where', () => {
  const profile = `profile: main
concurrency: 2
defaults:
  timeout: 5m
  retry: { attempts: 5 }
steps:
  x:
    uses: fake.make
    timeout: \${{ params.t }}
    retry: { backoff: 2m }
    alert: { p95: 30s }
    with: { rows: 2 }
`;
  const job = `${JOB}params: { t: { type: string, default: 90s } }\nbudgets: { wall: 1h }\n`;
  const { plan, origins } = check(job, profile, { t: '7m' });

  expect(plan).toMatchObject({
    concurrency: 2,
    params: { t: '7m' },
    budgets: { wallMs: 3_600_000 },
  });
  expect(plan?.steps[0]).toMatchObject({
    timeoutMs: 420_000,
    p95Ms: 30_000,
    // Two minutes of first wait lift the built-in longest wait of one.
    retry: { attempts: 5, backoffMs: 120_000, factor: 2, maxBackoffMs: 120_000 },
  });
  expect(origins).toMatchObject({
    'params.t': '--param',
    concurrency: 'p0.yaml:2',
    on_failure: 'built in',
    'budgets.wall': 'job.yaml:4',
    'steps.x.timeout': 'p0.yaml:9',
    'steps.x.retry.attempts': 'p0.yaml:5',
    'steps.x.retry.backoff': 'p0.yaml:10',
    'steps.x.retry.factor': 'built in',
    'steps.x.with.rows': 'p0.yaml:12',
  });
});
