/** What every store promises, as tests. */

import { describe, expect, test } from '@jest/globals';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { lookAtLimits, takePlace } from '../../src/store/shared-limit.ts';
import { FINGERPRINT, factOf, fileIn, resultOf, withFolder, sumsOn } from './fixtures.ts';

import type { RunEntry } from '../../src/store/entries.ts';
import type { RunRecord } from '../../src/model/run-record.ts';
import type { Store } from '../../src/store/store.ts';

const about = { job: 'job', profile: 'profile', atMs: 1_000 };

function record(id: string, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    run_id: id,
    job: 'job',
    profile: 'profile',
    status: 'RUNNING',
    state: 'open',
    plan_sha256: 'p',
    params: {},
    started_at: '2026-10-01T00:00:00.000Z',
    steps: [
      { id: 'clean', kind: 'transform.sql', status: 'WAITING', attempts: 0 },
      { id: 'other', kind: 'transform.sql', status: 'WAITING', attempts: 0 },
    ],
    pid: 1,
    pid_born: '1',
    generation: 1,
    job_path: '/j',
    profile_path: '/p',
    given_params: [],
    ...changes,
  };
}

const started = (id: string, generation = 1, changes: Partial<RunRecord> = {}): RunEntry => ({
  ...about,
  runId: id,
  generation,
  type: 'start',
  record: record(id, changes),
});

const outcome = (
  id: string,
  status: 'OK' | 'FAIL' | 'CACHED',
  generation = 1,
  step = 'clean',
): RunEntry => ({
  ...about,
  runId: id,
  generation,
  exporter: '9099',
  type: 'outcome',
  outcome: {
    step,
    kind: 'transform.sql',
    status,
    attempts: 1,
    lost: 0,
    durationMs: 10,
    elapsedMs: 12,
    endedAtMs: 1_000,
  },
});

const attempted = (id: string, attempt: number, generation = 1): RunEntry => ({
  ...about,
  runId: id,
  generation,
  exporter: '9099',
  type: 'attempt',
  step: 'clean',
  kind: 'transform.sql',
  attempt,
  result: 'ok',
  durationMs: 10,
  observed: true,
});

const closed = (id: string, status: 'OK' | 'FAIL', generation = 1): RunEntry => ({
  ...about,
  runId: id,
  generation,
  type: 'closed',
  status,
  outcomes: [],
  ...(status === 'OK' ? {} : { error: 'it failed' }),
});

/** The tests that hold for every store. `open` makes one, in a folder that is gone afterwards. */
export function testStore(where: string, open: (folder: string) => Promise<Store>): void {
  describe(`a store in ${where}`, () => {
    testsOf(open);
  });
}

