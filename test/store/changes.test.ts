import { expect, test } from '@jest/globals';

import { openStoreJournal } from '../../src/store/local.ts';
import { storeIn, withFolder } from './fixtures.ts';

import type { RunEntry } from '../../src/store/entries.ts';
import type { JournalChanges, Store } from '../../src/store/store.ts';

const about = (runId: string, atMs: number) => ({
  ...{ runId, generation: 1, job: 'sales', profile: 'nightly', atMs },
});
const begins = (runId: string, step: string, atMs = 1): RunEntry => ({
  ...{ ...about(runId, atMs), type: 'step', step, attempt: 1, began: true },
});
const ends = (runId: string, step: string): RunEntry => ({
  ...{ ...about(runId, 2), type: 'attempt', step, kind: 'k', attempt: 1, result: 'ok' },
  ...{ durationMs: 1, observed: true },
});

const isAll = (changes: JournalChanges): boolean => 'all' in changes;
const moreOf = (changes: JournalChanges) => ('more' in changes ? changes.more : []);
/** The steps that run, as a reader that has just come is told. */
async function runningIn(store: Store): Promise<readonly string[]> {
  const changes = await store.changes();
  const running = 'all' in changes ? changes.all.running : {};
  return Object.values(running).flatMap((steps) => steps.map(({ step }) => step));
}

test('tells what won since the last look, in its order, whoever wrote it, and nothing twice', () =>
  withFolder(async (folder) => {
    const [reader, writer] = [await storeIn(folder), await storeIn(folder)];
    const first = await reader.changes();
    expect(isAll(first)).toBe(true);
    await writer.append([begins('r', 'a', 5), ends('r', 'a'), ends('r', 'a')]);
    const second = await reader.changes(first.cursor);
    expect(moreOf(second).map(({ type }) => type)).toEqual(['step', 'attempt']);
    expect(second).toMatchObject({ running: { r: [] } });
    const third = await reader.changes(second.cursor);
    expect(moreOf(third)).toEqual([]);
    await writer.append([begins('r', 'b', 7)]);
    expect(await reader.changes(third.cursor)).toMatchObject({
      running: { r: [{ job: 'sales', profile: 'nightly', step: 'b', beganMs: 7 }] },
    });
  }));

test('tells all of it again once tables hold what was not read', () =>
  withFolder(async (folder) => {
    const store = await storeIn(folder);
    const { cursor } = await store.changes();
    await store.append([ends('r', 'a')]);
    await openStoreJournal(`${folder}/store`).compact();
    expect(isAll(await store.changes(cursor))).toBe(true);
  }));

test('what runs is told over compactions, also of a run that has no record here', () =>
  withFolder(async (folder) => {
    const store = await storeIn(folder);
    const compact = () => openStoreJournal(`${folder}/store`).compact();
    await store.append([begins('r', 'a'), begins('r', 'b')]);
    await compact();
    expect(await runningIn(store)).toEqual(['a', 'b']);
    await store.append([ends('r', 'a')]);
    await compact();
    expect(await runningIn(store)).toEqual(['b']);
    await store.append([ends('r', 'b')]);
    expect(await runningIn(store)).toEqual([]);
    await compact();
    await compact();
    expect(await runningIn(store)).toEqual([]);
  }));
