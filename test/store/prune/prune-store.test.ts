import { describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openLocalStore } from '../../../src/store/local.ts';
import { openMemoryStore } from '../../../src/store/memory/memory-store.ts';
import { withFolder } from '../fixtures.ts';
import { s3StoreIn } from '../s3/fixtures.ts';
import { closed, recordOf, started, stepEnded, stored } from './runs.ts';

import type { Sums } from '../../../src/store/folds/sums.ts';
import type { StorePruning } from '../../../src/store/pruning.ts';
import type { Store } from '../../../src/store/store.ts';

const STORES: readonly (readonly [string, (folder: string) => Promise<Store>])[] = [
  ['a local folder', (folder) => openLocalStore(join(folder, 'store'), { bootId: 'boot-1' })],
  ['a bucket', s3StoreIn],
  ['memory', async (folder) => openMemoryStore({ folder: join(folder, 'here'), bootId: 'boot-1' })],
];

const NOTHING = async (): Promise<readonly string[]> => [];
const dropAll = async (pruning: StorePruning, keep: readonly string[] = []): Promise<number> => {
  const { results } = await pruning.survey();
  return pruning.dropResults(results.filter(({ fingerprint }) => !keep.includes(fingerprint)));
};

describe.each(STORES)('a store in %s', (_where, open) => {
  const withStore = (work: (store: Store, folder: string) => Promise<void>): Promise<void> =>
    withFolder(async (folder) => {
      const store = await open(folder);
      await work(store, folder);
      store.close();
    });
  const forget = (store: Store, id: string, silent = true): Promise<ReadonlySet<string>> =>
    store.prune((pruning) => pruning.forgetRuns([{ record: recordOf(id), silent }]));
  const sweep = (store: Store, goingOn = NOTHING) =>
    store.prune((pruning) => pruning.sweep({ goingOn }));

  test('a run that was forgotten is on no record, and what it counted stays counted', () =>
    withStore(async (store) => {
      await store.append([started('a'), stepEnded('a', 'f'), closed('a'), started('b')]);
      const before = await sumsOf(store, '9099');
      expect(await forget(store, 'a')).toEqual(new Set(['a']));
      await sweep(store);
      expect(await store.run('a')).toBeUndefined();
      expect((await store.runs()).map((run) => run.run_id)).toEqual(['b']);
      expect(await sumsOf(store, '9099')).toEqual(before);
    }));

  test('an open run, and one that was started again meanwhile, is not forgotten', () =>
    withStore(async (store) => {
      await store.append([started('open'), started('again'), closed('again', 'FAIL')]);
      const again = { ...started('again', { generation: 2 }), generation: 2 };
      await store.append([again]);
      expect(await forget(store, 'open')).toEqual(new Set());
      expect(await forget(store, 'again')).toEqual(new Set());
      expect((await store.runs()).map((run) => run.run_id).toSorted()).toEqual(['again', 'open']);
    }));

  test('of an open run it is told when it was last heard of, of a closed one no more', () =>
    withStore(async (store) => {
      await store.append([started('a'), stepEnded('a', 'f'), started('b'), closed('b')]);
      const { runs } = await store.prune((pruning) => pruning.survey());
      const heard = Object.fromEntries(runs.map((run) => [run.record.run_id, run.heardMs]));
      expect(heard).toEqual({ a: 1_000, b: undefined });
    }));

  test('who still speaks of a forgotten run is not counted, and cannot start it again', () =>
    withStore(async (store) => {
      await store.append([started('a'), stepEnded('a', 'f'), closed('a', 'FAIL')]);
      await forget(store, 'a', false);
      await sweep(store);
      const again = { ...started('a', { generation: 2 }), generation: 2 };
      const late = await store.append([stepEnded('a', 'f'), again]);
      expect(late.map(({ won }) => won)).toEqual([false, false]);
      expect(await store.run('a')).toBeUndefined();
    }));

  test('what a dropped result named goes, what another names as well stays', () =>
    withStore(async (store, folder) => {
      const one = await stored(store, folder, { fingerprint: 'one', runId: 'r', text: 'same' });
      await stored(store, folder, { fingerprint: 'two', runId: 'r', text: 'same' });
      const own = await stored(store, folder, { fingerprint: 'own', runId: 'r', text: 'other' });
      expect(await store.prune((pruning) => dropAll(pruning, ['two']))).toBe(2);
      expect(await sweep(store)).toMatchObject({ removed: { files: 1, bytes: 5 } });
      expect(await store.verify(one, { deep: true })).toBe(true);
      expect(await store.verify(own)).toBe(false);
      expect(await store.findResult('own')).toBeUndefined();
      expect(await store.findResult('two')).toBeDefined();
    }));

  test('a folder goes with its manifest, and as much of it as nothing else names', () =>
    withStore(async (store, folder) => {
      await stored(store, folder, { fingerprint: 'kept', runId: 'r', text: 'shared' });
      const tree = join(folder, 'tree');
      await mkdir(tree);
      await writeFile(join(tree, 'a'), 'shared');
      await writeFile(join(tree, 'b'), 'alone');
      const ref = await store.put(tree, { format: 'tree' });
      await store.putResult('tree', {
        ...(await store.findResult('kept'))!,
        result: { fingerprint: 'tree', outputs: { tree: ref }, values: {} },
      });
      const { results } = await store.prune((pruning) => pruning.survey());
      expect(results.find(({ fingerprint }) => fingerprint === 'tree')?.files).toHaveLength(3);
      await store.prune((pruning) => dropAll(pruning, ['kept']));
      expect(await sweep(store)).toMatchObject({ removed: { files: 2 } });
      expect(await store.verify(ref)).toBe(false);
      expect(await store.findResult('kept')).toBeDefined();
    }));

  test('bytes that a run may be using wait until that run has ended, and no later one holds them up', () =>
    withStore(async (store, folder) => {
      const ref = await stored(store, folder, { fingerprint: 'f', runId: 'old', text: 'bytes' });
      await store.prune((pruning) => dropAll(pruning));
      expect(await sweep(store, async () => ['run 1'])).toMatchObject({
        removed: { files: 0 },
        waiting: { files: 1, bytes: 5 },
      });
      expect(await readFile(await store.materialize(ref), 'utf8')).toBe('bytes');
      expect(await store.noted('f')).toBeDefined();
      expect(await sweep(store, async () => ['run 1', 'run 2'])).toMatchObject({
        waiting: { files: 1 },
      });
      expect(await sweep(store, async () => ['run 2'])).toMatchObject({
        removed: { files: 1, bytes: 5 },
        waiting: { files: 0 },
      });
    }));

  test('bytes that were stored anew while they waited are not those that may go', () =>
    withStore(async (store, folder) => {
      await stored(store, folder, { fingerprint: 'f', runId: 'old', text: 'bytes' });
      await store.prune((pruning) => dropAll(pruning));
      await sweep(store, async () => ['run 1']);
      await writeFile(join(folder, 'again'), 'bytes');
      const ref = await store.put(join(folder, 'again'), { format: 'csv' });
      // Run 2 has stored them, and not yet told its result.
      expect(await sweep(store, async () => ['run 2'])).toMatchObject({ removed: { files: 0 } });
      expect(await store.verify(ref, { deep: true })).toBe(true);
    }));

  test('a result that was dropped while a run went on with it can be found again', () =>
    withStore(async (store, folder) => {
      await stored(store, folder, { fingerprint: 'f', runId: 'old', text: 'bytes' });
      await store.prune((pruning) => dropAll(pruning));
      await sweep(store, async () => ['run 1']);
      expect(await store.findResult('f')).toBeUndefined();
      expect(await store.prune((pruning) => pruning.restoreResults(['f', 'never']))).toBe(1);
      expect(await store.findResult('f')).toMatchObject({ runId: 'old' });
      expect(await sweep(store)).toMatchObject({ removed: { files: 0 } });
    }));

  test('what would be removed is counted without removing it', () =>
    withStore(async (store, folder) => {
      await stored(store, folder, { fingerprint: 'f', runId: 'old', text: 'bytes' });
      const swept = await store.prune(
        (pruning) => pruning.sweep({ goingOn: NOTHING, pretend: new Set(['f']) }),
        { look: true },
      );
      expect(swept).toMatchObject({ removed: { files: 1, bytes: 5 } });
      expect(await store.findResult('f')).toBeDefined();
    }));

  test('the survey tells which results are used, and which are the newest of their step', () =>
    withStore(async (store, folder) => {
      await stored(store, folder, { fingerprint: 'old', runId: 'a', text: '1' });
      await stored(store, folder, { fingerprint: 'new', runId: 'b', text: '22' });
      await store.append([started('a'), stepEnded('a', 'old'), closed('a'), started('b')]);
      const survey = await store.prune((pruning) => pruning.survey(), { look: true });
      expect(survey.latest).toEqual(new Set(['new']));
      expect(survey.runs.map(({ record, uses }) => [record.run_id, uses]).toSorted()).toEqual([
        ['a', ['old']],
        ['b', undefined],
      ]);
      expect(survey.bytes.artifacts).toBe(3);
    }));
});

