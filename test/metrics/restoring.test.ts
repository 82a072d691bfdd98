import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { openLocalStore, openStoreJournal } from '../../src/store/local.ts';
import { attempt, ended, outcome, processOn, samples } from './facts.ts';

import type { Fact } from '../../src/store/entries.ts';
import type { Store } from '../../src/store/store.ts';

type Session = {
  readonly values: () => Promise<Record<string, number>>;
  count(facts: readonly Fact[]): Promise<void>;
};

type Place = {
  open(exporter?: string): Promise<Session>;
  /** What an earlier command's end, or another process, may do at any time. */
  compact(): Promise<void>;
};

/** Processes one after the other on one store; none of them ends in order. */
async function onOneExporter(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-restoring-'));
  const root = join(folder, 'store');
  const stores: Store[] = [];
  const open = async (exporter = '9099'): Promise<Session> => {
    const store = await openLocalStore(root);
    stores.push(store);
    const { telemetry, add } = processOn({ store, exporter });
    return { values: () => samples(telemetry), count: (facts) => add(...facts) };
  };
  try {
    await work({ open, compact: () => openStoreJournal(root).compact() });
  } finally {
    await Promise.all(stores.map((store) => store.settled()));
    await rm(folder, { recursive: true, force: true });
  }
}

const run = (n: number): readonly Fact[] => [
  attempt(`run-${n}`, n * 1000, { durationMs: 40 + n * 17 }),
  outcome(`run-${n}`, n * 1000 + 1, n % 3 === 0 ? 'FAIL' : n % 3 === 1 ? 'WARN' : 'OK'),
  ended(`run-${n}`, n * 1000 + 2, n % 3 === 0 ? 'FAIL' : 'OK'),
];

/** Enough runs for several compactions. */
const MANY = 1500;

async function playMany({ open, compact }: Place): Promise<Session> {
  const session = await open();
  for (let n = 1; n <= MANY; n += 1) await session.count(run(n));
  await compact();
  return session;
}

function expectSame(one: Record<string, number>, other: Record<string, number>): void {
  expect(Object.keys(one).toSorted()).toEqual(Object.keys(other).toSorted());
  for (const [name, value] of Object.entries(one)) expect(other[name]).toBeCloseTo(value, 6);
}

test('a process goes on from what those before it counted, killed in mid-run or not', () =>
  onOneExporter(async ({ open, compact }) => {
    const first = await open();
    await first.count(run(1));
    const killed = await open();
    await killed.count(run(2).slice(0, 2));
    expectSame(await (await open()).values(), await killed.values());
    await compact();
    expectSame(await (await open()).values(), await killed.values());
    const third = await open();
    await third.count(run(2));
    expectSame(await (await open()).values(), await third.values());
  }));

test('the sums give exactly what counting all of it gives, and later runs add to them', () =>
  onOneExporter(async (place) => {
    const counted = await playMany(place);
    const expected = await counted.values();
    expect(expected[COUNT]).toBe(MANY);
    const restored = await place.open();
    expectSame(await restored.values(), expected);
    for (const session of [counted, restored]) await session.count(run(MANY + 1));
    const later = await (await place.open()).values();
    expect(later[COUNT]).toBe(MANY + 1);
  }));

test('a run that was in the sums and is gone on with is not counted twice', () =>
  onOneExporter(async (place) => {
    await playMany(place);
    const before = (await (await place.open()).values())[STATUS_OK] ?? 0;
    const resumed = await place.open();
    await resumed.count(run(3));
    await resumed.count([{ ...outcome('run-3', 9_000_000, 'OK'), generation: 2 }]);
    await resumed.count([{ ...outcome('run-3', 9_000_001, 'OK'), generation: 3 }]);
    const values = await (await place.open()).values();
    expect(values[STATUS_OK]).toBe(before + 1);
  }));

test('a run that ended well is counted once, however often it is gone on with', () =>
  onOneExporter(async ({ open, compact }) => {
    const killed = await open();
    await killed.count([ended('run-1', 1000, 'OK')]);
    await compact();
    const resumed = await open();
    await resumed.count([{ ...ended('run-1', 2000, 'OK'), generation: 2 }]);
    for (const session of [resumed, await open()]) {
      expect(await session.values()).toMatchObject({
        'pipeline_run_status_total{job="sales",profile="nightly",status="OK"}': 1,
        'pipeline_run_duration_seconds_count{job="sales",profile="nightly"}': 1,
      });
    }
  }));

test('what one exporter counted is not on another, and is counted on one of them alone', () =>
  onOneExporter(async ({ open }) => {
    await (await open('9099')).count(run(1));
    const other = await open('9100');
    await other.count(run(1));
    expect((await other.values())[STATUS_WARN] ?? 0).toBe(0);
    expect((await (await open('9099')).values())[STATUS_WARN]).toBe(1);
  }));

const COUNT = 'pipeline_step_duration_seconds_count{job="sales",profile="nightly",step="clean"}';
const STATUS_OK =
  'pipeline_step_status_total{job="sales",profile="nightly",step="clean",status="OK"}';
const STATUS_WARN = STATUS_OK.replace('"OK"', '"WARN"');
