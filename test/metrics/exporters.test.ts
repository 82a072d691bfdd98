import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { makeCounting } from '../../src/metrics/counting.ts';
import { openLocalStore, openStoreJournal } from '../../src/store/local.ts';
import { attempt, ended, memoryStore, outcome, processOn, samples, valuesOf } from './facts.ts';

import type { RunEntry } from '../../src/store/entries.ts';
import type { Store } from '../../src/store/store.ts';

const root = mkdtempSync(join(tmpdir(), 'builder-exporters-'));
afterAll(() => rm(root, { recursive: true, force: true }));

/** What processes do, one after the other; a fact may be told twice, and by two of them. */
type Move =
  | { readonly by: 'a' | 'b' | 'nobody'; readonly tells: number }
  | { readonly adopts: 'a' | 'b' }
  | { readonly looks: 'a' | 'b' }
  | { readonly restarts: 'a' | 'b' }
  | 'compacts';

const exporter = fc.constantFrom('a' as const, 'b' as const);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      by: fc.constantFrom('a' as const, 'b' as const, 'nobody' as const),
      tells: fc.nat(40),
    }),
  },
  fc.record({ adopts: exporter }),
  fc.record({ looks: exporter }),
  fc.record({ restarts: exporter }),
  fc.constant('compacts' as const),
);

/** Facts of ten runs. */
function factOf(n: number): RunEntry {
  const [runId, atMs] = [`run-${n % 10}`, n * 1000];
  if (n % 4 === 0) return ended(runId, atMs, n % 3 === 0 ? 'FAIL' : 'OK');
  if (n % 4 === 1) return attempt(runId, atMs, { attempt: n % 3 });
  return outcome(runId, atMs, n % 3 === 0 ? 'FAIL' : n % 3 === 1 ? 'OK' : 'WARN');
}

const COUNTED = /^pipeline_(step_status_total|run_status_total|step_duration_seconds_count)/;

async function counts(one: ReturnType<typeof processOn>): Promise<Record<string, number>> {
  const all = Object.entries(await samples(one.telemetry));
  return Object.fromEntries(all.filter(([name]) => COUNTED.test(name)));
}

function add(to: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) to[name] = (to[name] ?? 0) + count;
}

test('whoever tells what, adopts, restarts and compacts: the exporters together count what was won in the journal, each fact once', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 40 }), async (moves) => {
      const folder = join(root, String((runs += 1)));
      const stores: Store[] = [];
      const open = async (name: string) => {
        const store = await openLocalStore(folder);
        stores.push(store);
        return processOn({ store, exporter: name });
      };
      const processes = { a: await open('a'), b: await open('b') };
      const quiet = await openLocalStore(folder);
      stores.push(quiet);
      const nobody = makeCounting({ store: quiet });
      const judged = memoryStore();
      const judge = processOn({ store: judged, exporter: 'judge' });
      /** Facts that were told before anybody counted for those without an exporter. */
      let isAdopted = false;
      for (const one of moves) {
        if (one === 'compacts') await openStoreJournal(folder).compact();
        else if ('adopts' in one) {
          isAdopted = true;
          await quiet.append([{ type: 'adopter', exporter: one.adopts, atMs: 1 }]);
        } else if ('looks' in one) await processes[one.looks].telemetry.text();
        else if ('restarts' in one) processes[one.restarts] = await open(one.restarts);
        else {
          const fact = factOf(one.tells);
          if (one.by !== 'nobody') {
            await processes[one.by].add(fact);
            await judge.add(fact);
          } else {
            await nobody.add([bare(fact)]);
            if (isAdopted) await judge.add(fact);
            else await judged.append([fact]);
          }
        }
      }
      const together: Record<string, number> = {};
      for (const one of Object.values(processes)) add(together, await counts(one));
      const expected = await counts(judge);
      const zero = Object.fromEntries(Object.keys(together).map((name) => [name, 0]));
      expect(together).toEqual({ ...zero, ...expected });
      for (const store of stores) {
        await store.settled();
        store.close();
      }
    }),
    { numRuns: 40 },
  );
});

/** As a process without an exporter tells it. */
function bare(fact: RunEntry): RunEntry {
  const { exporter: _, ...rest } = { exporter: undefined, ...fact };
  return rest;
}

const STATUS = 'pipeline_step_status_total';
const FAILED = '{job="sales",profile="nightly",step="clean",status="FAIL"}';

test('what happened before anybody counted for those without an exporter is counted by nobody, and shown by all', async () => {
  const store = memoryStore();
  const dev = processOn({ store, mode: 'long-lived' });
  const cron = makeCounting({ store });
  await cron.add([bare(outcome('run-1', 1000, 'FAIL'))]);
  expect((await valuesOf(dev.telemetry, STATUS))[FAILED]).toBeUndefined();
  await store.append([{ type: 'adopter', exporter: '9099', atMs: 2000 }]);
  expect((await valuesOf(dev.telemetry, STATUS))[FAILED]).toBe(0);
  await cron.add([bare(outcome('run-2', 3000, 'FAIL'))]);
  expect((await valuesOf(dev.telemetry, STATUS))[FAILED]).toBe(1);
  const other = processOn({ store, exporter: '9100', mode: 'long-lived' });
  const gauges = await valuesOf(other.telemetry, 'pipeline_step_failed_timestamp_seconds');
  expect(Object.values(gauges)).toEqual([3]);
  expect(await valuesOf(other.telemetry, STATUS)).toEqual({});
});
