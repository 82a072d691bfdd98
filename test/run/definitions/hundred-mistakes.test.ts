import { beforeAll, expect, test } from '@jest/globals';

import { bindProblems } from '../../../src/definition/bind.ts';
import { checkDefinition, sorted } from '../../../src/definition/check.ts';
import { problemLine } from '../../../src/definition/render-problems.ts';
import { withBinder } from '../../../src/duckdb/bind-query.ts';
import { KINDS } from '../../../src/kinds/index.ts';
import { QUERIES, STEPS } from './hundred-mistakes.ts';

import type { Binder } from '../../../src/model/binder.ts';
import type { Mistake } from './hundred-mistakes.ts';

const JOB = `job: j
profile: p
params:
  n: { type: integer, default: 3 }
  t: { type: string, default: x }
  d: { type: date, default: 2026-01-01 }
`;
const PROFILE = `profile: p
steps:
  orders:
    uses: transform.sql
    with:
      sql: select 1::bigint as order_id, 'US' as country, 1.5::decimal(10, 2) as amount, date '2026-01-01' as ordered_on
  later: { uses: transform.sql, with: { sql: select 1 as x } }
  loose: { uses: collect.files, with: { from: l.csv, types: { country: VARCHAR, ordered_on: DATE } } }
  things: { uses: exec.command, with: { command: [make], outputs: { table: { path: t.csv } } } }
`;

async function problemsOf(profile: string, binder: Binder): Promise<readonly string[]> {
  const { steps, problems } = checkDefinition({
    job: { path: 'job.yaml', text: JOB },
    profiles: [{ path: 'p.yaml', text: profile }],
    kinds: KINDS,
    given: {},
    start: { date: '2026-01-31' },
    resolvePath: (path) => `/data/${path}`,
  });
  return sorted([...problems, ...(await bindProblems(steps, binder))]).map(problemLine);
}

const asStep = ([query, says]: Mistake): Mistake => [
  `  q:\n    uses: transform.sql\n    needs: [orders, loose, things]\n    with:\n      sql: |\n        ${query.replaceAll('\n', '\n        ')}\n`,
  says,
];

/** Where `^` stands, and the text without it. */
function placeIn(steps: string): { readonly text: string; readonly place: string } {
  const marked = PROFILE + steps;
  const before = marked.slice(0, marked.lastIndexOf('^')).split('\n');
  const text = marked.slice(0, marked.lastIndexOf('^')) + marked.slice(marked.lastIndexOf('^') + 1);
  return { text, place: `p.yaml:${before.length}:${before.at(-1)!.length + 1}` };
}

const MISTAKES = [...QUERIES.map(asStep), ...STEPS];
const found = new Map<string, readonly string[]>();
beforeAll(async () => {
  await withBinder(async (binder) => {
    for (const [steps] of MISTAKES) found.set(steps, await problemsOf(placeIn(steps).text, binder));
    found.set('', await problemsOf(PROFILE, binder));
  });
}, 120_000);

test('there are a hundred of them', () => {
  expect(MISTAKES.length).toBeGreaterThanOrEqual(100);
  expect(found.get('')).toEqual([]);
});

test.each(MISTAKES)('reports once, at its place: %s', (steps, says) => {
  const problems = found.get(steps) ?? [];

  expect(problems).toEqual([expect.stringContaining(says)]);
  expect(problems[0]?.split(': ')[0]).toBe(placeIn(steps).place);
});
