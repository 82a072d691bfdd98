import { expect, test } from '@jest/globals';

import { factOf, fileIn, resultOf } from '../fixtures.ts';
import { withCloud } from './fixtures.ts';

import type { Store } from '../../../src/store/store.ts';
import type { Cloud } from './fixtures.ts';

const HOUR_MS = 3600 * 1000;
const JOURNAL = { compactEvery: 2 };
/** Requests of everything that is done here, and some more. */
const REQUESTS = 90;
/** Requests between two kills: each round of the work is killed elsewhere. */
const EVERY = 5;

type Told = { readonly facts: string[]; readonly results: string[] };

/** Appends, stores, compacts, prunes; what it was told it writes down at once. */
async function live(store: Store, { folder }: Cloud, told: Told): Promise<void> {
  for (let i = 0; i < 4; i += 1) {
    const fingerprint = String(i).repeat(64);
    const table = await store.put(await fileIn(folder, 'new', `text ${i}`), { format: 'file' });
    await store.putResult(fingerprint, resultOf({ table }, {}, fingerprint));
    told.results.push(fingerprint);
    await store.append([factOf({ runId: `run-${i}`, atMs: Date.now() })]);
    told.facts.push(`run-${i}`);
    await store.settled();
  }
  // Nobody names it.
  await store.put(await fileIn(folder, 'new', 'garbage'), { format: 'file' });
  await store.prune((pruning) => pruning.sweep({ goingOn: async () => [] }));
}

const countOf = async (store: Store): Promise<number> => {
  const changes = await store.changes();
  const runs = 'all' in changes ? changes.all.sums['9099']?.runs : {};
  return Object.values(runs ?? {})[0]?.statuses['OK'] ?? 0;
};

test.each([
  ['lose-request', 3],
  ['lose-answer', 5],
] as const)(
  'killed at any request (%s), it leaves what it told of, once, and nothing half-written',
  async (fault, first) => {
    let wasWhole = false;
    let kills = 0;
    for (let kill = first; kill <= REQUESTS && !wasWhole; kill += EVERY) {
      await withCloud(async (cloud) => {
        const { server, open } = cloud;
        const told: Told = { facts: [], results: [] };
        const store = await open({ journal: JOURNAL, patienceMs: 0 });
        let asked = 0;
        server.fault = () => {
          asked += 1;
          if (asked < kill) return undefined;
          return asked === kill ? fault : 'lose-request';
        };
        wasWhole = await live(store, cloud, told).then(
          () => true,
          () => false,
        );
        if (!wasWhole) kills += 1;
        server.fault = () => undefined;
        // A day later everything is swept that nobody needs.
        server.aheadMs = 25 * HOUR_MS;
        const after = await open({ name: 'after', journal: JOURNAL });
        await after.prune((pruning) => pruning.sweep({ goingOn: async () => [] }));
        for (const fingerprint of told.results) {
          const { result } = (await after.findResult(fingerprint))!;
          expect(await after.verify(result.outputs['table']!, { deep: true })).toBe(true);
        }
        const before = await countOf(after);
        const again = await after.append(
          told.facts.map((runId) => factOf({ runId, atMs: Date.now() })),
        );
        expect(again.filter(({ won }) => won)).toEqual([]);
        // What it was not told of may have arrived: the one entry that was on its way.
        expect(before - told.facts.length).toBeLessThanOrEqual(1);
        const { results } = await after.prune((pruning) => pruning.survey());
        const named = results.flatMap(({ files }) => files.map(({ name }) => name));
        const stored = [...server.objects.keys()].flatMap(
          (key) => /artifacts\/(\w+)\//.exec(key)?.[1] ?? [],
        );
        expect(stored.toSorted()).toEqual(named.toSorted());
        expect(server.uploads.size).toBe(0);
        after.close();
        store.close();
      });
    }
    expect(wasWhole).toBe(true);
    expect(kills).toBeGreaterThan(5);
  },
  240_000,
);