test('a dropped result leaves the journal of a local store once no run may go on with it', () =>
  withFolder(async (folder) => {
    const store = await openLocalStore(join(folder, 'store'));
    await stored(store, folder, { fingerprint: 'f', runId: 'old', text: 'bytes' });
    const sweep = (goingOn: readonly string[]) =>
      store.prune((pruning) => pruning.sweep({ goingOn: async () => goingOn }));
    await store.prune((pruning) => dropAll(pruning));
    await sweep(['run 1']);
    expect(await store.noted('f')).toBeDefined();
    await sweep(['run 2']);
    expect(await store.noted('f')).toBeUndefined();
    expect(existsSync(join(folder, 'store', 'waiting.json'))).toBe(false);
    store.close();
  }));

test('after pruning the journal of a local store is as small as after the first run', () =>
  withFolder(async (folder) => {
    const store = await openLocalStore(join(folder, 'store'));
    const runOnce = async (n: number): Promise<void> => {
      const [id, fingerprint] = [`run-${n}`, `f-${n}`];
      await store.append([started(id)]);
      await stored(store, folder, { fingerprint, runId: id, text: `${n}`.padStart(10) });
      await store.append([stepEnded(id, fingerprint), closed(id)], { sync: true });
    };
    const pruneTo = async (n: number): Promise<number> =>
      store.prune(async (pruning) => {
        const { runs } = await pruning.survey();
        const others = runs.filter(({ record }) => record.run_id !== `run-${n}`);
        await pruning.forgetRuns(others.map(({ record }) => ({ record, silent: true })));
        await dropAll(pruning, [`f-${n}`]);
        return (await pruning.sweep({ goingOn: NOTHING })).journal.after;
      });
    // The last twenty runs are remembered by name, for a metric.
    for (let n = 1000; n < 1020; n += 1) await runOnce(n);
    const first = await pruneTo(1019);
    for (let n = 1020; n < 1100; n += 1) await runOnce(n);
    expect(await pruneTo(1099)).toBeLessThan(first + 500);
    const { steps } = await sumsOf(store, '9099');
    expect(Object.values(steps)).toMatchObject([{ statuses: { OK: 100 } }]);
    expect((await store.runs()).map((run) => run.run_id)).toEqual(['run-1099']);
    store.close();
  }));

/** What an exporter has counted. */
test('what is known of a run that is recorded elsewhere goes a month after the last word of it, and stays counted', () =>
  withFolder(async (folder) => {
    const store = await openLocalStore(join(folder, 'store'));
    await store.append([stepEnded('there', 'f')]);
    const before = await sumsOf(store, '9099');
    const heardIn = async (now: number): Promise<number> =>
      store.prune(async (pruning) => {
        await pruning.sweep({ goingOn: NOTHING, now });
        return (await pruning.survey()).heard.length;
      });
    const day = 24 * 3600 * 1000;
    expect(await heardIn(29 * day)).toBe(1);
    expect(await heardIn(31 * day)).toBe(0);
    expect(await sumsOf(store, '9099')).toEqual(before);
    store.close();
  }));

async function sumsOf(store: Pick<Store, 'changes'>, exporter: string): Promise<Sums> {
  const changes = await store.changes();
  if (!('all' in changes)) throw new Error('without a cursor all of it is answered');
  return changes.all.sums[exporter]!;
}
