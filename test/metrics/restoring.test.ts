import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { makeCounting } from '../../src/metrics/counting.ts';
import { restore } from '../../src/metrics/restoring.ts';
import { openLocalStore } from '../../src/store/local.ts';
import { attempt, ended, newTelemetry, outcome, samples } from './facts.ts';

import type { Claim } from '../../src/store/store.ts';

type Session = {
  readonly values: () => Promise<Record<string, number>>;
  count(runId: string, facts: readonly Claim[]): Promise<void>;
  /** What a command does at its end; leave it out for a kill. */
  end(runId: string): Promise<void>;
};

type Place = { readonly folder: string; readonly totals: string; open(): Promise<Session> };

/** Processes one after the other on one store and one exporter. */
async function onOneExporter(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-restoring-'));
  const metrics = join(folder, 'metrics');
  const open = async (): Promise<Session> => {
    const store = await openLocalStore(join(folder, 'store'));
    const telemetry = newTelemetry();
    const restored = await restore({ store, exporter: '9099', folder: metrics, telemetry });
    const counting = makeCounting({ store, telemetry });
    return {
      values: () => samples(telemetry),
      count: async (_runId, facts) => {
        await Promise.all(facts.map((fact, i) => counting.count(`${fact.type}-${i}`, fact)));
      },
      end: async (runId) => {
        await store.sealClaims(runId);
        await restored.save();
      },
    };
  };
  try {
    await work({ folder, totals: join(metrics, '9099.totals.json'), open });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const run = (n: number): readonly Claim[] => [
  attempt(`run-${n}`, n * 1000, { durationMs: 40 + n * 17 }),
  outcome(`run-${n}`, n * 1000 + 1, n % 3 === 0 ? 'FAIL' : n % 3 === 1 ? 'WARN' : 'OK'),
  ended(`run-${n}`, n * 1000 + 2, n % 3 === 0 ? 'FAIL' : 'OK'),
];

/** Enough runs for totals to be written. */
const MANY = 400;

async function playMany(open: Place['open']): Promise<void> {
  const session = await open();
  for (let n = 1; n <= MANY; n += 1) {
    await session.count(`run-${n}`, run(n));
    await session.end(`run-${n}`);
  }
}

test('a process goes on from what those before it counted, sealed or killed in mid-run', () =>
  onOneExporter(async ({ open }) => {
    const first = await open();
    await first.count('run-1', run(1));
    await first.end('run-1');
    const killed = await open();
    await killed.count('run-2', run(2));
    const third = await open();
    expect(await third.values()).toEqual(await killed.values());
  }));

test('totals give exactly what all claims give, and later runs add to them', () =>
  onOneExporter(async ({ open, totals }) => {
    await playMany(open);
    const replayed = await open();
    await replayed.count(`run-${MANY + 1}`, run(MANY + 1));
    await replayed.end(`run-${MANY + 1}`);
    const fromTotals = await open();
    expect(JSON.parse(await readFile(totals, 'utf8')).format).toBe(1);
    await rm(totals);
    const fromClaims = await open();
    const expected = await fromClaims.values();
    expect(expected['pipeline_step_duration_seconds_count{profile="nightly",step="clean"}']).toBe(
      MANY + 1,
    );
    const restored = await fromTotals.values();
    expect(Object.keys(restored).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, value] of Object.entries(expected))
      expect(restored[name]).toBeCloseTo(value, 6);
  }));

test('a run that was in the totals and is gone on with is not counted twice', () =>
  onOneExporter(async ({ open }) => {
    await playMany(open);
    const saving = await open();
    await saving.end('run-1');
    const resumed = await open();
    await resumed.count('run-3', [...run(3), outcome('run-3', 9_000_000, 'OK')]);
    const values = await (await open()).values();
    const ok = (await saving.values())[STATUS_OK] ?? 0;
    expect(values[STATUS_OK]).toBe(ok + 1);
  }));

test.each([
  ['is cut off', '{"format":1,'],
  ['is of another version', '{"format":1,"totals":{"values":{"old_name":[]},"runs":[]},"mark":{}}'],
])('totals whose file %s are left aside: the claims say it all', (_what, text) =>
  onOneExporter(async ({ open, totals }) => {
    await playMany(open);
    const saving = await open();
    await saving.end('run-1');
    await writeFile(totals, text);
    expect(await (await open()).values()).toEqual(await saving.values());
  }),
);

const STATUS_OK =
  'pipeline_step_status_total{job="sales",profile="nightly",step="clean",status="OK"}';
