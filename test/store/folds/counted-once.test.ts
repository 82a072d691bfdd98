import { join } from 'node:path';

import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';

import { NO_SUMS } from '../../../src/store/folds/sums.ts';
import { openLocalStore, openStoreJournal } from '../../../src/store/local.ts';
import { withFolder } from '../fixtures.ts';
import { makePlainCount, namedSums } from './plain-count.ts';

import type { Fact, RunEntry } from '../../../src/store/entries.ts';
import type { RunRecord } from '../../../src/model/run-record.ts';
import type { Status } from '../../../src/model/outcome.ts';
import type { Store } from '../../../src/store/store.ts';

const HISTORIES = Number(process.env['BUILDER_COUNTED_HISTORIES'] ?? 60);
jest.setTimeout(90_000 + HISTORIES * 500);

const RUNS = ['run-a', 'run-b'] as const;
const EXPORTERS = ['9099', '9100', 'file:/m.prom'] as const;
const STATUSES = ['OK', 'WARN', 'CACHED', 'FAIL', 'TIMEOUT', 'SKIPPED', 'CANCELLED'] as const;

/** A process that drives a start of a run. One that is dead, or was overtaken, is told apart by nothing but time. */
type Driver = {
  readonly store: Store;
  readonly exporter: string;
  readonly runId: string;
  readonly generation: number;
  /** What it has said, for an answer that was lost. */
  readonly said: RunEntry[];
};

type Op =
  | { readonly do: 'start'; readonly run: number; readonly exporter: number }
  | {
      readonly do: 'attempt';
      readonly who: number;
      readonly step: string;
      readonly n: number;
      readonly item: number | undefined;
      readonly ok: boolean;
    }
  | { readonly do: 'outcome'; readonly who: number; readonly step: string; readonly status: Status }
  | {
      readonly do: 'item';
      readonly who: number;
      readonly step: string;
      readonly item: number;
      readonly status: Status;
    }
  | { readonly do: 'end'; readonly who: number; readonly status: 'OK' | 'WARN' | 'FAIL' }
  | { readonly do: 'again'; readonly who: number; readonly last: number }
  | { readonly do: 'closed'; readonly who: number; readonly status: 'OK' | 'FAIL' }
  | { readonly do: 'compact' };

const who = fc.nat(20);
const step = fc.constantFrom('clean', 'count', 'export');
const ops: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      run: fc.nat(1),
      exporter: fc.nat(2),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('attempt' as const),
      who,
      step,
      n: fc.integer({ min: 1, max: 3 }),
      item: fc.option(fc.nat(3), { nil: undefined }),
      ok: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('outcome' as const),
      who,
      step,
      status: fc.constantFrom(...STATUSES),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('item' as const),
      who,
      step,
      item: fc.nat(4),
      status: fc.constantFrom(...STATUSES),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      who,
      status: fc.constantFrom('OK' as const, 'WARN' as const, 'FAIL' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('again' as const),
      who,
      last: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('closed' as const),
      who,
      status: fc.constantFrom('OK' as const, 'FAIL' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'compact' as const }) },
);

function recordOf(runId: string, generation: number): RunRecord {
  return {
    ...{ run_id: runId, job: 'j', profile: 'p', status: 'RUNNING', state: 'open', generation },
    ...{ plan_sha256: '', params: {}, started_at: '2026-01-01T00:00:00.000Z', steps: [] },
    ...{ pid: 1, pid_born: 'x', job_path: '', profile_path: '', given_params: [] },
  } as unknown as RunRecord;
}

function entryOf(
  op: Op,
  about: { runId: string; generation: number; exporter: string },
  atMs: number,
): RunEntry | undefined {
  const { runId, generation, exporter } = about;
  const of = { runId, generation, exporter, job: 'j', profile: 'p', atMs };
  switch (op.do) {
    case 'attempt': {
      const { step: id, n, item, ok } = op;
      const result = ok ? ('ok' as const) : ('fail' as const);
      return {
        ...of,
        type: 'attempt',
        step: id,
        ...(item === undefined ? {} : { item }),
        kind: 'k',
        attempt: n,
        result,
        durationMs: 5,
        observed: ok,
      };
    }
    case 'outcome': {
      const { step: id, status } = op;
      const counts = { attempts: 1, lost: 0, durationMs: 5, elapsedMs: 5, endedAtMs: atMs };
      return { ...of, type: 'outcome', outcome: { step: id, kind: 'k', status, ...counts } };
    }
    case 'item':
      return { ...of, type: 'item', step: op.step, item: op.item, status: op.status };
    case 'end':
      return { ...of, type: 'run', status: op.status, startedAtMs: atMs - 9, durationMs: 9 };
    case 'closed': {
      const { exporter: _, ...note } = of;
      return { ...note, type: 'closed', status: op.status, outcomes: [] };
    }
    default:
      return undefined;
  }
}

test('for any history of kills and resumes the counters of all exporters equal the journal', () =>
  fc.assert(
    fc.asyncProperty(fc.array(ops, { minLength: 10, maxLength: 60 }), (history) =>
      withFolder(async (folder) => {
        const root = join(folder, 'store');
        const drivers: Driver[] = [];
        const plain = makePlainCount();
        /** What each exporter has counted as its processes were told, one after the other. */
        const live = new Map<string, Fact[]>();
        const generations = new Map<string, number>();

        const say = async (driver: Driver, entry: RunEntry): Promise<void> => {
          const [verdict] = await driver.store.append([entry]);
          const isFirst = plain.add(entry);
          if (!('exporter' in entry) || entry.exporter === undefined) return;
          expect([entry, verdict?.won]).toEqual([entry, isFirst]);
          if (verdict?.won !== true) return;
          live.set(entry.exporter, [...(live.get(entry.exporter) ?? []), entry]);
        };

        for (const [n, op] of history.entries()) {
          const atMs = 1_000 + n;
          if (op.do === 'compact') {
            if (drivers.length > 0) await openStoreJournal(root).compact();
            continue;
          }
          if (op.do === 'start') {
            const runId = RUNS[op.run]!;
            const generation = (generations.get(runId) ?? 0) + 1;
            generations.set(runId, generation);
            const exporter = EXPORTERS[op.exporter]!;
            const driver = {
              store: await openLocalStore(root),
              exporter,
              runId,
              generation,
              said: [],
            };
            drivers.push(driver);
            const about = { runId, generation, job: 'j', profile: 'p', atMs };
            await say(driver, { ...about, type: 'start', record: recordOf(runId, generation) });
            continue;
          }
          if (drivers.length === 0) continue;
          const driver = drivers[op.who % drivers.length]!;
          if (op.do === 'again') {
            for (const entry of driver.said.slice(-op.last)) await say(driver, entry);
            continue;
          }
          const entry = entryOf(op, driver, atMs);
          if (entry === undefined) continue;
          driver.said.push(entry);
          await say(driver, entry);
        }

        // A process that begins now restores the same.
        const fresh = await openLocalStore(root);
        const changes = await fresh.changes();
        for (const exporter of EXPORTERS) {
          const all = 'all' in changes ? changes.all.sums : {};
          const restored = namedSums(all[exporter] ?? NO_SUMS);
          expect(restored).toEqual(plain.sums(exporter));
          expect(restored).toEqual(plain.sumsOfFacts(live.get(exporter) ?? []));
        }
        for (const { store } of drivers) store.close();
        fresh.close();
      }),
    ),
    { numRuns: HISTORIES },
  ));
