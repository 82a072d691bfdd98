import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { ROOT } from './documents.ts';
import { hubScores, readExample, score, sift, tally, traffic } from './known-answers.ts';
import { runDefinition, withFolder } from './run-definition.ts';

import type { Params } from './known-answers.ts';
import type { Finished } from './run-definition.ts';

const JOB = join(ROOT, 'jobs/standard.yaml');
const SHIPPED: Params = { country: 'USA', min_flights: 1000, since: '1990-01-01', damping: 0.85 };
const CHANGED: Params = { ...SHIPPED, min_flights: 20_000, since: '1998-07-01', damping: 0.6 };
const ALLOWED_MS = 120_000;

type Example = Awaited<ReturnType<typeof readExample>>;

let example: Example;
let folder: string;
let deep: Finished;

// One run of all 23 steps serves the tests that only look at it.
beforeAll(async () => {
  example = await readExample();
  folder = await mkdtemp(join(tmpdir(), 'builder-standard-'));
  deep = await runDefinition({ job: JOB, profile: 'deep', state: folder });
}, ALLOWED_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['quick', 7],
  ['standard', 19],
  ['deep', 23],
])(
  'profile %s has %i steps and every one ends OK',
  async (profile, steps) => {
    await withFolder(async (state) => {
      const run = profile === 'deep' ? deep : await runDefinition({ job: JOB, profile, state });
      expect(run.outcomes.filter(({ status }) => status !== 'OK')).toEqual([]);
      expect(run.outcomes).toHaveLength(steps);
    });
  },
  ALLOWED_MS,
);

test('the busiest airports are those that adding up the file finds', async () => {
  const found = await deep.rows(
    'select iata, departures, arrivals, destinations, mean_distance_km from traffic',
  );
  expect(found).toEqual(traffic(example.airports, example.routes, SHIPPED));
  expect(found[0]).toMatchObject({ iata: 'ATL' });
});

test('every report is usable, a repeat or of no known airport', async () => {
  const expected = sift(example, SHIPPED);
  const [found] = await deep.rows(`
    select
      (select count(*) from sift) as usable,
      (select sum(repeats) from sift.duplicates) as repeats,
      (select count(*) from sift.unlocated) as unlocated
  `);
  expect(found).toEqual({
    usable: expected.usable.length,
    repeats: expected.repeats,
    unlocated: expected.unlocated,
  });
  expect(expected.repeats).toBeGreaterThan(0);
  expect(expected.unlocated).toBeGreaterThan(0);
});

test('hub scores solve the equations of PageRank', async () => {
  const expected = hubScores(example.routes, SHIPPED.damping);
  const found = await deep.rows('select iata, hub_score from hub_score');
  expect(found).toHaveLength(expected.size);
  const largestError = Math.max(
    ...found.map((row) => Math.abs(Number(row['hub_score']) - expected.get(String(row['iata']))!)),
  );
  expect(largestError).toBeLessThan(1e-8);
});

const RANKING = `
  select iata, strikes, damaging_strikes, large_animal_strikes, cost_usd,
    cast(risk_index as double) as risk_index
  from score order by priority
`;

test('the ranking is the one that plain arithmetic gives', async () => {
  expect(await deep.rows(RANKING)).toEqual(score(example, SHIPPED));
});

test(
  'changed parameters give the ranking that plain arithmetic gives for them',
  async () => {
    await withFolder(async (state) => {
      const params = Object.entries(CHANGED).map(([name, value]) => `${name}=${value}`);
      const run = await runDefinition({ job: JOB, profile: 'standard', params, state });
      expect(await run.rows(RANKING)).toEqual(score(example, CHANGED));
    });
  },
  ALLOWED_MS,
);

test('strikes by month and by species are those of the reports', async () => {
  const { usable } = sift(example, SHIPPED);
  const season = await deep.rows(
    `select iata || ' ' || month as place, strikes from breakdown.season`,
  );
  const species = await deep.rows('select species as place, strikes from breakdown.species');
  const counted = (rows: typeof season) =>
    Object.fromEntries(rows.map((row) => [String(row['place']), row['strikes']]));
  expect(counted(season)).toEqual(
    tally(usable, ({ iata, report }) => `${iata} ${Number(report['Flight Date']!.slice(5, 7))}`),
  );
  expect(counted(species)).toEqual(tally(usable, ({ report }) => report['Wildlife Species']!));
});

test('every exported column is described', async () => {
  const dictionaries = Object.values(deep.results).flatMap(({ outputs }) =>
    outputs['dictionary'] === undefined ? [] : [outputs['dictionary']],
  );
  expect(dictionaries).toHaveLength(6);
  for (const artifact of dictionaries) {
    const { columns } = JSON.parse(
      await readFile(await deep.store.materialize(artifact), 'utf8'),
    ) as {
      columns: readonly { column: string; description?: string }[];
    };
    expect(columns.filter(({ description }) => description === undefined)).toEqual([]);
  }
});

test('every step says what it is for', () => {
  expect(deep.plan.steps.filter(({ description }) => description === undefined)).toEqual([]);
});

test(
  'a second run executes nothing, and one thread gives the bytes of two',
  async () => {
    await withFolder(async (state) => {
      const first = await runDefinition({ job: JOB, profile: 'standard', state, threads: 1 });
      const again = await runDefinition({ job: JOB, profile: 'standard', state });
      expect(again.outcomes.filter(({ status }) => status !== 'CACHED')).toEqual([]);
      for (const [step, { outputs }] of Object.entries(first.results)) {
        expect([step, outputs]).toEqual([step, deep.results[step]!.outputs]);
      }
    });
  },
  ALLOWED_MS,
);

test(
  'losing a fifth of the airports against the previous delivery is refused',
  async () => {
    await withFolder(async (state) => {
      const run = await runDefinition({
        job: JOB,
        profile: 'quick',
        state,
        previousRows: { traffic: 303 },
      });
      expect(run.outcomes.find(({ step }) => step === 'check_traffic')).toMatchObject({
        status: 'FAIL',
        code: 'CHECK_FAILED',
      });
      expect(run.outcomes.find(({ step }) => step === 'export_traffic')).toMatchObject({
        status: 'SKIPPED',
      });
    });
  },
  ALLOWED_MS,
);