function testsOf(open: (folder: string) => Promise<Store>): void {
  const withStore = (work: (store: Store, folder: string) => Promise<void>): Promise<void> =>
    withFolder(async (folder) => {
      const store = await open(folder);
      await work(store, folder);
      store.close();
    });
  const won = async (store: Store, ...entries: readonly RunEntry[]): Promise<readonly boolean[]> =>
    (await store.append(entries)).map((verdict) => verdict.won);

  test('keeps a file by its content, and gives it back here and as a copy', () =>
    withStore(async (store, folder) => {
      const ref = await store.put(await fileIn(folder, 'a', 'one'), { format: 'csv', rows: 1 });
      expect(ref).toMatchObject({ bytes: 3, format: 'csv', rows: 1 });
      expect(await readFile(await store.materialize(ref), 'utf8')).toBe('one');
      await store.copyTo(ref, join(folder, 'deep', 'copy'));
      expect(await readFile(join(folder, 'deep', 'copy'), 'utf8')).toBe('one');
      expect(await store.verify(ref, { deep: true })).toBe(true);
      expect(await store.verify({ ...ref, sha256: 'e'.repeat(64) })).toBe(false);
      await expect(readFile(join(folder, 'a'))).rejects.toThrow('ENOENT');
    }));

  test('keeps a folder, and gives it back the same', () =>
    withStore(async (store, folder) => {
      await fileIn(folder, 'tree/one', '1');
      await fileIn(folder, 'tree/sub/two', '22');
      const ref = await store.put(join(folder, 'tree'), { format: 'tree' });
      await store.copyTo(ref, join(folder, 'back'));
      expect(await readFile(join(folder, 'back', 'sub', 'two'), 'utf8')).toBe('22');
      await fileIn(folder, 'tree/sub/two', '22');
      await fileIn(folder, 'tree/one', '1');
      expect(await store.put(join(folder, 'tree'), { format: 'tree' })).toEqual(ref);
    }));

  test('a lease has one holder, is listed while it is held, and can be taken again', () =>
    withStore(async (store) => {
      const first = await store.takeLease('limits/shop_db/places/0');
      const second = await store.takeLease('limits/shop_db/places/1');
      expect([first, second]).not.toContain(undefined);
      expect(await store.takeLease('limits/shop_db/places/0')).toBeUndefined();
      expect(await store.heldLeases('limits/shop_db/places')).toEqual(['0', '1']);
      expect(await store.leaseFolders('limits')).toEqual(['shop_db']);
      await first?.release();
      expect(await store.heldLeases('limits/shop_db/places')).toEqual(['1']);
      expect(await store.takeLease('limits/shop_db/places/0')).toBeDefined();
      expect(await store.heldLeases('limits/other/places')).toEqual([]);
    }));

  test('a shared limit lets so many in at once, and then in the order in which they came', () =>
    withStore(async (store) => {
      const { signal } = new AbortController();
      const limit = { name: 'shop_db', most: 2 };
      const inside: number[] = [];
      let most = 0;
      const order: number[] = [];
      const come = async (i: number, onWait: () => void): Promise<void> => {
        const place = await takePlace(store, limit, { signal, onWait });
        inside.push(i);
        order.push(i);
        most = Math.max(most, inside.length);
        await new Promise((resolve) => setImmediate(resolve));
        inside.splice(inside.indexOf(i), 1);
        await place.release();
      };
      const held = await takePlace(store, limit, { signal, onWait: () => undefined });
      const other = await takePlace(store, limit, { signal, onWait: () => undefined });
      const coming: Promise<void>[] = [];
      for (let i = 0; i < 6; i += 1) {
        await new Promise<void>((resolve) => coming.push(come(i, resolve)));
        // Places in line are told apart by the millisecond.
        const atMs = Date.now();
        while (Date.now() === atMs) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await lookAtLimits(store, Date.now(), 10)).toEqual([
        { name: 'shop_db', held: 2, longestMs: expect.any(Number) },
      ]);
      await held.release();
      await Promise.all(coming);
      await other.release();
      expect([order, most]).toEqual([[0, 1, 2, 3, 4, 5], 1]);
      expect(await lookAtLimits(store, Date.now(), 10)).toEqual([]);
    }));

  test('the first result of a fingerprint stays, and a late attempt adopts it', () =>
    withStore(async (store) => {
      expect(await store.findResult(FINGERPRINT)).toBeUndefined();
      const first = resultOf({}, { runId: 'first' });
      expect(await store.putResult(FINGERPRINT, first)).toEqual(first);
      expect(await store.putResult(FINGERPRINT, resultOf({}, { runId: 'late' }))).toEqual(first);
      expect(await store.findResult(FINGERPRINT)).toEqual(first);
    }));

  test('many results are looked up in one go', () =>
    withStore(async (store) => {
      const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
      await store.putResult(a, resultOf({}, {}, a));
      const found = await store.findResults([a, b]);
      expect([...found.keys()]).toEqual([a]);
    }));

  test('a result whose artifact is gone counts as absent, and makes room', () =>
    withStore(async (store) => {
      const gone = { sha256: 'e'.repeat(64), bytes: 1, format: 'file' as const };
      await store.putResult(FINGERPRINT, resultOf({ table: gone }));
      expect(await store.findResult(FINGERPRINT)).toBeUndefined();
      const anew = resultOf({}, { runId: 'anew' });
      expect(await store.putResult(FINGERPRINT, anew)).toEqual(anew);
    }));

  test('names the newest result of a step, whatever its name', () =>
    withStore(async (store) => {
      const step = { job: '../escape', profile: 'a/b', id: 'step' };
      const [old, young] = ['a'.repeat(64), 'b'.repeat(64)];
      await store.putResult(old, resultOf({}, { step }, old));
      await store.putResult(young, resultOf({}, { step }, young));
      await store.putResult(old, resultOf({}, { step }, old));
      expect((await store.latestOf('../escape', 'a/b', 'step'))?.result.fingerprint).toBe(young);
      expect(await store.latestOf('../escape', 'a/b', 'other')).toBeUndefined();
    }));

  test('a fact is won once: an attempt by its number, a success for good, a failure once a start', () =>
    withStore(async (store) => {
      const facts = [
        attempted('r', 1),
        attempted('r', 2),
        outcome('r', 'FAIL'),
        outcome('r', 'OK'),
      ];
      expect(await won(store, ...facts, ...facts)).toEqual([
        ...[true, true, true, true],
        ...[false, false, false, false],
      ]);
      const second = [attempted('r', 1, 2), outcome('r', 'FAIL', 2), outcome('r', 'CACHED', 2)];
      expect(await won(store, ...second)).toEqual([true, true, false]);
      expect(Object.values((await sumsOn(store, '9099')).steps)).toMatchObject([
        { statuses: { OK: 1, FAIL: 2 }, attempts: { ok: 3 } },
      ]);
      expect((await sumsOn(store, '9100')).steps).toEqual({});
    }));

  test('a run that ended well is counted once, one that failed once a start', () =>
    withStore(async (store) => {
      const ended = (status: 'OK' | 'FAIL', generation: number) =>
        ({ ...factOf(), status, generation }) as RunEntry;
      expect(await won(store, ended('FAIL', 1), ended('FAIL', 1), ended('FAIL', 2))).toEqual([
        true,
        false,
        true,
      ]);
      expect(await won(store, ended('OK', 3), ended('OK', 3), ended('OK', 4))).toEqual([
        true,
        false,
        false,
      ]);
    }));

  test('nothing of a start counts once it has ended', () =>
    withStore(async (store) => {
      await won(store, factOf({ runId: 'r' }));
      expect(await won(store, attempted('r', 1), outcome('r', 'OK'))).toEqual([false, false]);
    }));

  test('who was overtaken by a later start is told, and changes nothing', () =>
    withStore(async (store) => {
      expect(await won(store, started('r'), started('r', 2))).toEqual([true, true]);
      const late = await store.append([
        outcome('r', 'FAIL'),
        attempted('r', 1),
        closed('r', 'FAIL'),
      ]);
      expect(late).toEqual(late.map(() => ({ won: false, fenced: true })));
      expect(await store.run('r')).toMatchObject({ state: 'open', generation: 2 });
    }));

  test('of two that go on with one run at once, one gets it', () =>
    withStore(async (store) => {
      await won(store, started('r', 1, { status: 'FAIL', state: 'closed' }));
      expect(await won(store, started('r', 2, { pid: 2 }), started('r', 2, { pid: 3 }))).toEqual([
        true,
        false,
      ]);
      expect(await store.run('r')).toMatchObject({ state: 'open', pid: 2 });
    }));

  test('the record of a run follows its entries', () =>
    withStore(async (store) => {
      await store.append([
        started('r'),
        { ...about, runId: 'r', generation: 1, type: 'step', step: 'clean', attempt: 2 },
      ]);
      expect((await store.run('r'))?.steps[0]).toMatchObject({ status: 'RUNNING', attempts: 2 });
      await store.append([outcome('r', 'OK')]);
      expect((await store.run('r'))?.steps).toMatchObject([
        { status: 'OK', duration_ms: 10 },
        { status: 'WAITING' },
      ]);
      await store.append([factOf({ runId: 'r', status: 'FAIL' } as never), closed('r', 'FAIL')], {
        sync: true,
      });
      expect(await store.run('r')).toMatchObject({
        state: 'closed',
        status: 'FAIL',
        finished_at: '1970-01-01T00:00:01.000Z',
        error: 'it failed',
        steps: [{ status: 'OK' }, { status: 'CANCELLED' }],
      });
      expect(await store.run('s')).toBeUndefined();
    }));

  test('runs are listed newest first, open ones and a few on request', () =>
    withStore(async (store, folder) => {
      const at = (day: number) => ({ started_at: `2026-10-0${day}T00:00:00.000Z` });
      await store.append([started('b', 1, at(2)), started('a', 1, at(1)), started('c', 1, at(3))]);
      await store.append([closed('c', 'OK'), attempted('no-record', 1)]);
      const ids = async (options: Parameters<Store['runs']>[0]) =>
        (await store.runs(options)).map((run) => run.run_id);
      expect(await ids({})).toEqual(['c', 'b', 'a']);
      expect(await ids({ limit: 2 })).toEqual(['c', 'b']);
      expect(await ids({ where: ({ open: isOpen }) => isOpen })).toEqual(['b', 'a']);
      await rm(folder, { recursive: true });
    }));
}
