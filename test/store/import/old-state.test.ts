import { expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';

import { lookAtRecords, listRuns, openRecords } from '../../../src/run/records.ts';
import { openLocalStore } from '../../../src/store/local.ts';
import { fileIn, withFolder, sumsOn } from '../fixtures.ts';

import type { StoredResult } from '../../../src/store/entries.ts';

/** What version 0.1 left after a run that failed and was gone on with, and another that ended well; no artifacts. */
const OLD_FILES = JSON.parse(
  readFileSync(new URL('state-0.1.json', import.meta.url), 'utf8'),
) as Record<string, string>;

const [RESUMED, SECOND] = ['q-20261127-012659-jhb8', 'q-20261127-012704-2w65'] as const;

function withOldState(work: (stateDir: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    for (const [path, text] of Object.entries(OLD_FILES)) await fileIn(folder, path, text);
    await work(folder);
  });
}

async function counted(stateDir: string) {
  const { store } = await openRecords(stateDir);
  const { steps, runs } = await sumsOn(store, '23901');
  const bySteps = Object.values(steps).map(({ step, statuses, attempts }) => [
    step,
    { statuses, attempts },
  ]);
  return { steps: Object.fromEntries(bySteps), runs: Object.values(runs) };
}

const COUNTED = {
  steps: {
    a: { statuses: { OK: 1, CACHED: 1 }, attempts: { ok: 1 } },
    b: { statuses: { OK: 2 }, attempts: { ok: 2 } },
    c: { statuses: { FAIL: 1, OK: 2 }, attempts: { fail: 1, ok: 2 } },
    d: { statuses: { SKIPPED: 1, OK: 2 }, attempts: { ok: 2 } },
  },
  runs: [expect.objectContaining({ statuses: { FAIL: 1, OK: 2 } })],
};

test('what a state folder of 0.1 counted goes on, and its old files are gone', () =>
  withOldState(async (stateDir) => {
    expect(await counted(stateDir)).toEqual(COUNTED);
    const left = await readdir(join(stateDir, 'store'));
    expect(left).not.toEqual(expect.arrayContaining(['claims', 'results', 'latest']));
    expect(await counted(stateDir)).toEqual(COUNTED);
  }));

test('its runs are listed, read and can be gone on with', () =>
  withOldState(async (stateDir) => {
    const found = await listRuns(await lookAtRecords(stateDir));
    expect(found.map(({ record }) => record.run_id)).toEqual([SECOND, RESUMED]);
    expect(found.map(({ record }) => [record.status, record.state])).toEqual([
      ['OK', 'closed'],
      ['OK', 'closed'],
    ]);
    const { records } = await openRecords(stateDir);
    expect(await records.read(RESUMED)).toEqual(JSON.parse(OLD_FILES[`runs/${RESUMED}/run.json`]!));
  }));

test('its results are found by step, and by fingerprint once their artifacts are there', () =>
  withOldState(async (stateDir) => {
    const { store } = await openRecords(stateDir);
    const latest = await store.latestOf('q', 'p', 'b');
    expect(latest).toMatchObject({ runId: SECOND, step: { id: 'b' } });
    const path = Object.keys(OLD_FILES).find((name) =>
      name.endsWith(`${latest!.result.fingerprint}.json`),
    );
    expect(latest).toEqual(JSON.parse(OLD_FILES[path!]!));
    const bare = Object.entries(OLD_FILES)
      .filter(([name]) => name.startsWith('store/results/'))
      .map(([, text]) => JSON.parse(text) as StoredResult)
      .filter(({ result }) => Object.keys(result.outputs).length === 0);
    expect(bare).toHaveLength(2);
    for (const stored of bare) {
      expect(await store.findResult(stored.result.fingerprint)).toEqual(stored);
    }
  }));

test('an import that was cut off, or that two processes make at once, counts nothing twice', () =>
  withOldState(async (stateDir) => {
    await Promise.all([openRecords(stateDir), openRecords(stateDir)]);
    for (const [path, text] of Object.entries(OLD_FILES)) await fileIn(stateDir, path, text);
    await rm(join(stateDir, 'stores'));
    expect(await counted(stateDir)).toEqual(COUNTED);
    expect(await listRuns(await lookAtRecords(stateDir))).toHaveLength(2);
  }));

test('a record that is damaged is left aside, and the others are taken', () =>
  withOldState(async (stateDir) => {
    await truncate(join(stateDir, 'runs', SECOND, 'run.json'), 0);
    await fileIn(stateDir, 'runs/other/run.json', OLD_FILES[`runs/${RESUMED}/run.json`]!);
    const found = await listRuns(await lookAtRecords(stateDir));
    expect(found.map(({ record }) => record.run_id)).toEqual([RESUMED]);
  }));

test('looking at a state folder that is not there makes nothing', () =>
  withFolder(async (folder) => {
    expect(await listRuns(await lookAtRecords(join(folder, 'state')))).toEqual([]);
    expect(existsSync(join(folder, 'state'))).toBe(false);
    const store = await openLocalStore(join(folder, 'other', 'store'));
    expect(await store.runs()).toEqual([]);
  }));

test('a run in a store of its own choosing is found without naming the store again', () =>
  withFolder(async (folder) => {
    const stateDir = join(folder, 'state');
    const elsewhere = join(folder, 'shared-store');
    const { records } = await openRecords(stateDir, elsewhere);
    const plan = { job: 'j', profile: 'p', params: {}, steps: [], run: { id: 'r', generation: 1 } };
    await records.create({
      plan: plan as never,
      jobPath: '/j',
      profilePath: '/p',
      params: [],
      startedAtMs: 1,
    });
    const found = await listRuns(await lookAtRecords(stateDir));
    expect(found.map(({ record, in: { root } }) => [record.run_id, root])).toEqual([
      ['r', elsewhere],
    ]);
    expect(await listRuns(await lookAtRecords(join(folder, 'another'), elsewhere))).toEqual([]);
  }));
